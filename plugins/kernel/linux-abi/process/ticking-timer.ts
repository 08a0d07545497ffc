import type { Kernel } from '../../kernel.js';

/** A timer that expires once or again and again. Times are monotonic nanoseconds. */
export class TickingTimer {
  #nextNs: number | undefined;
  #intervalNs = 0;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly expired: () => void,
  ) {}

  get intervalNs(): number {
    return this.#intervalNs;
  }

  /** Until the next expiration; 0 when disarmed. */
  get leftNs(): number {
    if (this.#nextNs === undefined) return 0;
    const leftNs = this.#nextNs - this.kernel.nowNs();
    if (leftNs > 0) return leftNs;
    return this.#intervalNs === 0 ? 0 : this.#intervalNs - (-leftNs % this.#intervalNs);
  }

  /** Since `arm` or the last `take`. */
  get expirations(): number {
    const now = this.kernel.nowNs();
    if (this.#nextNs === undefined || now < this.#nextNs) return 0;
    return this.#intervalNs === 0 ? 1 : 1 + Math.floor((now - this.#nextNs) / this.#intervalNs);
  }

  arm(atNs: number, intervalNs: number): void {
    this.disarm();
    this.#nextNs = atNs;
    this.#intervalNs = intervalNs;
    this.#schedule(atNs);
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
    if (this.#intervalNs === 0) this.#nextNs = undefined;
    else this.#schedule((this.#nextNs += count * this.#intervalNs));
    return count;
  }

  #schedule(atNs: number): void {
    const { waits, timer } = this.kernel;
    this.#cancel?.();
    this.#cancel = waits.at(atNs, () => {
      this.#cancel = undefined;
      this.expired();
    });
    timer.arm(atNs);
  }
}
