import { AsyncLocalStorage } from 'node:async_hooks';

type Action = () => void | Promise<void>;

/**
 * Where everything from outside enters the machine: between two slices, one action after the other, with the CPU held.
 * While no slice loop runs, actions run at once.
 */
export class SliceBorder {
  readonly #waiting: Action[] = [];
  #batch: Action[] = [];
  readonly #inside = new AsyncLocalStorage<{ running: boolean }>();
  #draining = false;
  #pending: Promise<void> | undefined;
  #inSlice = false;

  /** Called when something waits, so that a loop leaves its slice or its sleep. */
  onWaiting: () => void = () => {};
  /** True while a loop will come by; otherwise `run` drains by itself. */
  loopActive: () => boolean = () => false;

  /** Something waits, or is under way and holds the CPU. */
  get busy(): boolean {
    return this.held || this.#waiting.length > 0;
  }

  /** An action is under way: the CPU is held. */
  get held(): boolean {
    return this.#draining;
  }

  /** Guest code is running, and whoever asks is called by it. */
  get inSlice(): boolean {
    return this.#inSlice;
  }

  /** Runs `action` at the next border; at once when asked from within an action. */
  run<T>(action: () => T | Promise<T>): Promise<T> {
    if (!this.#inSlice && this.#inside.getStore()?.running) return invoke(action);
    const done = new Promise<T>((resolve, reject) =>
      this.#waiting.push(() => settle(action, resolve, reject)),
    );
    if (this.#inSlice || this.loopActive()) this.onWaiting();
    else void this.drain();
    return done;
  }

  /** Marks guest code as running: whatever it leads to waits for the border. */
  slice<T>(run: () => T): T {
    this.#inSlice = true;
    try {
      return run();
    } finally {
      this.#inSlice = false;
    }
  }

  /**
   * Runs what waits by now; what comes meanwhile has the next border, so that nobody can keep the guest from running.
   * Answers a promise only when there is something to wait for.
   */
  drain(): void | Promise<void> {
    if (this.#draining) return this.#pending ?? Promise.resolve();
    this.#draining = true;
    this.#batch = this.#waiting.splice(0);
    return this.#next();
  }

  #next(): void | Promise<void> {
    for (let action = this.#batch.shift(); action; action = this.#batch.shift()) {
      const inside = { running: true };
      const pending = this.#inside.run(inside, action);
      if (pending) return this.#waitFor(pending, inside);
      inside.running = false;
    }
    this.#draining = false;
    this.#pending = undefined;
    if (this.#waiting.length > 0 && !this.loopActive()) return this.drain();
  }

  #waitFor(pending: Promise<void>, inside: { running: boolean }): Promise<void> {
    this.#pending = pending.then(() => {
      inside.running = false;
      return this.#next();
    });
    return this.#pending;
  }
}

async function invoke<T>(action: () => T | Promise<T>): Promise<T> {
  return action();
}

function settle<T>(
  action: () => T | Promise<T>,
  resolve: (value: T) => void,
  reject: (failure: unknown) => void,
): void | Promise<void> {
  try {
    const result = action();
    if (result instanceof Promise) return result.then(resolve, reject);
    resolve(result);
  } catch (failure) {
    reject(failure);
  }
}
