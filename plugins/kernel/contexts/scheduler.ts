import type { Context } from './context.js';

/** Redox's (and Linux's) weights by priority 0..39; 20 is 1024. */
// prettier-ignore
const WEIGHTS = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
  1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
];
const NORMAL_WEIGHT = 1024;
export const QUANTUM_NS = 4_000_000;
// A woken context overtakes the running one only when it is this far behind, so that pairs do not thrash.
const WAKEUP_ADVANTAGE_NS = 100_000;
// Who sleeps often and briefly may fall behind by this much, and so overtakes who never sleeps at each wake-up.
const SLEEPER_CREDIT_NS = 2_000_000;

/** Fair by weighted run time: the context that has run least goes first. */
export class Scheduler {
  readonly #ready = new Set<Context>();
  #startedNs = 0;
  #floor = 0;
  #due = false;
  switches = 0;

  constructor(
    public current: Context,
    private readonly idle: Context,
    private readonly nowNs: () => number,
  ) {}

  /** Puts a context that may run into the queue. */
  ready(context: Context): void {
    if (context === this.idle || this.#ready.has(context)) return;
    const credit = context.cpuTimeNs > 0 ? SLEEPER_CREDIT_NS : 0;
    context.virtualRuntime = Math.max(context.virtualRuntime, this.#floor - credit);
    this.#ready.add(context);
    if (this.#overtakes(context)) this.#due = true;
  }

  remove(context: Context): void {
    this.#ready.delete(context);
  }

  /** Chooses who runs next and makes it current; the caller switches stacks. */
  next(): Context {
    this.charge();
    const previous = this.current;
    if (previous.state === 'runnable' && previous !== this.idle) this.#ready.add(previous);
    const chosen = this.#least() ?? this.idle;
    this.#ready.delete(chosen);
    this.#floor = chosen === this.idle ? this.#floor : Math.max(this.#floor, chosen.virtualRuntime);
    this.#due = false;
    if (chosen !== previous) this.switches += 1;
    this.current = chosen;
    return chosen;
  }

  /** Adds the time since the last look to the running context's account. */
  charge(): void {
    const now = this.nowNs();
    const elapsed = Math.max(0, now - this.#startedNs);
    this.#startedNs = now;
    this.current.cpuTimeNs += elapsed;
    const weight = WEIGHTS[this.current.attributes.priority] ?? NORMAL_WEIGHT;
    this.current.virtualRuntime += (elapsed * NORMAL_WEIGHT) / weight;
  }

  /** Whether the running context should give way at the next border. */
  get due(): boolean {
    return this.#due;
  }

  requestSwitch(): void {
    this.#due = true;
  }

  get contended(): boolean {
    return this.#ready.size > 0;
  }

  #overtakes(context: Context): boolean {
    if (this.current === this.idle || this.current.state !== 'runnable') return true;
    this.charge();
    return context.virtualRuntime + WAKEUP_ADVANTAGE_NS < this.current.virtualRuntime;
  }

  #least(): Context | undefined {
    let least: Context | undefined;
    for (const context of this.#ready) {
      if (!least || context.virtualRuntime < least.virtualRuntime) least = context;
    }
    return least;
  }
}
