import { expect } from 'chai';
import fc from 'fast-check';
import { createBench } from '../../../test/support/bench.js';
import type { Bench } from '../../../test/support/bench.js';
import { testsOfEveryDevice } from '../../../test/support/device-check.js';
import { ManualClock } from '../../../core/clock/manual-clock.js';
import { fromSeconds, nextAlarm, toSeconds } from './calendar.js';
import { rtcCmos } from './index.js';
import { ANY, Reg, RegA, RegB, RegC, RegD } from './registers.js';
import { RtcCmos } from './rtc-cmos.js';

const S = 1e9;
/** 2024-02-29 23:58:57 UTC, a Thursday, and a quarter second. */
const LEAP_EVENING_NS = 1_709_251_137_250_000_000n;

function chipAlone(epochNs = LEAP_EVENING_NS) {
  const clock = new ManualClock(epochNs);
  const irq: boolean[] = [];
  const wires = {
    nowNs: () => clock.nowNs,
    realtimeNs: () => clock.realtimeNs,
    at: (deadlineNs: number, fire: () => void) => clock.at(deadlineNs, fire),
    setIrq: (high: boolean) => void irq.push(high),
  };
  const chip = new RtcCmos(wires);
  const read = (register: number) => (chip.write8(0, register), chip.read8(1));
  const write = (register: number, value: number) => {
    chip.write8(0, register);
    chip.write8(1, value);
  };
  return { chip, clock, wires, irq, read, write };
}

describe('MC146818, the chip', () => {
  it('shows UTC in BCD and 24 hours after power-on', () => {
    const { read } = chipAlone();
    const registers = [
      Reg.SECONDS,
      Reg.MINUTES,
      Reg.HOURS,
      Reg.DAY_OF_WEEK,
      Reg.DATE_OF_MONTH,
      Reg.MONTH,
      Reg.YEAR,
    ];
    expect([...registers, Reg.CENTURY].map(read)).to.deep.equal([
      0x57, 0x58, 0x23, 5, 0x29, 0x02, 0x24, 0x20,
    ]);
  });

  it('shows binary, and 12 hours with PM in bit 7, when B says so', () => {
    const { read, write } = chipAlone();
    write(Reg.B, RegB.DM_BINARY);
    expect([read(Reg.SECONDS), read(Reg.HOURS)]).to.deep.equal([57, 0x80 | 11]);
  });

  it('goes on by itself, over the end of a leap day', () => {
    const { clock, read } = chipAlone();
    clock.advance(63 * S);
    const registers = [Reg.SECONDS, Reg.HOURS, Reg.DATE_OF_MONTH, Reg.MONTH];
    expect(registers.map(read)).to.deep.equal([0, 0, 1, 3]);
  });

  it('stands still while SET is on and goes on from what was set', () => {
    const { clock, read, write } = chipAlone();
    write(Reg.B, RegB.SET | RegB.HOURS_24);
    clock.advance(10 * S);
    expect(read(Reg.SECONDS)).to.equal(0x57);
    write(Reg.HOURS, 0x07);
    write(Reg.YEAR, 0x99);
    write(Reg.CENTURY, 0x19);
    write(Reg.B, RegB.HOURS_24);
    clock.advance(2 * S);
    expect([read(Reg.SECONDS), read(Reg.HOURS), read(Reg.YEAR), read(Reg.CENTURY)]).to.deep.equal([
      0x59, 0x07, 0x99, 0x19,
    ]);
  });

  it('says UIP in the last 244 us of a second only', () => {
    const { clock, read } = chipAlone();
    expect(read(Reg.A) & RegA.UIP).to.equal(0);
    clock.advance(0.75 * S - 200_000);
    expect(read(Reg.A) & RegA.UIP).to.equal(RegA.UIP);
    clock.advance(200_001);
    expect(read(Reg.A) & RegA.UIP).to.equal(0);
  });

  it('interrupts at the selected rate once PIE is on, and a read of C ends it', () => {
    const { clock, irq, read, write } = chipAlone();
    write(Reg.B, RegB.PIE | RegB.HOURS_24);
    clock.advance(S / 1024);
    expect(irq).to.deep.equal([true]);
    expect(read(Reg.C)).to.equal(RegC.IRQF | RegC.PF);
    expect(irq).to.deep.equal([true, false]);
    let periods = 0;
    for (let i = 0; i < 100; i++) {
      clock.advance(S / 1024);
      if (read(Reg.C) & RegC.PF) periods++;
    }
    expect(periods).to.equal(100);
  });

  it('sets the flags of what is not enabled too, without an interrupt', () => {
    const { clock, irq, read, write } = chipAlone();
    write(Reg.SECONDS_ALARM, ANY);
    write(Reg.MINUTES_ALARM, ANY);
    write(Reg.HOURS_ALARM, ANY);
    clock.advance(S);
    expect(read(Reg.C)).to.equal(RegC.PF | RegC.AF | RegC.UF);
    expect(read(Reg.C)).to.equal(0);
    expect(irq).to.deep.equal([]);
    expect(clock.nextDeadlineNs).to.equal(Infinity);
  });

  it('interrupts with every update once UIE is on', () => {
    const { clock, irq, read, write } = chipAlone();
    write(Reg.B, RegB.UIE | RegB.HOURS_24);
    clock.advance(0.75 * S - 1);
    expect(irq).to.deep.equal([]);
    clock.advance(1);
    expect(read(Reg.C) & (RegC.IRQF | RegC.UF)).to.equal(RegC.IRQF | RegC.UF);
    clock.advance(S);
    expect(irq).to.deep.equal([true, false, true]);
  });

  it('interrupts at the time of its alarm', () => {
    const { clock, irq, read, write } = chipAlone();
    write(Reg.HOURS_ALARM, 0x00);
    write(Reg.MINUTES_ALARM, 0x01);
    write(Reg.SECONDS_ALARM, 0x30);
    write(Reg.B, RegB.AIE | RegB.HOURS_24);
    clock.advance(152.5 * S);
    expect(irq).to.deep.equal([]);
    clock.advance(0.25 * S);
    expect([irq.length, read(Reg.SECONDS), read(Reg.MINUTES)]).to.deep.equal([1, 0x30, 0x01]);
    expect(read(Reg.C) & (RegC.IRQF | RegC.AF)).to.equal(RegC.IRQF | RegC.AF);
    clock.advance(86_399 * S);
    expect(irq.at(-1)).to.equal(false);
    clock.advance(S);
    expect(irq.at(-1)).to.equal(true);
  });

  it('keeps what is written to its memory, and its battery is full', () => {
    const { read, write } = chipAlone();
    write(0x7f, 0xa5);
    write(Reg.D, 0);
    expect([read(0x7f), read(Reg.D)]).to.deep.equal([0xa5, RegD.VRT]);
  });

  it('turns interrupts off at a reset and keeps time and memory', () => {
    const { chip, read, write } = chipAlone();
    write(0x40, 7);
    write(Reg.B, RegB.PIE | RegB.UIE | RegB.HOURS_24);
    chip.reset();
    expect([read(Reg.B), read(0x40), read(Reg.SECONDS)]).to.deep.equal([RegB.HOURS_24, 7, 0x57]);
  });

  it('survives any access by the guest', () => {
    const access = fc.record({ register: fc.nat(255), value: fc.nat(255), seconds: fc.nat(100_000) });
    fc.assert(
      fc.property(fc.array(access, { maxLength: 40 }), (accesses) => {
        const { chip, clock, read, write, wires } = chipAlone();
        for (const { register, value, seconds } of accesses) {
          write(register, value);
          // Rates of thousands an hour are of no use to this test.
          if (read(Reg.B) & RegB.PIE) write(Reg.B, 0);
          clock.advance(seconds * S);
          for (let other = 0; other < 14; other++) expect(read(other)).to.be.within(0, 255);
        }
        const carried = chip.carry();
        expect(new RtcCmos(wires, carried).carry()).to.deep.equal(carried);
      }),
    );
  });
});

describe('the calendar', () => {
  it('turns seconds into a date and back', () => {
    const seconds = fc.integer({ min: -2e9, max: 250_000_000_000 });
    fc.assert(fc.property(seconds, (second) => toSeconds(fromSeconds(second)) === second));
  });

  it('finds the same next alarm as a search second by second', () => {
    const byte = fc.oneof(fc.integer({ min: 0, max: 59 }), fc.constant(ANY));
    const regB = RegB.DM_BINARY | RegB.HOURS_24;
    fc.assert(
      fc.property(
        fc.nat(86_400),
        byte,
        byte,
        fc.integer({ min: 0, max: 24 }),
        (after, seconds, minutes, hours) => {
          const found = nextAlarm(after, { seconds, minutes, hours }, regB);
          const matches = (second: number) => {
            const time = fromSeconds(second);
            const same = (alarm: number, value: number) => alarm >= ANY || alarm === value;
            return same(seconds, time.seconds) && same(minutes, time.minutes) && same(hours, time.hours);
          };
          if (found === undefined) expect(hours).to.equal(24);
          else {
            expect(matches(found)).to.equal(true);
            expect(found - after).to.be.within(1, 86_400);
            for (let second = Math.max(after + 1, found - 50); second < found; second++) {
              expect(matches(second)).to.equal(false);
            }
          }
        },
      ),
    );
  });
});

describe('rtc-cmos, the plugin', () => {
  const access = (bench: Bench, register: number) => {
    bench.ports.write8(0x70, register);
    return bench.ports.read8(0x71);
  };

  testsOfEveryDevice({
    load: (bench) => bench.host.load(rtcCmos, {}),
    swap: (bench) => bench.host.swap(rtcCmos),
    use: (bench, round) => {
      bench.ports.write8(0x70, Reg.B);
      bench.ports.write8(0x71, RegB.PIE | RegB.UIE | RegB.HOURS_24);
      bench.clock.advance(S);
      expect(access(bench, Reg.C) & RegC.IRQF).to.equal(RegC.IRQF);
      expect(access(bench, Reg.SECONDS)).to.equal(
        Math.floor(((round + 1) % 60) / 10) * 16 + ((round + 1) % 10),
      );
    },
  });

  it('raises line 8 for an alarm though it is exchanged every second before', async () => {
    const bench = createBench();
    await bench.host.load(rtcCmos, {});
    const write = (register: number, value: number) => {
      bench.ports.write8(0x70, register);
      bench.ports.write8(0x71, value);
    };
    write(Reg.SECONDS_ALARM, 0x10);
    write(Reg.MINUTES_ALARM, ANY);
    write(Reg.HOURS_ALARM, ANY);
    write(Reg.B, RegB.AIE | RegB.HOURS_24);
    const levels: boolean[] = [];
    for (let second = 1; second <= 11; second++) {
      bench.clock.advance(S);
      await bench.host.swap(rtcCmos);
      levels.push(bench.irq.level(8));
    }
    expect(levels.lastIndexOf(false)).to.equal(8);
  });
});
