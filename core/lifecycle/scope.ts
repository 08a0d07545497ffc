import { HostError, reasonOf } from '../errors/host-error.js';
import type { Stage } from './stage.js';

/** Undo one registration. Calling it twice is the same as calling it once. */
export type Dispose = () => void | Promise<void>;

interface Step {
  readonly label: string;
  readonly undo: Dispose;
}

/** Collects undo steps and runs them last-in first-out, once, even if one throws. */
export class Scope {
  #steps: Step[] = [];
  #closing: Promise<void> | undefined;

  constructor(
    readonly name: string,
    readonly stage?: Stage,
  ) {}

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** True while the transaction that this scope is part of may still be taken back. */
  get staged(): boolean {
    return this.stage?.open ?? false;
  }

  /** Runs `enter` now and keeps what it returns for `close`. */
  use(label: string, enter: () => Dispose): Dispose {
    if (this.closed) throw new HostError('SCOPE_CLOSED', this.name, label);
    const step = { label, undo: enter() };
    this.#steps.push(step);
    return () => this.#drop(step);
  }

  /** Runs `step` as soon as the scope's claims are in force: now, or when its transaction commits. Must not throw. */
  whenLive(step: () => void): void {
    if (!this.staged) return step();
    this.stage?.onCommit(() => {
      if (!this.closed) step();
    });
  }

  /** What is still held, oldest first: the first thing to print when a swap misbehaves. */
  held(): string[] {
    return this.#steps.map((step) => step.label);
  }

  /** Throws HostError SCOPE_UNDO, after all steps have run, when any of them failed. */
  close(): Promise<void> {
    this.#closing ??= this.#undoAll();
    return this.#closing;
  }

  #drop(step: Step): void | Promise<void> {
    const at = this.#steps.indexOf(step);
    if (at < 0) return;
    this.#steps.splice(at, 1);
    return step.undo();
  }

  async #undoAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        const undone = step.undo();
        if (undone) await undone;
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length === 0) return;
    throw new HostError('SCOPE_UNDO', this.name, failures.map(reasonOf).join(', ')).because(failures[0]);
  }
}
