import type { Doorbells } from './doorbells.js';
import { RingHabit } from './ring-habit.js';

const LONGEST_MS = 2 ** 30;
/** Node's events wait meanwhile. */
const LONGEST_BLOCK_MS = 1;

/** True sleep of an idle machine. */
export class Sleeper {
  #end: (() => void) | undefined;
  #woken = false;
  readonly #habit = new RingHabit();

  constructor(private readonly doorbells: Doorbells) {}

  /** Until the time is over, a doorbell rings, or `wake` is called; a wake that came first counts. */
  sleep(ms: number): void | Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return;
    }
    // Node's timers count whole milliseconds; the rest of a wait is slept through exactly.
    if (ms < 1 || this.#habit.isQuick) return this.#sleepBriefly(Math.max(0, ms));
    return this.#sleepLong(Math.min(Math.floor(ms), LONGEST_MS));
  }

  wake(): void {
    if (this.#end) this.#end();
    else this.#woken = true;
  }

  /** Without Node's event loop, which takes its time to fall asleep and to wake. */
  #sleepBriefly(ms: number): void {
    const beganMs = performance.now();
    const { lookOutMs } = this.#habit;
    const isRung =
      (lookOutMs > 0 && this.doorbells.lookOut(Math.min(ms, lookOutMs))) ||
      this.doorbells.block(Math.min(ms, LONGEST_BLOCK_MS));
    this.#habit.learn(isRung ? performance.now() - beganMs : Infinity);
  }

  async #sleepLong(ms: number): Promise<void> {
    const beganMs = performance.now();
    await new Promise<void>((resolve) => {
      // The timer also keeps Node alive: a pending Atomics.waitAsync does not.
      const timer = setTimeout(() => this.#end?.(), ms);
      this.#end = () => {
        this.#end = undefined;
        clearTimeout(timer);
        resolve();
      };
      this.doorbells.listen(() => this.#end?.());
    });
    this.#habit.learn(performance.now() - beganMs);
  }
}
