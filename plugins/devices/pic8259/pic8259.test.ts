import { expect } from 'chai';
import fc from 'fast-check';
import { createBench } from '../../../test/support/bench.js';
import type { Bench } from '../../../test/support/bench.js';
import { testsOfEveryDevice } from '../../../test/support/device-check.js';
import { pic8259 } from './index.js';
import { PicPair } from './pic-pair.js';
import { Pic8259 } from './pic8259.js';
import { PcPorts } from './registers.js';

const EOI = 0x20;
const READ_IRR = 0x0a;
const READ_ISR = 0x0b;
const MASTER_BASE = 0x20;
const SLAVE_BASE = 0x28;

function initialized({ icw4 = 0x01, icw1 = 0x11 } = {}) {
  const levels: boolean[] = [];
  const pic = new Pic8259((high) => void levels.push(high));
  pic.write8(0, icw1);
  for (const word of [MASTER_BASE, 0x04, icw4]) pic.write8(1, word);
  const isr = () => (pic.write8(0, READ_ISR), pic.read8(0));
  const irr = () => (pic.write8(0, READ_IRR), pic.read8(0));
  return { pic, levels, isr, irr, int: () => levels.at(-1) ?? false };
}

describe('8259A, the chip', () => {
  it('asks for an interrupt at a rising edge and answers base and input', () => {
    const { pic, int, isr } = initialized();
    pic.setLine(1, true);
    expect(int()).to.equal(true);
    expect(pic.vectorOf(pic.acknowledge())).to.equal(MASTER_BASE + 1);
    expect([int(), isr()]).to.deep.equal([false, 0x02]);
    pic.write8(0, EOI);
    expect([int(), isr()]).to.deep.equal([false, 0]);
  });

  it('stays silent until it is initialized', () => {
    const levels: boolean[] = [];
    const pic = new Pic8259((high) => void levels.push(high));
    pic.write8(0, 0x11);
    pic.setLine(0, true);
    expect(levels).to.deep.equal([]);
  });

  it('needs no ICW3 when single and no ICW4 when not announced', () => {
    const { pic } = initialized();
    pic.write8(0, 0x12);
    pic.write8(1, 0x40);
    pic.write8(1, 0xfe);
    expect(pic.read8(1)).to.equal(0xfe);
    expect(pic.vectorOf(0)).to.equal(0x40);
  });

  it('lets higher inputs interrupt lower ones, not the other way round', () => {
    const { pic, int } = initialized();
    pic.setLine(3, true);
    pic.acknowledge();
    pic.setLine(5, true);
    expect(int()).to.equal(false);
    pic.setLine(1, true);
    expect(int()).to.equal(true);
    expect(pic.acknowledge()).to.equal(1);
    pic.write8(0, EOI);
    pic.write8(0, EOI);
    expect(pic.acknowledge()).to.equal(5);
  });

  it('keeps a masked request until it is unmasked', () => {
    const { pic, int, irr } = initialized();
    pic.write8(1, 0xff);
    pic.setLine(0, true);
    expect([int(), irr()]).to.deep.equal([false, 1]);
    pic.write8(1, 0xfe);
    expect(int()).to.equal(true);
  });

  it('answers input 7 without putting it in service when the request went away', () => {
    const { pic, isr } = initialized();
    pic.setLine(3, true);
    pic.setLine(3, false);
    expect([pic.acknowledge(), isr()]).to.deep.equal([7, 0]);
  });

  it('an edge-triggered line that stays high asks once, a level-triggered one again after EOI', () => {
    const { pic, int } = initialized();
    pic.setLine(4, true);
    pic.acknowledge();
    pic.write8(0, EOI);
    expect(int()).to.equal(false);
    pic.levelTriggered = 1 << 5;
    pic.setLine(5, true);
    pic.acknowledge();
    pic.write8(0, EOI);
    expect(int()).to.equal(true);
    pic.setLine(5, false);
    expect(int()).to.equal(false);
  });

  it('rotates: an input served with a rotating EOI gets the lowest priority', () => {
    const { pic } = initialized();
    pic.setLine(2, true);
    pic.acknowledge();
    pic.write8(0, 0xa0);
    pic.setLine(2, false);
    pic.setLine(2, true);
    pic.setLine(6, true);
    expect(pic.acknowledge()).to.equal(6);
  });

  it('sets priorities and ends a given input on command', () => {
    const { pic, isr } = initialized();
    pic.write8(0, 0xc0 | 3);
    pic.setLine(0, true);
    pic.setLine(4, true);
    expect(pic.acknowledge()).to.equal(4);
    pic.write8(0, 0x60 | 4);
    expect([isr(), pic.acknowledge()]).to.deep.equal([0, 0]);
  });

  it('ends by itself with AEOI, and rotates by itself when told to', () => {
    const { pic, isr } = initialized({ icw4: 0x03 });
    pic.write8(0, 0x80);
    pic.setLine(0, true);
    expect([pic.acknowledge(), isr()]).to.deep.equal([0, 0]);
    pic.setLine(0, false);
    pic.setLine(0, true);
    pic.setLine(1, true);
    expect(pic.acknowledge()).to.equal(1);
  });

  it('special mask mode lets lower inputs through while a masked one is in service', () => {
    const { pic, int } = initialized();
    pic.setLine(2, true);
    pic.acknowledge();
    pic.setLine(6, true);
    expect(int()).to.equal(false);
    pic.write8(1, 1 << 2);
    pic.write8(0, 0x68);
    expect(int()).to.equal(true);
    pic.write8(0, 0x48);
    expect(int()).to.equal(false);
  });

  it('a poll takes the request into service and answers it with bit 7', () => {
    const { pic, isr } = initialized();
    pic.write8(0, 0x0c);
    expect(pic.read8(0)).to.equal(0);
    pic.setLine(3, true);
    pic.write8(0, 0x0c);
    expect(pic.read8(0)).to.equal(0x83);
    expect(isr()).to.equal(0x08);
  });

  it('survives any access by the guest and any line', () => {
    const step = fc.oneof(
      fc.record({ offset: fc.nat(1), value: fc.nat(255) }),
      fc.record({ line: fc.nat(7), high: fc.boolean() }),
      fc.constant({ acknowledge: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { pic } = initialized();
        for (const one of steps) {
          if ('offset' in one) pic.write8(one.offset, one.value);
          else if ('line' in one) pic.setLine(one.line, one.high);
          else expect(pic.acknowledge()).to.be.within(0, 7);
          expect(pic.read8(1)).to.be.within(0, 255);
        }
        const carried = pic.carry();
        expect(new Pic8259(() => {}, carried).carry()).to.deep.equal(carried);
      }),
    );
  });
});

describe('the pair', () => {
  const initialize = (write: (port: number, value: number) => void) => {
    const words = [
      [0x20, 0x11],
      [0x21, MASTER_BASE],
      [0x21, 0x04],
      [0x21, 0x01],
      [0xa0, 0x11],
      [0xa1, SLAVE_BASE],
      [0xa1, 0x02],
      [0xa1, 0x01],
    ] as const;
    for (const [port, value] of words) write(port, value);
  };
  const chipOf = (pair: PicPair, port: number) => (port < 0xa0 ? pair.master : pair.slave);

  function initializedPair() {
    const levels: boolean[] = [];
    const pair = new PicPair((high) => void levels.push(high));
    initialize((port, value) => chipOf(pair, port).write8(port & 1, value));
    return { pair, int: () => levels.at(-1) ?? false };
  }

  it('answers the slave vector for lines 8 to 15', () => {
    const { pair, int } = initializedPair();
    pair.lineChange(8, true);
    expect(int()).to.equal(true);
    expect(pair.acknowledge()).to.equal(SLAVE_BASE);
    pair.slave.write8(0, EOI);
    pair.master.write8(0, EOI);
    expect(int()).to.equal(false);
  });

  it('a request that the slave has lost is spurious there: its vector 7', () => {
    const { pair } = initializedPair();
    pair.lineChange(9, true);
    pair.slave.write8(1, 0xff);
    expect(pair.acknowledge()).to.equal(MASTER_BASE + 7);
    pair.slave.write8(1, 0);
    pair.master.acknowledge();
    pair.lineChange(9, false);
    expect(pair.slave.vectorOf(pair.slave.acknowledge())).to.equal(SLAVE_BASE + 7);
  });

  it('serves a second line of the slave after both EOIs', () => {
    const { pair, int } = initializedPair();
    pair.lineChange(8, true);
    pair.lineChange(12, true);
    expect(pair.acknowledge()).to.equal(SLAVE_BASE);
    pair.slave.write8(0, EOI);
    pair.master.write8(0, EOI);
    expect(int()).to.equal(true);
    expect(pair.acknowledge()).to.equal(SLAVE_BASE + 4);
  });

  it('ELCR keeps timer, keyboard, cascade, clock and coprocessor on edges', async () => {
    const bench = createBench();
    await bench.host.load(pic8259, {});
    bench.ports.write(PcPorts.ELCR, 2, 0xffff);
    expect(bench.ports.read(PcPorts.ELCR, 2)).to.equal(0xdef8);
  });

  const takeInterrupt = (bench: Bench) => {
    const vector = bench.irq.acknowledge();
    if (vector >= SLAVE_BASE) bench.ports.write8(0xa0, EOI);
    bench.ports.write8(0x20, EOI);
    return vector;
  };

  testsOfEveryDevice({
    load: async (bench) => {
      const scope = await bench.host.load(pic8259, {});
      initialize((port, value) => bench.ports.write8(port, value));
      return scope;
    },
    swap: (bench) => bench.host.swap(pic8259),
    use: (bench, round) => {
      const line = [0, 1, 3, 4, 8, 11, 15][round % 7] ?? 0;
      bench.irq.set(line, true);
      const base = line < 8 ? MASTER_BASE : SLAVE_BASE - 8;
      expect(takeInterrupt(bench)).to.equal(base + line);
      bench.irq.set(line, false);
    },
  });

  it('neither loses nor repeats an interrupt over a swap between request and acknowledge', async () => {
    const bench = createBench();
    await bench.host.load(pic8259, {});
    initialize((port, value) => bench.ports.write8(port, value));
    bench.irq.set(4, true);
    await bench.host.swap(pic8259);
    expect(bench.interruptLevels.at(-1)).to.equal(true);
    expect(bench.irq.acknowledge()).to.equal(MASTER_BASE + 4);
    await bench.host.swap(pic8259);
    bench.ports.write8(0x20, EOI);
    await bench.host.swap(pic8259);
    expect(bench.interruptLevels).to.deep.equal([true, false]);
  });
});
