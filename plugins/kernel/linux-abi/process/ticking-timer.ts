import type { Kernel } from '../../kernel.js';

/** How soon a clock that stood still is asked again. */
const LOOK_AGAIN_NS = 1e6;

/**
 * A timer that expires once or again and again. Times are nanoseconds of `clock`, which goes no faster than the
 * monotonic clock: one that counts the time of a process may stand still.
 */
export class TickingTimer {
  #nextNs: number | undefined;
  #intervalNs = 0;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly expired: () => void,
    private readonly clock: () => number = () => kernel.nowNs(),
  ) {}

  get intervalNs(): number {
    return this.#intervalNs;
  }

  get armed(): boolean {
    return this.#nextNs !== undefined;
  }

  /** Until the next expiration; 0 when disarmed. */
  get leftNs(): number {
    if (this.#nextNs === undefined) return 0;
    const leftNs = this.#nextNs - this.clock();
    if (leftNs > 0) return leftNs;
    return this.#intervalNs === 0 ? 0 : this.#intervalNs - (-leftNs % this.#intervalNs);
  }

  /** Since `arm` or the last `take`. */
  get expirations(): number {
    const now = this.clock();
    if (this.#nextNs === undefined || now < this.#nextNs) return 0;
    return this.#intervalNs === 0 ? 1 : 1 + Math.floor((now - this.#nextNs) / this.#intervalNs);
  }

  armIn(delayNs: number, intervalNs: number): void {
    this.disarm();
    this.#nextNs = this.clock() + delayNs;
    this.#intervalNs = intervalNs;
    this.#schedule();
  }

  disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#nextNs = undefined;
    this.#intervalNs = 0;
  }

  /** Answers the expirations and goes on to the next one. */
  take(): number {
    const count = this.expirations;
    if (count === 0 || this.#nextNs === undefined) return 0;
    if (this.#intervalNs === 0) {
      this.#nextNs = undefined;
      return count;
    }
    this.#nextNs += count * this.#intervalNs;
    this.#schedule();
    return count;
  }

  #schedule(leastNs = 0): void {
    if (this.#nextNs === undefined) return;
    const { waits, timer } = this.kernel;
    const atNs = this.kernel.nowNs() + Math.max(leastNs, this.#nextNs - this.clock());
    this.#cancel?.();
    this.#cancel = waits.at(atNs, () => this.#due());
    timer.arm(atNs);
  }

  #due(): void {
    this.#cancel = undefined;
    // The clock may have stood still meanwhile.
    if (this.expirations === 0) this.#schedule(LOOK_AGAIN_NS);
    else this.expired();
  }
}
