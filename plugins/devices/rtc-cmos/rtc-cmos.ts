import type { ByteRegisters } from '../../../core/bus/access.js';
import type { Dispose } from '../../../core/lifecycle/scope.js';
import { decode, decodeHours, encode, encodeHours, fromSeconds, nextAlarm, toSeconds } from './calendar.js';
import type { Alarm, DateTime } from './calendar.js';
import {
  Divider,
  INTERRUPTS,
  NVRAM_BYTES,
  PcPorts,
  Reg,
  RegA,
  RegB,
  RegC,
  RegD,
  UIP_NS,
} from './registers.js';

export interface RtcState {
  readonly version: 1;
  address: number;
  a: number;
  b: number;
  /** Interrupt flags of register C that have not been read yet. */
  flags: number;
  alarm: Alarm;
  /** What the guest's clock is ahead of the machine's. */
  aheadSeconds: number;
  /** The time as the guest is setting it; null while it runs. */
  setting: DateTime | null;
  nvram: number[];
}

export interface RtcWires {
  /** Nanoseconds since power-on. */
  nowNs(): number;
  /** Nanoseconds since 1970-01-01 UTC. */
  realtimeNs(): bigint;
  at(deadlineNs: number, fire: () => void): Dispose;
  setIrq(high: boolean): void;
}

const NS_PER_S = 1e9;
const SLOWEST_HZ = 32_768;

const initialState = (): RtcState => ({
  version: 1,
  address: 0,
  a: (Divider.RUNNING << Divider.SHIFT) | 6,
  b: RegB.HOURS_24,
  flags: 0,
  alarm: { seconds: 0, minutes: 0, hours: 0 },
  aheadSeconds: 0,
  setting: null,
  nvram: new Array<number>(NVRAM_BYTES).fill(0),
});

/**
 * The chip, by the MC146818A datasheet. Time and flags are worked out when they are read; a deadline is set only for an
 * interrupt that is enabled.
 */
export class RtcCmos implements ByteRegisters {
  readonly #state: RtcState;
  /** Up to when the flags have been worked out. */
  #seenNs: number;
  #seenSeconds: number;
  #irqHigh = false;
  #cancel: Dispose = () => {};

  constructor(
    private readonly wires: RtcWires,
    carried?: RtcState,
  ) {
    this.#state = carried ? structuredClone(carried) : initialState();
    this.#seenNs = wires.nowNs();
    this.#seenSeconds = this.#seconds();
    this.#update();
  }

  carry(): RtcState {
    this.#settle();
    return structuredClone(this.#state);
  }

  /** The RESET pin: interrupts off; time, alarm and memory stay. */
  reset(): void {
    this.#state.b &= ~(RegB.PIE | RegB.AIE | RegB.UIE | RegB.SQWE);
    this.#state.flags = 0;
    this.#update();
  }

  read8(offset: number): number {
    if (PcPorts.ADDRESS + offset !== PcPorts.DATA) return 0xff;
    const { address, nvram } = this.#state;
    return this.#reads[address]?.() ?? nvram[address] ?? 0xff;
  }

  /** Bit 7 of the address port masks NMI, which no chip of this machine raises. */
  write8(offset: number, value: number): void {
    if (PcPorts.ADDRESS + offset !== PcPorts.DATA) {
      this.#state.address = value & (NVRAM_BYTES - 1);
      return;
    }
    this.#settle();
    const { address, nvram } = this.#state;
    const write = this.#writes[address];
    if (write) write(value);
    else nvram[address] = value;
    this.#update();
  }

  readonly #reads: Readonly<Record<number, () => number>> = {
    [Reg.SECONDS]: () => encode(this.#time().seconds, this.#state.b),
    [Reg.SECONDS_ALARM]: () => this.#state.alarm.seconds,
    [Reg.MINUTES]: () => encode(this.#time().minutes, this.#state.b),
    [Reg.MINUTES_ALARM]: () => this.#state.alarm.minutes,
    [Reg.HOURS]: () => encodeHours(this.#time().hours, this.#state.b),
    [Reg.HOURS_ALARM]: () => this.#state.alarm.hours,
    [Reg.DAY_OF_WEEK]: () => encode(this.#time().dayOfWeek, this.#state.b),
    [Reg.DATE_OF_MONTH]: () => encode(this.#time().date, this.#state.b),
    [Reg.MONTH]: () => encode(this.#time().month, this.#state.b),
    [Reg.YEAR]: () => encode(this.#time().year % 100, this.#state.b),
    [Reg.CENTURY]: () => encode(Math.floor(this.#time().year / 100), this.#state.b),
    [Reg.A]: () => this.#state.a | (this.#updateInProgress ? RegA.UIP : 0),
    [Reg.B]: () => this.#state.b,
    [Reg.C]: () => this.#readFlags(),
    [Reg.D]: () => RegD.VRT,
  };

  readonly #writes: Readonly<Record<number, (value: number) => void>> = {
    [Reg.SECONDS]: (value) => this.#setTime({ seconds: decode(value, this.#state.b) }),
    [Reg.SECONDS_ALARM]: (value) => (this.#state.alarm.seconds = value),
    [Reg.MINUTES]: (value) => this.#setTime({ minutes: decode(value, this.#state.b) }),
    [Reg.MINUTES_ALARM]: (value) => (this.#state.alarm.minutes = value),
    [Reg.HOURS]: (value) => this.#setTime({ hours: decodeHours(value, this.#state.b) }),
    [Reg.HOURS_ALARM]: (value) => (this.#state.alarm.hours = value),
    [Reg.DAY_OF_WEEK]: (value) => this.#setTime({ dayOfWeek: decode(value, this.#state.b) }),
    [Reg.DATE_OF_MONTH]: (value) => this.#setTime({ date: decode(value, this.#state.b) }),
    [Reg.MONTH]: (value) => this.#setTime({ month: decode(value, this.#state.b) }),
    [Reg.YEAR]: (value) =>
      this.#setYear((year) => year - (year % 100) + (decode(value, this.#state.b) % 100)),
    [Reg.CENTURY]: (value) =>
      this.#setYear((year) => (decode(value, this.#state.b) % 100) * 100 + (year % 100)),
    [Reg.A]: (value) => this.#writeMode({ a: value & ~RegA.UIP }),
    [Reg.B]: (value) => this.#writeMode({ b: value & RegB.SET ? value & ~RegB.UIE : value }),
    // C and D cannot be written.
    [Reg.C]: () => {},
    [Reg.D]: () => {},
  };

  get #held(): boolean {
    const { a, b } = this.#state;
    return (b & RegB.SET) !== 0 || (a & RegA.DV) >> Divider.SHIFT >= Divider.RESET;
  }

  get #updateInProgress(): boolean {
    return !this.#held && this.#nsToNextSecond() <= UIP_NS;
  }

  #nsToNextSecond(): number {
    return NS_PER_S - Number(this.wires.realtimeNs() % BigInt(NS_PER_S));
  }

  /** The guest's seconds since 1970. */
  #seconds(): number {
    return Number(this.wires.realtimeNs() / BigInt(NS_PER_S)) + this.#state.aheadSeconds;
  }

  #time(): DateTime {
    return this.#state.setting ?? fromSeconds(this.#seconds());
  }

  #setTime(change: Partial<DateTime>): void {
    const time = { ...this.#time(), ...change };
    if (this.#state.setting) this.#state.setting = time;
    else this.#runFrom(time);
  }

  #setYear(change: (year: number) => number): void {
    this.#setTime({ year: change(this.#time().year) });
  }

  #runFrom(time: DateTime): void {
    this.#state.aheadSeconds += toSeconds(time) - this.#seconds();
    this.#seenSeconds = this.#seconds();
  }

  /** SET and a divider in reset stop the clock; it goes on from what was set meanwhile. */
  #writeMode(mode: Partial<Pick<RtcState, 'a' | 'b'>>): void {
    const wasHeld = this.#held;
    Object.assign(this.#state, mode);
    const { setting } = this.#state;
    if (this.#held && !wasHeld) this.#state.setting = fromSeconds(this.#seconds());
    if (this.#held || !setting) return;
    this.#state.setting = null;
    this.#runFrom(setting);
  }

  #readFlags(): number {
    this.#settle();
    const { flags } = this.#state;
    const irq = this.#requested ? RegC.IRQF : 0;
    this.#state.flags = 0;
    this.#update();
    return flags | irq;
  }

  get #requested(): boolean {
    return (this.#state.flags & this.#state.b & INTERRUPTS) !== 0;
  }

  /** Zero when no rate is selected. */
  get #periodNs(): number {
    const rate = this.#state.a & RegA.RS;
    if (rate === 0) return 0;
    // Rates 1 and 2 repeat 8 and 9 at this time base.
    const shift = rate <= 2 ? rate + 6 : rate - 1;
    return (NS_PER_S * 2 ** shift) / SLOWEST_HZ;
  }

  /** Sets the flags of everything that has happened since the last time. */
  #settle(): void {
    const nowNs = this.wires.nowNs();
    const period = this.#periodNs;
    if (period > 0 && Math.floor(nowNs / period) > Math.floor(this.#seenNs / period))
      this.#state.flags |= RegC.PF;
    this.#seenNs = nowNs;
    if (!this.#held) this.#settleSeconds(this.#seconds());
  }

  #settleSeconds(seconds: number): void {
    if (seconds === this.#seenSeconds) return;
    this.#state.flags |= RegC.UF;
    const alarm = this.#nextAlarm();
    if (alarm !== undefined && alarm <= seconds) this.#state.flags |= RegC.AF;
    this.#seenSeconds = seconds;
  }

  #nextAlarm(): number | undefined {
    return nextAlarm(this.#seenSeconds, this.#state.alarm, this.#state.b);
  }

  #update(): void {
    const high = this.#requested;
    if (high !== this.#irqHigh) {
      this.#irqHigh = high;
      this.wires.setIrq(high);
    }
    void this.#cancel();
    this.#cancel = () => {};
    const nextNs = high ? Infinity : this.#nextInterruptNs();
    if (nextNs === Infinity) return;
    this.#cancel = this.wires.at(nextNs, () => {
      this.#settle();
      this.#update();
    });
  }

  /** When the next enabled interrupt is due, in nanoseconds since power-on. */
  #nextInterruptNs(): number {
    const { b } = this.#state;
    const periodic = b & RegB.PIE ? this.#nextPeriodNs() : Infinity;
    if (this.#held || !(b & (RegB.UIE | RegB.AIE))) return periodic;
    const secondNs = this.wires.nowNs() + this.#nsToNextSecond();
    if (b & RegB.UIE) return Math.min(periodic, secondNs);
    const alarm = this.#nextAlarm();
    return alarm === undefined
      ? periodic
      : Math.min(periodic, secondNs + (alarm - this.#seenSeconds - 1) * NS_PER_S);
  }

  #nextPeriodNs(): number {
    const period = this.#periodNs;
    return period > 0 ? (Math.floor(this.wires.nowNs() / period) + 1) * period : Infinity;
  }
}
