import { MachineClock } from './clock.js';

/** Time moves only when somebody moves it, so timer tests never sleep. Starts running. */
export class ManualClock extends MachineClock {
  #nowNs = 0;
  #held = false;

  constructor(epochNs = 0n) {
    super(epochNs);
  }

  get nowNs(): number {
    return this.#nowNs;
  }

  pause(): void {
    this.#held = true;
  }

  resume(): void {
    this.#held = false;
  }

  skipToDeadline(): boolean {
    return false;
  }

  /** Time passes and nobody looks: what is due stays due until `fireDue`. */
  slip(ns: number): void {
    if (!this.#held) this.#nowNs += ns;
  }

  /** Fires each deadline on the way at its own time. Does nothing while held. */
  advance(ns: number): void {
    if (this.#held) return;
    const endNs = this.#nowNs + ns;
    while (this.nextDeadlineNs <= endNs) {
      this.#nowNs = Math.max(this.#nowNs, this.nextDeadlineNs);
      this.fireDue();
    }
    this.#nowNs = endNs;
  }
}
