import type { MachineClock } from '../clock/clock.js';
import type { Cpu, ExitReason } from '../cpu/types.js';
import type { SliceBorder } from './border.js';
import type { Doorbells } from './doorbells.js';
import { Pacer } from './pacer.js';
import type { Sleeper } from './sleeper.js';

export interface RunLoopParts {
  readonly cpu: Cpu;
  readonly clock: MachineClock;
  readonly border: SliceBorder;
  readonly doorbells: Doorbells;
  readonly sleeper: Sleeper;
  /** False once the machine is to be held: the loop ends at the next border. */
  readonly mayRun: () => boolean;
  /** The CPU left its slice for another reason than the end of its budget. */
  readonly onExit: (reason: ExitReason) => void;
  /** `hlt` has begun to rest. */
  readonly onHalt: () => void;
  /** A deadline or doorbell threw. */
  readonly onFailure: (where: string, failure: unknown) => void;
}

/** Longest time away from Node's event loop, less one slice and what is served behind it. */
const YIELD_AFTER_MS = 4;
/** When time is counted in instructions, slices must not depend on how fast this host is. */
const VIRTUAL_SLICE = 10_000;

/** Slices of the CPU, and between them everything that is due. */
export class RunLoop {
  readonly #pacer = new Pacer();
  #active = false;
  #resting = false;
  #yieldedMs = 0;

  constructor(private readonly parts: RunLoopParts) {}

  get active(): boolean {
    return this.#active;
  }

  /** Returns when `mayRun` says no and nothing waits at the border. */
  async run(): Promise<void> {
    this.#active = true;
    this.#yieldedMs = performance.now();
    while (this.parts.mayRun() || this.parts.border.busy) {
      const pending = this.#turn();
      if (pending) await pending;
      if (performance.now() - this.#yieldedMs >= YIELD_AFTER_MS) await this.#yieldToEvents();
    }
    this.#active = false;
  }

  /** Doorbells and deadlines. True when there was anything. */
  serve(): boolean {
    const { doorbells, clock, onFailure } = this.parts;
    const rung = attempt(
      () => doorbells.serve(),
      (failure) => onFailure('doorbell', failure),
    );
    const fired = attempt(
      () => clock.fireDue(),
      (failure) => onFailure('deadline', failure),
    );
    return (rung ?? true) || (fired ?? true);
  }

  #turn(): void | Promise<void> {
    const { border } = this.parts;
    if (!border.busy) return this.#runOn();
    // What is due comes first, or somebody who swaps without end could cancel every deadline just in time.
    if (!border.held && this.parts.mayRun()) this.serve();
    this.#resting = false;
    const pending = border.drain();
    return pending ? pending.then(() => (border.held ? undefined : this.#runOn())) : this.#runOn();
  }

  #runOn(): void | Promise<void> {
    const { mayRun } = this.parts;
    if (!mayRun()) return;
    if (this.serve()) this.#resting = false;
    if (!mayRun()) return;
    if (this.#resting) return this.#rest();
    this.#slice();
  }

  #slice(): void {
    const { cpu, border, onExit, onFailure } = this.parts;
    const beginMs = performance.now();
    const retiredBefore = cpu.retired;
    const reason = attempt(
      () => border.slice(() => cpu.run(this.#budget())),
      (failure) => onFailure('the CPU', failure),
    );
    const retired = cpu.retired - retiredBefore;
    this.#pacer.learn(retired, performance.now() - beginMs);
    if (reason === 'halt') return this.#onHalt(retired);
    this.#resting = false;
    if (reason && reason !== 'budget') onExit(reason);
  }

  /** Virtual time jumps at once: it must not depend on whether somebody outside keeps the loop busy. */
  #onHalt(retired: number): void {
    const { clock, onHalt, onFailure } = this.parts;
    if (retired > 0) attempt(onHalt, (failure) => onFailure('halt', failure));
    this.#resting = !clock.skipToDeadline();
  }

  #budget(): number {
    const { clock } = this.parts;
    const exact = clock.instructionsToDeadline();
    if (exact !== undefined) return Math.min(exact, VIRTUAL_SLICE);
    return this.#pacer.instructions((clock.nextDeadlineNs - clock.nowNs) / 1e6);
  }

  /** The CPU rests and nothing is due: sleep, then let it look again. */
  #rest(): void | Promise<void> {
    const { clock, sleeper } = this.parts;
    this.#resting = false;
    const sleeping = sleeper.sleep((clock.nextDeadlineNs - clock.nowNs) / 1e6);
    return sleeping?.then(() => {
      this.#yieldedMs = performance.now();
    });
  }

  async #yieldToEvents(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#yieldedMs = performance.now();
  }
}

function attempt<T>(action: () => T, onFailure: (failure: unknown) => void): T | undefined {
  try {
    return action();
  } catch (failure) {
    onFailure(failure);
    return undefined;
  }
}
