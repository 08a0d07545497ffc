import type { ByteRegisters } from '../../../core/bus/access.js';
import type { Dispose } from '../../../core/lifecycle/scope.js';
import { Counter } from './counter.js';
import type { CounterState } from './counter.js';
import { CONTROL_WORD, Control, Nmisc, PIT_HZ, READ_BACK, ReadBack, REFRESH_NS, Rw } from './registers.js';

export interface PitState {
  readonly version: 1;
  readonly counters: readonly CounterState[];
  /** Port 61h, the bits that can be written. */
  readonly systemControl: number;
}

export interface PitWires {
  nowNs(): number;
  at(deadlineNs: number, fire: () => void): Dispose;
  /** OUT of counter 0. */
  setIrq(high: boolean): void;
  /** The speaker's tone has changed; 0 is silence. */
  tone(hz: number): void;
}

/** The chip with its three counters, by the Intel 8254 datasheet, and the speaker gate of a PC around it. */
export class Pit8254 implements ByteRegisters {
  readonly #counters: readonly [Counter, Counter, Counter];
  #systemControl: number;
  #toneHz = 0;

  constructor(
    private readonly wires: PitWires,
    carried?: PitState,
  ) {
    const nowNs = () => wires.nowNs();
    const irq = { nowNs, output: (high: boolean) => wires.setIrq(high), at: wires.at.bind(wires) };
    const silent = { nowNs, output: () => {} };
    const states = carried?.counters ?? [];
    this.#counters = [
      new Counter(irq, states[0]),
      new Counter(silent, states[1]),
      new Counter(silent, states[2]),
    ];
    this.#systemControl = carried?.systemControl ?? 0;
    if (!carried) this.#counters[2].setGate(false);
    if (this.#counters[0].toldHigh) wires.setIrq(true);
    this.#updateSpeaker();
  }

  carry(): PitState {
    const counters = this.#counters.map((counter) => counter.carry());
    return { version: 1, counters, systemControl: this.#systemControl };
  }

  reset(): void {
    this.#counters.forEach((_counter, index) => this.#writeControl(index << Control.SC_SHIFT));
    this.#writeSystemControl(0);
  }

  read8(offset: number): number {
    return this.#counters[offset]?.read() ?? 0xff;
  }

  write8(offset: number, value: number): void {
    if (offset === CONTROL_WORD) this.#writeControl(value);
    else this.#counters[offset]?.write(value);
    this.#updateSpeaker();
  }

  readonly systemControl: ByteRegisters = {
    read8: () => this.#readSystemControl(),
    write8: (_offset, value) => this.#writeSystemControl(value),
  };

  #writeControl(word: number): void {
    const select = word >> Control.SC_SHIFT;
    if (select === READ_BACK) return this.#readBack(word);
    const counter = this.#counters[select];
    if (((word >> Control.RW_SHIFT) & 3) === Rw.LATCH) counter?.latchCount();
    else counter?.control(word);
  }

  #readBack(command: number): void {
    this.#counters.forEach((counter, index) => {
      if (!(command & (2 << index))) return;
      if (!(command & ReadBack.NO_COUNT)) counter.latchCount();
      if (!(command & ReadBack.NO_STATUS)) counter.latchStatus();
    });
  }

  #readSystemControl(): number {
    const refresh = Math.floor(this.wires.nowNs() / REFRESH_NS) % 2 === 0 ? 0 : Nmisc.REFRESH;
    return this.#systemControl | refresh | (this.#counters[2].output ? Nmisc.TIMER2_OUT : 0);
  }

  #writeSystemControl(value: number): void {
    this.#systemControl = value & Nmisc.WRITABLE;
    this.#counters[2].setGate((value & Nmisc.TIMER2_GATE) !== 0);
    this.#updateSpeaker();
  }

  #updateSpeaker(): void {
    const { periodTicks } = this.#counters[2];
    const audible = (this.#systemControl & Nmisc.SPEAKER_DATA) !== 0 && periodTicks > 0;
    const hz = audible ? PIT_HZ / periodTicks : 0;
    if (hz === this.#toneHz) return;
    this.#toneHz = hz;
    this.wires.tone(hz);
  }
}
