import type { Context } from './context.js';
import type { Wait, Woken } from './outcome.js';

interface Timed {
  readonly atNs: number;
  readonly fire: () => void;
}

/** Wait queues by key, and one list of deadlines. A context that is woken makes its call again. */
export class Waits {
  readonly #queues = new Map<string, Set<Context>>();
  readonly #timers: Timed[] = [];
  readonly #deadlines = new Map<Context, () => void>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(private readonly runnable: (context: Context) => void) {}

  block(context: Context, wait: Wait): void {
    context.wait = wait;
    context.woken = undefined;
    context.state = 'blocked';
    for (const key of wait.keys) this.#queue(key).add(context);
    if (wait.deadlineNs === undefined) return;
    this.#deadlines.set(
      context,
      this.at(wait.deadlineNs, () => this.wakeContext(context, 'deadline')),
    );
  }

  /** Wakes up to `limit` contexts that `accepts` admits, in order of arrival; answers how many. */
  wake(key: string, limit = Infinity, accepts: (context: Context) => boolean = () => true): number {
    const listeners = this.#listeners.get(key);
    if (listeners) for (const told of [...listeners]) told();
    const queue = this.#queues.get(key);
    if (!queue) return 0;
    let count = 0;
    for (const context of [...queue]) {
      if (count >= limit) break;
      if (!accepts(context)) continue;
      this.wakeContext(context, 'event');
      count += 1;
    }
    return count;
  }

  wakeContext(context: Context, woken: Woken): void {
    if (context.state !== 'blocked' || !context.wait) return;
    this.forget(context);
    context.woken = woken;
    context.state = 'runnable';
    this.runnable(context);
  }

  /** Takes the context out of every queue, leaving its state alone. */
  forget(context: Context): void {
    for (const key of context.wait?.keys ?? []) this.#leave(key, context);
    this.#deadlines.get(context)?.();
    this.#deadlines.delete(context);
    context.wait = undefined;
  }

  /** Lets up to `limit` sleepers of one queue wait in another; answers how many. */
  requeue(from: string, to: string, limit: number): number {
    const moved = [...(this.#queues.get(from) ?? [])].slice(0, limit);
    for (const context of moved) {
      this.#leave(from, context);
      const keys = (context.wait?.keys ?? []).map((key) => (key === from ? to : key));
      context.wait = { ...context.wait, keys };
      this.#queue(to).add(context);
    }
    return moved.length;
  }

  /** Calls `told` at every wake of the queue, whether anybody waits or not; answers the undo. */
  listen(key: string, told: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(told));
    return () => {
      listeners.delete(told);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  waiters(key: string): number {
    return this.#queues.get(key)?.size ?? 0;
  }

  /** Runs `fire` once the monotonic clock has reached `atNs`; answers how to undo that. */
  at(atNs: number, fire: () => void): () => void {
    const timer = { atNs, fire };
    const index = this.#timers.findIndex((other) => other.atNs > atNs);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  get nextDeadlineNs(): number | undefined {
    return this.#timers[0]?.atNs;
  }

  expire(nowNs: number): void {
    for (let first = this.#timers[0]; first && first.atNs <= nowNs; first = this.#timers[0]) {
      this.#timers.shift();
      first.fire();
    }
  }

  #queue(key: string): Set<Context> {
    const known = this.#queues.get(key) ?? new Set();
    this.#queues.set(key, known);
    return known;
  }

  #leave(key: string, context: Context): void {
    const queue = this.#queues.get(key);
    queue?.delete(context);
    if (queue?.size === 0) this.#queues.delete(key);
  }
}
