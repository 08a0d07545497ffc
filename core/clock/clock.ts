import { handled } from '../errors/handled.js';
import type { Dispose, Scope } from '../lifecycle/scope.js';
import { DeadlineHeap } from './deadline-heap.js';
import type { Deadline } from './deadline-heap.js';

/** Time as plugins see it: nanoseconds since power-on, exact for 104 days. Stands still while the machine is held. */
export interface Clock {
  readonly nowNs: number;
  /** Nanoseconds since 1970-01-01 UTC. */
  readonly realtimeNs: bigint;
  /** Calls `fire` between two slices, as soon as the delay has passed. Returns its undo. */
  after(delayNs: number, fire: () => void): Dispose;
  at(deadlineNs: number, fire: () => void): Dispose;
}

/** What the machine's loop asks of a clock besides. */
export abstract class MachineClock implements Clock {
  readonly #deadlines = new DeadlineHeap();

  constructor(private readonly epochNs: bigint) {}

  abstract readonly nowNs: number;
  abstract pause(): void;
  abstract resume(): void;
  /** With nothing to run until the next deadline: true when time has jumped there, false when it must be slept. */
  abstract skipToDeadline(): boolean;

  get realtimeNs(): bigint {
    return this.epochNs + BigInt(Math.floor(this.nowNs));
  }

  /** Infinity when nothing is due. */
  get nextDeadlineNs(): number {
    return this.#deadlines.earliest?.atNs ?? Infinity;
  }

  /** How many instructions may run before the next deadline; undefined when time does not depend on instructions. */
  instructionsToDeadline(): number | undefined {
    return undefined;
  }

  after(delayNs: number, fire: () => void): Dispose {
    return this.at(this.nowNs + Math.max(0, delayNs), fire);
  }

  at(deadlineNs: number, fire: () => void): Dispose {
    const deadline = this.#deadlines.add(deadlineNs, fire);
    return () => this.#deadlines.remove(deadline);
  }

  /** Fires what is due. True when anything was. What a callback adds fires at the next call at the earliest. */
  fireDue(): boolean {
    const nowNs = this.nowNs;
    if (this.nextDeadlineNs > nowNs) return false;
    const addedBefore = this.#deadlines.added;
    for (let due = this.#due(nowNs); due && due.order < addedBefore; due = this.#due(nowNs)) {
      this.#deadlines.remove(due);
      due.fire();
    }
    return true;
  }

  /** The clock as a plugin sees it: what it has set is cancelled with its scope. */
  inScope(scope: Scope): Clock {
    return new ScopedClock(this, scope);
  }

  #due(nowNs: number): Deadline | undefined {
    const earliest = this.#deadlines.earliest;
    return earliest && earliest.atNs <= nowNs ? earliest : undefined;
  }
}

class ScopedClock implements Clock {
  readonly #pending = new Set<Dispose>();
  #entered = false;

  constructor(
    private readonly clock: Clock,
    private readonly scope: Scope,
  ) {}

  get nowNs(): number {
    return this.clock.nowNs;
  }

  get realtimeNs(): bigint {
    return this.clock.realtimeNs;
  }

  after(delayNs: number, fire: () => void): Dispose {
    return this.at(this.nowNs + Math.max(0, delayNs), fire);
  }

  at(deadlineNs: number, fire: () => void): Dispose {
    this.#enter();
    const cancel = this.clock.at(deadlineNs, () => {
      this.#pending.delete(drop);
      handled(this.scope.name, () => 'a deadline', fire);
    });
    const drop = () => {
      this.#pending.delete(drop);
      return cancel();
    };
    this.#pending.add(drop);
    return drop;
  }

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.scope.use('deadlines', () => () => {
      for (const drop of this.#pending) void drop();
    });
  }
}
