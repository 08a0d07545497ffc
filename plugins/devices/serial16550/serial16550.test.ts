import { expect } from 'chai';
import fc from 'fast-check';
import { createBench } from '../../../test/support/bench.js';
import { testsOfEveryDevice } from '../../../test/support/device-check.js';
import { SerialLine, serial16550 } from './index.js';
import { Fcr, Ier, Iir, Lcr, Lsr, Mcr, Msr, Reg } from './registers.js';
import { Serial16550 } from './serial16550.js';
import type { SerialState } from './serial16550.js';

const COM1 = 0x3f8;
const IRQ = 4;
const FIFO_TRIGGER_14 = Fcr.ENABLE | (3 << Fcr.TRIGGER_SHIFT);

function chipAlone({ paced = false, carried }: { paced?: boolean; carried?: SerialState } = {}) {
  const sent: number[] = [];
  const irq: boolean[] = [];
  const timers: { delayNs: number; fire: () => void }[] = [];
  const wires = {
    transmit: (byte: number) => void sent.push(byte),
    setIrq: (high: boolean) => void irq.push(high),
    take: () => undefined,
    after: (delayNs: number, fire: () => void) => {
      const timer = { delayNs, fire };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  };
  const chip = new Serial16550(wires, { paced }, carried);
  return { chip, sent, irq, fireTimer: () => timers.shift()?.fire(), timers };
}

describe('serial16550, the chip', () => {
  it('sends a byte written to THR', () => {
    const { chip, sent } = chipAlone();
    chip.write8(Reg.RBR_THR, 0x41);
    expect(sent).to.deep.equal([0x41]);
    expect(chip.read8(Reg.LSR)).to.equal(Lsr.THRE | Lsr.TEMT);
  });

  it('raises its interrupt on receive only once IER enables it and OUT2 lets it out', () => {
    const { chip, irq } = chipAlone();
    chip.receive(0x42);
    chip.write8(Reg.IER, Ier.ERBFI);
    expect(irq).to.deep.equal([]);
    chip.write8(Reg.MCR, Mcr.OUT2);
    expect(irq).to.deep.equal([true]);
    expect(chip.read8(Reg.IIR_FCR)).to.equal(Iir.RECEIVED_DATA);
    expect(chip.read8(Reg.RBR_THR)).to.equal(0x42);
    expect(irq).to.deep.equal([true, false]);
  });

  it('DLAB shows the divisor in place of data and IER', () => {
    const { chip, sent } = chipAlone();
    chip.write8(Reg.IER, 0x05);
    chip.write8(Reg.LCR, Lcr.DLAB | 3);
    chip.write8(Reg.RBR_THR, 0x0c);
    chip.write8(Reg.IER, 0x01);
    expect([chip.read8(Reg.RBR_THR), chip.read8(Reg.IER)]).to.deep.equal([0x0c, 0x01]);
    chip.write8(Reg.LCR, 3);
    expect([chip.read8(Reg.IER), sent.length]).to.deep.equal([0x05, 0]);
  });

  it('raises THR_EMPTY when IER enables it, and a read of IIR clears it', () => {
    const { chip, irq } = chipAlone();
    chip.write8(Reg.MCR, Mcr.OUT2);
    chip.write8(Reg.IER, Ier.ETBEI);
    expect(irq).to.deep.equal([true]);
    expect(chip.read8(Reg.IIR_FCR)).to.equal(Iir.THR_EMPTY);
    expect(chip.read8(Reg.IIR_FCR)).to.equal(Iir.NONE);
    chip.write8(Reg.RBR_THR, 1);
    expect(irq).to.deep.equal([true, false, true]);
  });

  it('without FIFO a second byte overwrites the first and sets OE until LSR is read', () => {
    const { chip } = chipAlone();
    chip.receive(1);
    chip.receive(2);
    expect(chip.read8(Reg.LSR) & (Lsr.DR | Lsr.OE)).to.equal(Lsr.DR | Lsr.OE);
    expect(chip.read8(Reg.LSR) & Lsr.OE).to.equal(0);
    expect(chip.read8(Reg.RBR_THR)).to.equal(2);
  });

  it('a full FIFO keeps what it has and loses the new byte', () => {
    const { chip } = chipAlone();
    chip.write8(Reg.IIR_FCR, Fcr.ENABLE);
    for (let byte = 0; byte < 17; byte++) chip.receive(byte);
    expect(chip.read8(Reg.LSR) & Lsr.OE).to.equal(Lsr.OE);
    const bytes = Array.from({ length: 16 }, () => chip.read8(Reg.RBR_THR));
    expect(bytes).to.deep.equal(Array.from({ length: 16 }, (_, byte) => byte));
    expect(chip.read8(Reg.LSR) & Lsr.DR).to.equal(0);
  });

  it('raises RECEIVED_DATA at the trigger level, and CHARACTER_TIMEOUT below it after four characters', () => {
    const { chip, fireTimer, timers } = chipAlone();
    chip.write8(Reg.IER, Ier.ERBFI);
    chip.write8(Reg.LCR, 3);
    chip.write8(Reg.IIR_FCR, FIFO_TRIGGER_14);
    chip.receive(1);
    expect(chip.read8(Reg.IIR_FCR)).to.equal(Iir.FIFOS_ENABLED | Iir.NONE);
    expect(timers[0]?.delayNs).to.be.closeTo((4 * 10 * 1e9) / 115_200, 1);
    fireTimer();
    expect(chip.read8(Reg.IIR_FCR)).to.equal(Iir.FIFOS_ENABLED | Iir.CHARACTER_TIMEOUT);
    for (let byte = 2; byte <= 14; byte++) chip.receive(byte);
    expect(chip.read8(Reg.IIR_FCR)).to.equal(Iir.FIFOS_ENABLED | Iir.RECEIVED_DATA);
  });

  it('shows the error of a byte when that byte is next, and FIFO_ERROR while it is behind others', () => {
    const { chip } = chipAlone();
    chip.write8(Reg.IIR_FCR, Fcr.ENABLE);
    chip.write8(Reg.IER, Ier.ELSI);
    chip.receive(1);
    chip.receive(0, Lsr.BI);
    expect(chip.read8(Reg.LSR) & (Lsr.BI | Lsr.FIFO_ERROR)).to.equal(Lsr.FIFO_ERROR);
    chip.read8(Reg.RBR_THR);
    expect(chip.read8(Reg.IIR_FCR) & 0xf).to.equal(Iir.LINE_STATUS);
    expect(chip.read8(Reg.LSR) & (Lsr.BI | Lsr.FIFO_ERROR)).to.equal(Lsr.BI);
    expect(chip.read8(Reg.IIR_FCR) & 0xf).to.equal(Iir.NONE);
  });

  it('FCR resets and a toggle of the FIFOs throw away what waits', () => {
    const { chip } = chipAlone();
    chip.write8(Reg.IIR_FCR, Fcr.ENABLE);
    chip.receive(1);
    chip.write8(Reg.IIR_FCR, Fcr.ENABLE | Fcr.RCVR_RESET);
    expect(chip.read8(Reg.LSR) & Lsr.DR).to.equal(0);
    chip.receive(2);
    chip.write8(Reg.IIR_FCR, 0);
    expect(chip.read8(Reg.LSR) & Lsr.DR).to.equal(0);
  });

  it('loops data and modem lines back and sends nothing out', () => {
    const { chip, sent } = chipAlone();
    chip.read8(Reg.MSR);
    chip.write8(Reg.MCR, Mcr.LOOP | Mcr.RTS | Mcr.OUT2);
    chip.write8(Reg.RBR_THR, 0x5a);
    expect([sent.length, chip.read8(Reg.RBR_THR)]).to.deep.equal([0, 0x5a]);
    expect(chip.read8(Reg.MSR)).to.equal(Msr.CTS | Msr.DCD | Msr.DDSR);
    expect(chip.read8(Reg.MSR)).to.equal(Msr.CTS | Msr.DCD);
  });

  it('takes the time that the divisor says for each byte when paced', () => {
    const { chip, sent, timers, fireTimer } = chipAlone({ paced: true });
    chip.write8(Reg.LCR, 3);
    chip.write8(Reg.IIR_FCR, Fcr.ENABLE);
    for (const byte of [1, 2, 3]) chip.write8(Reg.RBR_THR, byte);
    expect(chip.read8(Reg.LSR) & (Lsr.THRE | Lsr.TEMT)).to.equal(0);
    expect(timers[0]?.delayNs).to.be.closeTo(1e10 / 115_200, 1);
    fireTimer();
    fireTimer();
    expect(chip.read8(Reg.LSR) & (Lsr.THRE | Lsr.TEMT)).to.equal(Lsr.THRE);
    fireTimer();
    expect(sent).to.deep.equal([1, 2, 3]);
    expect(chip.read8(Reg.LSR) & Lsr.TEMT).to.equal(Lsr.TEMT);
  });

  it('survives any access by the guest', () => {
    const access = fc.tuple(fc.boolean(), fc.nat(7), fc.nat(255));
    fc.assert(
      fc.property(fc.array(access, { maxLength: 200 }), (accesses) => {
        const { chip } = chipAlone({ paced: true });
        for (const [write, offset, value] of accesses) {
          if (write) chip.write8(offset, value);
          else expect(chip.read8(offset)).to.be.within(0, 255);
        }
        const carried = chip.carry();
        expect(chipAlone({ carried }).chip.read8(Reg.SCR)).to.equal(carried.scratch);
      }),
    );
  });
});

describe('serial16550, the plugin', () => {
  function port({ paced = false } = {}) {
    const bench = createBench();
    const sent: number[] = [];
    const line = new SerialLine((byte) => void sent.push(byte));
    return { bench, sent, line, load: () => bench.host.load(serial16550, { line, paced }) };
  }

  const line = new SerialLine(() => {});
  testsOfEveryDevice({
    load: (bench) => bench.host.load(serial16550, { line, paced: true }),
    swap: (bench) => bench.host.swap(serial16550),
    use: (bench, round) => {
      bench.ports.write8(COM1 + Reg.IER, Ier.ERBFI);
      bench.ports.write8(COM1 + Reg.MCR, Mcr.OUT2);
      bench.ports.write8(COM1 + Reg.RBR_THR, round);
      line.receive([round]);
    },
  });

  it('loses and doubles no byte over swaps, in either direction, wherever they fall', async () => {
    const traffic = fc.array(fc.constantFrom('send', 'receive', 'read', 'tick', 'swap'), { maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(traffic, async (steps) => {
        const { bench, sent, line: cable, load } = port({ paced: true });
        await load();
        bench.ports.write8(COM1 + Reg.IIR_FCR, Fcr.ENABLE);
        const read: number[] = [];
        const [toSend, toReceive]: number[][] = [[], []];
        const actions = {
          send: () => {
            if (!(bench.ports.read8(COM1 + Reg.LSR) & Lsr.THRE)) return;
            toSend!.push(toSend!.length);
            bench.ports.write8(COM1, toSend!.length - 1);
          },
          receive: () => {
            toReceive!.push(toReceive!.length);
            cable.receive([toReceive!.length - 1]);
          },
          read: () => {
            if (bench.ports.read8(COM1 + Reg.LSR) & Lsr.DR) read.push(bench.ports.read8(COM1));
          },
          tick: () => bench.clock.advance(50_000),
          swap: () => bench.host.swap(serial16550),
        };
        for (const step of steps) await actions[step]();
        bench.clock.advance(1e9);
        while (bench.ports.read8(COM1 + Reg.LSR) & Lsr.DR) read.push(bench.ports.read8(COM1));
        expect(sent).to.deep.equal(toSend);
        expect(read).to.deep.equal(toReceive);
      }),
    );
  });

  it('holds its interrupt line across a swap with a byte still unread, without a glitch', async () => {
    const { bench, line: cable, load } = port();
    const changes: boolean[] = [];
    bench.irq.claimController({ lineChange: (_line, high) => void changes.push(high), acknowledge: () => 0 });
    await load();
    bench.ports.write8(COM1 + Reg.MCR, Mcr.OUT2);
    bench.ports.write8(COM1 + Reg.IER, Ier.ERBFI);
    cable.receive([0x42]);
    await bench.host.swap(serial16550);
    expect([bench.irq.level(IRQ), ...changes]).to.deep.equal([true, true]);
    await bench.host.unload('serial16550');
    expect(changes).to.deep.equal([true, false]);
  });

  it('keeps what the guest does not take on the line until it does', async () => {
    const { bench, line: cable, load } = port();
    await load();
    cable.receive(Array.from({ length: 100 }, (_, i) => i));
    expect(cable.waitingBytes).to.equal(99);
    const read: number[] = [];
    while (bench.ports.read8(COM1 + Reg.LSR) & Lsr.DR) read.push(bench.ports.read8(COM1));
    expect(read).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
  });

  it('forgets its registers at a machine reset, but not the bytes on the line', async () => {
    const { bench: machine, line: cable, load } = port();
    await load();
    machine.ports.write8(COM1 + Reg.SCR, 0x5a);
    machine.ports.write8(COM1 + Reg.IER, 0x0f);
    cable.receive([1, 2]);
    machine.hooks.reset.call('request');
    expect(machine.ports.read8(COM1 + Reg.IER)).to.equal(0);
    expect(machine.ports.read8(COM1)).to.equal(2);
  });

  it('comes back untouched when its replacement fails to start', async () => {
    const { bench: machine, load } = port();
    await load();
    machine.ports.write8(COM1 + Reg.SCR, 0x5a);
    const broken = {
      ...serial16550,
      start(...args: Parameters<typeof serial16550.start>): never {
        void serial16550.start(...args);
        throw new Error('bad build');
      },
    };
    const refused = await machine.host.swap(broken).catch((error: Error) => error.message);
    expect(refused).to.match(/bad build/);
    expect(machine.ports.read8(COM1 + Reg.SCR)).to.equal(0x5a);
  });
});
