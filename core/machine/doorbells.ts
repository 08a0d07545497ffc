import type { Dispose } from '../lifecycle/scope.js';

interface Doorbell {
  readonly view: Int32Array<SharedArrayBuffer>;
  readonly ring: () => void;
  /** A wait on the view is under way; at most one a bell, however often the machine sleeps. */
  waiting: boolean;
}

/** Words in shared memory by which other threads ask for attention. */
export class Doorbells {
  #bells: readonly Doorbell[] = [];

  add(view: Int32Array<SharedArrayBuffer>, ring: () => void): Dispose {
    const bell = { view, ring, waiting: false };
    this.#bells = [...this.#bells, bell];
    return () => {
      this.#bells = this.#bells.filter((other) => other !== bell);
      // Ends a wait that may be under way; nobody but us waits on this word.
      Atomics.notify(view, 0);
    };
  }

  /** Calls those that are not zero. True when there were any. */
  serve(): boolean {
    let any = false;
    for (const bell of this.#bells) {
      if (Atomics.load(bell.view, 0) === 0) continue;
      any = true;
      bell.ring();
    }
    return any;
  }

  /** Calls `wake` once any of them is rung. */
  listen(wake: () => void): void {
    for (const bell of this.#bells) listenTo(bell, wake);
  }

  /** Looks out for a ring without sleeping. True when one came before the time was over. */
  lookOut(ms: number): boolean {
    const endMs = performance.now() + ms;
    do {
      for (let looks = 0; looks < LOOKS_A_CLOCK; looks++) if (this.#isRung()) return true;
    } while (performance.now() < endMs);
    return false;
  }

  /**
   * Blocks this thread until the first bell rings or the time is over: for waits shorter than a timer can measure. True when a
   * bell rang.
   */
  block(ms: number): boolean {
    Atomics.wait(this.#bells[0]?.view ?? SILENT, 0, 0, ms);
    return this.#isRung();
  }

  #isRung(): boolean {
    for (const { view } of this.#bells) if (Atomics.load(view, 0) !== 0) return true;
    return false;
  }
}

const LOOKS_A_CLOCK = 50;
const SILENT = new Int32Array(new SharedArrayBuffer(4));

function listenTo(bell: Doorbell, wake: () => void): void {
  if (bell.waiting) return;
  const wait = Atomics.waitAsync(bell.view, 0, 0);
  if (!wait.async) return wake();
  bell.waiting = true;
  void wait.value.then(() => {
    bell.waiting = false;
    wake();
  });
}
