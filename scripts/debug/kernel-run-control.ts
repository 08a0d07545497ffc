import type { Machine } from '../../core/machine/machine.js';
import type { StopReason } from '../../core/hooks/machine-hooks.js';
import { tapIn } from '../../core/hooks/untap.js';
import type { Scope } from '../../core/lifecycle/scope.js';
import type { AddressRange, Dispose, ResumeRequest, RunControl, Stop } from '../../gdbstub/index.js';
import type { KernelThreads } from './kernel-threads.js';

const SIGSEGV = 11;
const SIGABRT = 6;
/** A range step that has not left its range by then is reported as it stands; gdb asks again. */
const MAX_RANGE_STEPS = 100_000;
const STEPS_BETWEEN_TURNS = 500;

/** Stops and goes of the whole machine: one processor, all threads stand together. */
export class KernelRunControl implements RunControl {
  readonly canStepRange = true;
  readonly #listeners = new Set<(stop: Stop) => void>();
  #stepping = false;
  #interrupted = false;
  lastStop: Stop | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly threads: KernelThreads,
    scope: Scope,
  ) {
    tapIn(scope, machine.hooks.stop, { name: 'gdb' }, (reason) => this.#stopped(reason));
  }

  get running(): boolean {
    return this.#stepping || this.machine.state === 'running';
  }

  resume(request: ResumeRequest): void {
    this.#interrupted = false;
    if (this.running) return;
    if (request.step) void this.#step(request.step.range);
    else this.machine.resume();
  }

  interrupt(): void {
    this.#interrupted = true;
    if (!this.#stepping) void this.machine.pause();
  }

  onStop(listener: (stop: Stop) => void): Dispose {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The machine is off: there is nothing left to debug. */
  ended(status: number): void {
    this.#tell({ kind: 'exited', status });
  }

  // A step is one instruction of the processor. Where it switches contexts, the next one belongs to another thread: so it is always finite.
  async #step(range: AddressRange | undefined): Promise<void> {
    this.#stepping = true;
    const reason = await this.#stepOut(range);
    this.#stepping = false;
    this.#tell(this.#describe(reason));
  }

  async #stepOut(range: AddressRange | undefined): Promise<StopReason> {
    const thread = this.threads.current;
    for (let steps = 1; ; steps++) {
      const reason = await this.machine.step();
      const { rip } = this.machine.cpu.registers;
      const inside =
        range !== undefined && rip >= range.start && rip < range.end && thread === this.threads.current;
      if (reason.kind !== 'step' || !inside || this.#interrupted || steps >= MAX_RANGE_STEPS) return reason;
      if (steps % STEPS_BETWEEN_TURNS === 0) await new Promise(setImmediate);
    }
  }

  #stopped(reason: StopReason): true | undefined {
    if (this.#stepping) return true;
    this.#tell(this.#describe(reason));
    return this.#listeners.size > 0 ? true : undefined;
  }

  #tell(stop: Stop): void {
    this.lastStop = stop;
    for (const listener of [...this.#listeners]) listener(stop);
  }

  #describe(reason: StopReason): Stop {
    const thread = this.threads.current;
    switch (reason.kind) {
      case 'pause':
        return { thread, kind: this.#interrupted ? 'interrupt' : 'pause' };
      case 'step':
        return { thread, kind: this.#interrupted ? 'interrupt' : 'step' };
      case 'breakpoint':
        return { thread, kind: 'breakpoint' };
      case 'watchpoint':
        return reason.hit
          ? { thread, kind: 'watchpoint', access: reason.hit.kind, address: reason.hit.linear }
          : { thread, kind: 'step' };
      case 'tripleFault':
        return { thread, kind: 'signal', signal: SIGSEGV };
      case 'hostError':
        return { thread, kind: 'signal', signal: SIGABRT };
    }
  }
}
