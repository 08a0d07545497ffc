import type { Doorbells } from './doorbells.js';

const LONGEST_MS = 2 ** 30;

/** True sleep of an idle machine. */
export class Sleeper {
  #end: (() => void) | undefined;
  #woken = false;

  constructor(private readonly doorbells: Doorbells) {}

  /** Until the time is over, a doorbell rings, or `wake` is called; a wake that came first counts. */
  sleep(ms: number): void | Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return;
    }
    // Node's timers count whole milliseconds; the rest of a wait is slept through exactly.
    if (ms < 1) return this.doorbells.block(Math.max(0, ms));
    return this.#sleepLong(Math.min(Math.floor(ms), LONGEST_MS));
  }

  wake(): void {
    if (this.#end) this.#end();
    else this.#woken = true;
  }

  async #sleepLong(ms: number): Promise<void> {
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
  }
}
