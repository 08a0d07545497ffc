import type { Dispose } from '../../../core/lifecycle/scope.js';
import { modeOf } from './modes.js';
import type { Mode } from './modes.js';
import { Control, Rw, Status, TICK_NS } from './registers.js';

/** -1 stands for "none" wherever a number may be missing. */
export interface CounterState {
  /** M2..M0 as written. */
  mode: number;
  bcd: boolean;
  rw: number;
  gate: boolean;
  /** What is counted down from; -1 before the first load. */
  n: number;
  /** Written and not loaded yet, and the tick at which it was written. */
  nextN: number;
  nextNTick: number;
  /** Nanoseconds since the load, which lies one tick after the write. */
  sinceLoadNs: number;
  /** The tick at which a low gate holds the count. */
  heldTick: number;
  /** First byte of a count of two. */
  writtenLow: number;
  readsHigh: boolean;
  latchedCount: number;
  latchedStatus: number;
  /** The level of OUT that was told last, and how far ahead its next change lies; null when there is none. */
  toldHigh: boolean;
  untilChangeNs: number | null;
}

export interface CounterWires {
  nowNs(): number;
  /** OUT has changed. */
  output(high: boolean): void;
  /** Absent when nobody needs to know the moment of a change. */
  at?(deadlineNs: number, fire: () => void): Dispose;
}

const initialState = (): CounterState => ({
  mode: 0,
  bcd: false,
  rw: Rw.LSB_MSB,
  gate: true,
  n: -1,
  nextN: -1,
  nextNTick: 0,
  sinceLoadNs: 0,
  heldTick: -1,
  writtenLow: -1,
  readsHigh: false,
  latchedCount: -1,
  latchedStatus: -1,
  toldHigh: false,
  untilChangeNs: null,
});

/** One counter of an 8254: a function of time, asked when it is read and woken only when OUT changes. */
export class Counter {
  readonly #state: CounterState;
  #loadedNs: number;
  #changeNs = Infinity;
  #cancel: Dispose = () => {};

  constructor(
    private readonly wires: CounterWires,
    carried?: CounterState,
  ) {
    this.#state = carried ? { ...carried } : initialState();
    const nowNs = wires.nowNs();
    this.#loadedNs = nowNs - this.#state.sinceLoadNs;
    const { untilChangeNs } = this.#state;
    // A change that was due and not told yet is told now: computing the next one would skip it.
    if (untilChangeNs !== null) this.#wakeAt(nowNs + untilChangeNs);
  }

  carry(): CounterState {
    this.#takeNext();
    const nowNs = this.wires.nowNs();
    const untilChangeNs = this.#changeNs === Infinity ? null : this.#changeNs - nowNs;
    return { ...this.#state, sinceLoadNs: nowNs - this.#loadedNs, untilChangeNs };
  }

  /** OUT as its listener knows it. */
  get toldHigh(): boolean {
    return this.#state.toldHigh;
  }

  get output(): boolean {
    this.#takeNext();
    const { n, gate } = this.#state;
    if (n < 0 || (this.#mode.gate === 'restarts' && !gate)) return this.#mode.idleHigh;
    return this.#mode.output(this.#tick, n);
  }

  /** Ticks of a whole period; 0 when OUT does not repeat by itself. */
  get periodTicks(): number {
    const { n, gate } = this.#state;
    return this.#mode.periodic && gate && n > 0 ? n : 0;
  }

  control(word: number): void {
    const { gate, toldHigh } = this.#state;
    const mode = (word >> Control.M_SHIFT) & 7;
    const rw = (word >> Control.RW_SHIFT) & 3;
    const bcd = (word & Control.BCD) !== 0;
    Object.assign(this.#state, initialState(), { gate, mode, rw, bcd, toldHigh });
    this.#changed();
  }

  setGate(high: boolean): void {
    const state = this.#state;
    if (high === state.gate) return;
    this.#takeNext();
    const tick = this.#tick;
    state.gate = high;
    if (this.#mode.gate === 'holds') this.#hold(high, tick);
    else if (high) this.#load();
    this.#changed();
  }

  write(byte: number): void {
    const state = this.#state;
    if (state.rw === Rw.LSB) return this.#newCount(byte);
    if (state.rw === Rw.MSB) return this.#newCount(byte << 8);
    if (state.writtenLow >= 0) return this.#newCount(state.writtenLow | (byte << 8));
    state.writtenLow = byte;
    // The first byte stops mode 0 at once.
    if (state.mode === 0) state.n = -1;
    this.#changed();
  }

  read(): number {
    const state = this.#state;
    if (state.latchedStatus >= 0) return this.#unlatchStatus();
    const count = state.latchedCount >= 0 ? state.latchedCount : this.#encodedCount();
    const high = state.rw === Rw.MSB || (state.rw === Rw.LSB_MSB && state.readsHigh);
    if (state.rw === Rw.LSB_MSB) state.readsHigh = !state.readsHigh;
    if (!state.readsHigh) state.latchedCount = -1;
    return high ? count >> 8 : count & 0xff;
  }

  /** A second latch before the first is read does nothing. */
  latchCount(): void {
    if (this.#state.latchedCount < 0) this.#state.latchedCount = this.#encodedCount();
  }

  latchStatus(): void {
    if (this.#state.latchedStatus >= 0) return;
    const { rw, mode, bcd, n, nextN } = this.#state;
    const output = this.output ? Status.OUTPUT : 0;
    const notLoaded = n < 0 || nextN >= 0 ? Status.NULL_COUNT : 0;
    const programmed = (rw << Control.RW_SHIFT) | (mode << Control.M_SHIFT) | (bcd ? Control.BCD : 0);
    this.#state.latchedStatus = output | notLoaded | programmed;
  }

  get #mode(): Mode {
    return modeOf(this.#state.mode);
  }

  get #modulus(): number {
    return this.#state.bcd ? 10_000 : 0x10000;
  }

  /** Whole ticks since the load. */
  get #tick(): number {
    const { heldTick } = this.#state;
    if (heldTick >= 0) return heldTick;
    // Deadlines are computed in floating point; a hair early counts as on time.
    return Math.max(0, Math.floor((this.wires.nowNs() - this.#loadedNs) / TICK_NS + 1e-6));
  }

  #newCount(count: number): void {
    const state = this.#state;
    state.writtenLow = -1;
    const value = state.bcd ? fromBcd(count) : count;
    this.#takeNext();
    // Zero counts down from the modulus; periodic modes cannot divide by one.
    state.nextN = Math.max(value || this.#modulus, this.#mode.periodic ? 2 : 1);
    state.nextNTick = this.#tick;
    const atOnce = state.n < 0 || !this.#mode.periodic;
    if (this.#mode.loadedBy === 'count' && atOnce) this.#load();
    this.#changed();
  }

  /** The counting element takes the count with the next tick. */
  #load(): void {
    const state = this.#state;
    if (state.nextN >= 0) state.n = state.nextN;
    state.nextN = -1;
    this.#loadedNs = this.wires.nowNs() + TICK_NS;
    state.heldTick = this.#mode.gate === 'holds' && !state.gate ? 0 : -1;
  }

  /** Periodic modes take a new count at the next change of OUT after it was written. */
  #takeNext(): void {
    const state = this.#state;
    if (!this.#mode.periodic || state.nextN < 0 || state.n < 0) return;
    const change = this.#mode.nextChange(state.nextNTick, state.n);
    if (this.#tick < change) return;
    const secondHalf = !this.#mode.pulses && this.#mode.output(change - 1, state.n);
    const skippedTicks = secondHalf ? Math.ceil(state.nextN / 2) : 0;
    this.#loadedNs += (change - skippedTicks) * TICK_NS;
    state.n = state.nextN;
    state.nextN = -1;
  }

  #hold(high: boolean, tick: number): void {
    const state = this.#state;
    if (high) this.#loadedNs = this.wires.nowNs() - Math.max(0, state.heldTick) * TICK_NS;
    state.heldTick = high ? -1 : tick;
  }

  #encodedCount(): number {
    this.#takeNext();
    const { n, nextN, bcd } = this.#state;
    const from = n >= 0 ? n : Math.max(0, nextN);
    const count = (n >= 0 ? this.#mode.count(this.#tick, from, this.#modulus) : from) % this.#modulus;
    return bcd ? toBcd(count) : count;
  }

  #unlatchStatus(): number {
    const status = this.#state.latchedStatus;
    this.#state.latchedStatus = -1;
    return status;
  }

  #changed(): void {
    this.#drive(this.output);
    this.#schedule();
  }

  #schedule(): void {
    const { n, heldTick, gate } = this.#state;
    const stopped = n < 0 || heldTick >= 0 || (this.#mode.gate === 'restarts' && !gate);
    const change = stopped ? Infinity : this.#mode.nextChange(this.#tick, n);
    this.#wakeAt(this.#loadedNs + change * TICK_NS);
    // Time has gone on since OUT was told: the last change may lie between the two, and nothing would wake us for it.
    if (change === Infinity) this.#drive(this.output);
  }

  #wakeAt(changeNs: number): void {
    void this.#cancel();
    this.#cancel = () => {};
    this.#changeNs = this.wires.at ? changeNs : Infinity;
    if (this.wires.at && changeNs < Infinity) this.#cancel = this.wires.at(changeNs, () => this.#onChange());
  }

  #onChange(): void {
    if (this.#mode.pulses) this.#drive(false);
    this.#drive(this.output);
    this.#schedule();
  }

  #drive(high: boolean): void {
    if (high === this.#state.toldHigh) return;
    this.#state.toldHigh = high;
    this.wires.output(high);
  }
}

function fromBcd(bcd: number): number {
  return [12, 8, 4, 0].reduce((value, shift) => value * 10 + ((bcd >> shift) & 0xf), 0) % 10_000;
}

function toBcd(value: number): number {
  return [1000, 100, 10, 1].reduce((bcd, unit) => (bcd << 4) | (Math.floor(value / unit) % 10), 0);
}
