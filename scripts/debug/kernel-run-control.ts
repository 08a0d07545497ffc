import type { Machine } from '../../core/machine/machine.js';
import type { StopReason } from '../../core/hooks/machine-hooks.js';
import { tapIn } from '../../core/hooks/untap.js';
import type { Scope } from '../../core/lifecycle/scope.js';
import type { Dispose, ResumeRequest, RunControl, Stop, ThreadId } from '../../gdbstub/index.js';
import type { Kernel } from '../../plugins/kernel/kernel.js';
import type { KernelThreads } from './kernel-threads.js';
import { Stepper } from './stepper.js';

const SIGSEGV = 11;
const SIGABRT = 6;

/** Events of programs that a debugger wants to see: signals, new programs. */
export interface ProgramEvents {
  /** A debugger has attached. `stop` holds the machine at the next instruction for the reason given. */
  listen(stop: (cause: Stop) => void): Dispose;
  /** The machine is about to go on: gdb's signal numbers by thread. */
  goOn(signals: ReadonlyMap<ThreadId, number>): void;
}

export interface RunControlParts {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly threads: KernelThreads;
  readonly events?: ProgramEvents | undefined;
}

/** Stops and goes of the whole machine: one processor, all threads stand together. */
export class KernelRunControl implements RunControl {
  readonly canStepRange = true;
  readonly #listeners = new Set<(stop: Stop) => void>();
  readonly #stepper: Stepper;
  #stepping = false;
  /** The debugger has asked for a stop that it did not get yet. */
  #interrupted = false;
  /** `machine.pause` was called for the debugger; it may have changed its mind since. */
  #pausing = false;
  /** Why the machine is about to stand, when the processor alone does not know. */
  #cause: Stop | undefined;
  #end: Stop | undefined;
  #unlisten: Dispose = () => undefined;
  lastStop: Stop | undefined;

  constructor(
    private readonly parts: RunControlParts,
    scope: Scope,
  ) {
    const { machine } = parts;
    this.#stepper = new Stepper(parts, () => this.#interrupted || this.#cause !== undefined);
    tapIn(scope, machine.hooks.stop, { name: 'gdb' }, (reason) => this.#stopped(reason));
  }

  get running(): boolean {
    return this.#stepping || this.parts.machine.state === 'running';
  }

  resume({ step, signals = new Map() }: ResumeRequest): void {
    const { machine, events } = this.parts;
    this.#interrupted = false;
    const end = this.#end;
    if (end) return void setImmediate(() => this.#tell(end));
    if (this.running || machine.state !== 'paused') return;
    events?.goOn(signals);
    if (step) void this.#step(step);
    else machine.resume();
  }

  interrupt(): void {
    if (!this.running) return;
    this.#interrupted = true;
    this.#pausing = true;
    void this.parts.machine.pause();
  }

  onStop(listener: (stop: Stop) => void): Dispose {
    if (this.#listeners.size === 0) this.#attached();
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#unlisten();
    };
  }

  /** The machine is off: there is nothing left to debug. The first word counts. */
  ended(stop: Stop): void {
    if (this.#end) return;
    this.#stepping = false;
    this.#end = stop;
    this.#tell(stop);
  }

  #attached(): void {
    this.#unlisten = this.parts.events?.listen((cause) => this.#stopFor(cause)) ?? (() => undefined);
  }

  #stopFor(cause: Stop): void {
    const { machine } = this.parts;
    this.#cause = cause;
    machine.cpu.requestExit();
    void machine.pause();
  }

  async #step({ thread, range }: NonNullable<ResumeRequest['step']>): Promise<void> {
    this.#stepping = true;
    try {
      const reason = await this.#stepper.step(thread, range);
      this.#stepping = false;
      this.#report(reason, thread);
    } catch (failure) {
      // A machine that was switched off meanwhile cannot step; `ended` tells of that.
      if (this.parts.machine.state === 'paused') throw failure;
    } finally {
      this.#stepping = false;
    }
  }

  #stopped(reason: StopReason): true | undefined {
    if (this.#stepper.stopped(reason) || this.#stepping) return true;
    return this.#report(reason);
  }

  /** True when this is a matter of the debugger. */
  #report(reason: StopReason, stepped?: ThreadId): true | undefined {
    const cause = this.#cause;
    const withdrawn = reason.kind === 'pause' && this.#pausing && !this.#interrupted;
    const attached = this.#listeners.size > 0;
    const leftAlone = !attached && (stepped !== undefined || cause !== undefined);
    this.#cause = undefined;
    this.#pausing = false;
    if ((withdrawn && !cause) || leftAlone) {
      if (this.parts.machine.state === 'paused') this.parts.machine.resume();
      return true;
    }
    this.#tell(cause ?? this.#describe(reason, stepped));
    return attached || undefined;
  }

  #tell(stop: Stop): void {
    this.lastStop = stop;
    for (const listener of [...this.#listeners]) listener(stop);
  }

  #describe(reason: StopReason, stepped?: ThreadId): Stop {
    const thread = this.parts.threads.current;
    switch (reason.kind) {
      case 'pause':
        return { thread, kind: this.#interrupted ? 'interrupt' : 'pause' };
      case 'step':
        if (this.#interrupted) return { thread, kind: 'interrupt' };
        // The step of one thread has ended in another: gdb shall stop there without blaming a signal.
        return { thread, kind: thread === stepped ? 'step' : 'pause' };
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
