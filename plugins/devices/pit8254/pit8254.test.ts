import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock } from '../../../core/clock/manual-clock.js';
import { createBench } from '../../../test/support/bench.js';
import type { Bench } from '../../../test/support/bench.js';
import { testsOfEveryDevice } from '../../../test/support/device-check.js';
import { pit8254 } from './index.js';
import { Pit8254 } from './pit8254.js';
import type { PitState } from './pit8254.js';
import { CONTROL_WORD, Nmisc, PIT_HZ, TICK_NS } from './registers.js';

const LSB_MSB = 0x30;
const BCD = 1;
const READ_BACK_ALL_OF_0 = 0xc2;

function chipAlone() {
  const clock = new ManualClock();
  const irq: [atTicks: number, high: boolean][] = [];
  const tones: number[] = [];
  const wires = {
    nowNs: () => clock.nowNs,
    at: (deadlineNs: number, fire: () => void) => clock.at(deadlineNs, fire),
    setIrq: (high: boolean) => void irq.push([Math.round(clock.nowNs / TICK_NS), high]),
    tone: (hz: number) => void tones.push(hz),
  };
  const chip = new Pit8254(wires);
  const program = (counter: number, mode: number, count: number, flags = 0) => {
    chip.write8(CONTROL_WORD, (counter << 6) | LSB_MSB | (mode << 1) | flags);
    chip.write8(counter, count & 0xff);
    chip.write8(counter, count >> 8);
  };
  const read = (counter: number) => chip.read8(counter) | (chip.read8(counter) << 8);
  const ticks = (n: number) => clock.advance(n * TICK_NS);
  const gate2 = (high: boolean) => chip.systemControl.write8(0, high ? Nmisc.TIMER2_GATE : 0);
  const out2 = () => (chip.systemControl.read8(0) & Nmisc.TIMER2_OUT) !== 0;
  return { chip, clock, wires, irq, tones, program, read, ticks, gate2, out2 };
}

describe('8254, the chip', () => {
  it('mode 0: OUT is low until the count is over, one tick after it was written, then stays high', () => {
    const { irq, program, ticks } = chipAlone();
    program(0, 0, 1000);
    ticks(5000);
    expect(irq).to.deep.equal([[1001, true]]);
  });

  it('mode 0: a new count begins anew, and its first byte stops the old one', () => {
    const { chip, irq, program, ticks } = chipAlone();
    program(0, 0, 100);
    ticks(50);
    chip.write8(0, 10);
    ticks(500);
    expect(irq).to.deep.equal([]);
    chip.write8(0, 0);
    ticks(500);
    expect(irq).to.deep.equal([[561, true]]);
  });

  it('mode 0: a low gate holds the count', () => {
    const { program, ticks, gate2, out2, read } = chipAlone();
    gate2(true);
    program(2, 0, 100);
    ticks(41);
    gate2(false);
    ticks(1000);
    expect([read(2), out2()]).to.deep.equal([60, false]);
    gate2(true);
    ticks(59);
    expect(out2()).to.equal(false);
    ticks(1);
    expect(out2()).to.equal(true);
  });

  it('mode 1: a rising gate gives one pulse of the length of the count, and can be repeated', () => {
    const { program, ticks, gate2, out2 } = chipAlone();
    program(2, 1, 10);
    expect(out2()).to.equal(true);
    gate2(true);
    ticks(6);
    gate2(false);
    gate2(true);
    ticks(10);
    expect(out2()).to.equal(false);
    ticks(1);
    expect(out2()).to.equal(true);
  });

  it('mode 2: pulses once a period, for good', () => {
    const { irq, program, ticks } = chipAlone();
    program(0, 2, 100);
    ticks(350);
    const rises = irq.filter(([, high]) => high).map(([at]) => at);
    expect(rises).to.deep.equal([0, 101, 201, 301]);
  });

  it('mode 2: counts from the count down to one and takes a new count at the end of the period', () => {
    const { irq, program, read, chip, ticks } = chipAlone();
    program(0, 2, 100);
    ticks(11);
    expect(read(0)).to.equal(90);
    chip.write8(0, 50);
    chip.write8(0, 0);
    ticks(300);
    expect(irq.filter(([, high]) => high).map(([at]) => at)).to.deep.equal([0, 101, 151, 201, 251, 301]);
  });

  it('mode 3: is high for half a period, one tick longer when the count is odd', () => {
    const { irq, program, ticks } = chipAlone();
    program(0, 3, 11);
    ticks(24);
    expect(irq).to.deep.equal([
      [0, true],
      [7, false],
      [12, true],
      [18, false],
      [23, true],
    ]);
  });

  it('mode 3: counts down by two', () => {
    const { program, read, ticks } = chipAlone();
    program(0, 3, 100);
    ticks(1 + 10);
    expect(read(0)).to.equal(80);
    ticks(50);
    expect(read(0)).to.equal(80);
  });

  it('mode 3: takes a new count at the next change of OUT', () => {
    const { irq, program, chip, ticks } = chipAlone();
    program(0, 3, 100);
    ticks(11);
    chip.write8(0, 20);
    chip.write8(0, 0);
    ticks(60);
    expect(irq).to.deep.equal([
      [0, true],
      [51, false],
      [61, true],
      [71, false],
    ]);
  });

  it('mode 4: strobes once for a tick behind the count', () => {
    const { irq, program, ticks } = chipAlone();
    program(0, 4, 10);
    ticks(100);
    expect(irq).to.deep.equal([
      [0, true],
      [12, false],
      [12, true],
    ]);
  });

  it('mode 5: strobes behind each rising gate', () => {
    const { program, ticks, gate2, out2 } = chipAlone();
    program(2, 5, 10);
    ticks(100);
    expect(out2()).to.equal(true);
    gate2(true);
    ticks(11);
    expect(out2()).to.equal(false);
    ticks(1);
    expect(out2()).to.equal(true);
  });

  it('counts in decimal when told so, zero standing for ten thousand', () => {
    const { irq, program, read, ticks } = chipAlone();
    program(0, 0, 0, BCD);
    ticks(2);
    expect(read(0)).to.equal(0x9999);
    ticks(9998);
    expect(irq).to.deep.equal([]);
    ticks(1);
    expect(irq).to.deep.equal([[10_001, true]]);
  });

  it('a latched count stands still until it is read', () => {
    const { chip, program, read, ticks } = chipAlone();
    program(0, 2, 1000);
    ticks(101);
    chip.write8(CONTROL_WORD, 0);
    ticks(100);
    chip.write8(CONTROL_WORD, 0);
    expect(read(0)).to.equal(900);
    expect(read(0)).to.equal(800);
  });

  it('reads back status first, then the count, both of the same moment', () => {
    const { chip, program, read, ticks } = chipAlone();
    program(0, 2, 1000);
    ticks(101);
    chip.write8(CONTROL_WORD, READ_BACK_ALL_OF_0);
    ticks(50);
    expect(chip.read8(0)).to.equal(0x80 | LSB_MSB | (2 << 1));
    expect(read(0)).to.equal(900);
  });

  it('says in its status that a count has not been loaded', () => {
    const { chip } = chipAlone();
    chip.write8(CONTROL_WORD, LSB_MSB);
    chip.write8(CONTROL_WORD, READ_BACK_ALL_OF_0 | 0x20);
    expect(chip.read8(0)).to.equal(0x40 | LSB_MSB);
  });

  it('reads and writes single bytes when told so', () => {
    const { chip, ticks } = chipAlone();
    chip.write8(CONTROL_WORD, 0x24);
    chip.write8(0, 0x02);
    ticks(1);
    expect([chip.read8(0), chip.read8(0)]).to.deep.equal([0x02, 0x02]);
  });

  it('tells of the tone while gate and speaker data are on', () => {
    const { chip, tones, program } = chipAlone();
    program(2, 3, 1193);
    chip.systemControl.write8(0, Nmisc.TIMER2_GATE | Nmisc.SPEAKER_DATA);
    chip.systemControl.write8(0, 0);
    expect(tones).to.deep.equal([PIT_HZ / 1193, 0]);
  });

  it('survives any access by the guest, and carries itself at every point', () => {
    const step = fc.oneof(
      fc.record({ offset: fc.nat(3), value: fc.nat(255) }),
      fc.record({ control: fc.nat(3) }),
      fc.record({ ticks: fc.nat(500) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { chip, wires, ticks } = chipAlone();
        for (const one of steps) {
          if ('offset' in one) chip.write8(one.offset, one.value);
          else if ('control' in one) chip.systemControl.write8(0, one.control);
          else ticks(one.ticks);
          for (const counter of [0, 1, 2]) expect(chip.read8(counter)).to.be.within(0, 255);
        }
        const carried = chip.carry();
        expectSameState(new Pit8254(wires, carried).carry(), carried);
      }),
    );
  });

  it('two chips, one of them exchanged at every step, count alike', () => {
    const step = fc.record({ offset: fc.constantFrom(0, 3), value: fc.nat(255), ticks: fc.nat(300) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [one, other] = [chipAlone(), chipAlone()];
        let exchanged = other.chip;
        for (const { offset, value, ticks } of steps) {
          // Ports of the control word other than counter 0 are of no use here.
          const byte = offset === CONTROL_WORD ? value & 0x3f : value;
          one.chip.write8(offset, byte);
          exchanged.write8(offset, byte);
          one.ticks(ticks + 0.5);
          other.ticks(ticks + 0.5);
          exchanged = new Pit8254(other.wires, exchanged.carry());
          expect(exchanged.read8(0)).to.equal(one.chip.read8(0));
        }
      }),
    );
  });
});

/** Times may differ by what floating point rounds off. */
function expectSameState(state: PitState, expected: PitState): void {
  state.counters.forEach((counter, index) => {
    const { sinceLoadNs, untilChangeNs, ...rest } = expected.counters[index]!;
    expect(counter).to.deep.include(rest);
    expect(counter.sinceLoadNs).to.be.closeTo(sinceLoadNs, 1e-3);
    expect(counter.untilChangeNs ?? -1).to.be.closeTo(untilChangeNs ?? -1, 1e-3);
  });
}

describe('8254, the plugin', () => {
  const COUNTER_0 = 0x40;
  const CONTROL = 0x43;
  const startTimer = (bench: Bench, mode: number, count: number) => {
    bench.ports.write8(CONTROL, LSB_MSB | (mode << 1));
    bench.ports.write8(COUNTER_0, count & 0xff);
    bench.ports.write8(COUNTER_0, count >> 8);
  };
  const countRises = (bench: Bench) => {
    const rises: number[] = [];
    const lineChange = (line: number, high: boolean) => {
      if (line === 0 && high) rises.push(Math.round(bench.clock.nowNs / TICK_NS));
    };
    bench.irq.claimController({ lineChange, acknowledge: () => 0 });
    return rises;
  };

  testsOfEveryDevice({
    load: (bench) => bench.host.load(pit8254, {}),
    swap: (bench) => bench.host.swap(pit8254),
    use: (bench, round) => {
      if (round === 0) startTimer(bench, 2, 1000);
      bench.clock.advance(300 * TICK_NS);
    },
    check: (bench) => {
      bench.ports.write8(CONTROL, 0);
      const count = bench.ports.read8(COUNTER_0) | (bench.ports.read8(COUNTER_0) << 8);
      expect(count).to.equal(1000 - ((100 * 300 - 1) % 1000));
    },
  });

  it('raises line 0 at the very moment, though it is exchanged on the way', async () => {
    const bench = createBench();
    const rises = countRises(bench);
    await bench.host.load(pit8254, {});
    startTimer(bench, 0, 1000);
    for (let i = 0; i < 20; i++) {
      bench.clock.advance(100 * TICK_NS);
      await bench.host.swap(pit8254);
    }
    expect(rises).to.deep.equal([1001]);
    expect(bench.irq.level(0)).to.equal(true);
  });

  it('tells of a change that was due and not yet told when it was exchanged', async () => {
    const bench = createBench();
    const rises = countRises(bench);
    await bench.host.load(pit8254, {});
    startTimer(bench, 2, 100);
    for (let period = 0; period < 5; period++) {
      bench.clock.slip((period === 0 ? 101.5 : 100) * TICK_NS);
      await bench.host.swap(pit8254);
      bench.clock.fireDue();
    }
    expect(rises.length).to.equal(1 + 5);
  });

  it('keeps the rhythm of periodic interrupts over swaps', async () => {
    const bench = createBench();
    const rises = countRises(bench);
    await bench.host.load(pit8254, {});
    startTimer(bench, 2, 100);
    for (let i = 0; i < 20; i++) {
      bench.clock.advance(25 * TICK_NS);
      await bench.host.swap(pit8254);
    }
    expect(rises).to.deep.equal([0, 101, 201, 301, 401]);
  });
});
