import { MachineClock } from './clock.js';

export interface VirtualTime {
  /** Instructions retired since power-on. */
  readonly retired: () => number;
  readonly nsPerInstruction?: number;
  /** Nanoseconds since 1970-01-01 UTC at power-on. */
  readonly epochNs?: bigint;
}

const NEW_YEAR_2025_NS = 1_735_689_600_000_000_000n;

/** Time by retired instructions: the same program sees the same times in every run. Idle time is skipped, not slept. */
export class VirtualClock extends MachineClock {
  readonly #retired: () => number;
  readonly #nsPerInstruction: number;
  #skippedNs = 0;

  constructor({ retired, nsPerInstruction = 1, epochNs = NEW_YEAR_2025_NS }: VirtualTime) {
    super(epochNs);
    this.#retired = retired;
    this.#nsPerInstruction = nsPerInstruction;
  }

  get nowNs(): number {
    return this.#skippedNs + this.#retired() * this.#nsPerInstruction;
  }

  /** Nothing retires while the machine is held, so time stands still by itself. */
  pause(): void {}
  resume(): void {}

  override instructionsToDeadline(): number {
    return Math.max(1, Math.ceil((this.nextDeadlineNs - this.nowNs) / this.#nsPerInstruction));
  }

  skipToDeadline(): boolean {
    if (this.nextDeadlineNs === Infinity) return false;
    this.#skippedNs += Math.max(0, this.nextDeadlineNs - this.nowNs);
    return true;
  }
}
