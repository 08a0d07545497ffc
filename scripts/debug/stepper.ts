import type { StopReason } from '../../core/hooks/machine-hooks.js';
import type { Machine } from '../../core/machine/machine.js';
import type { AddressRange, ThreadId } from '../../gdbstub/index.js';
import type { Kernel } from '../../plugins/kernel/kernel.js';
import type { KernelThreads } from './kernel-threads.js';

/** A range step that has not left its range by then is reported as it stands; gdb asks again. */
const MAX_RANGE_STEPS = 100_000;
const STEPS_BETWEEN_TURNS = 500;
/** An instruction that does not get done, since every try to run it is answered by an interrupt. */
const MAX_TRIES = 1_000;
const FETCH_LIMIT_MS = 1_000;
const USER_LEVEL = 3;

export interface StepperParts {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly threads: KernelThreads;
}

/**
 * Single steps. In the kernel a step is one instruction of the processor, whoever runs next: so it always ends. In a
 * program it is one instruction of the program: interrupts and page faults in between are run through. A thread that waits
 * has a second to come back.
 */
export class Stepper {
  readonly #syscallEntry: bigint;
  readonly #resumed: readonly bigint[];
  readonly #returns: readonly bigint[];
  #waiter: ((reason: StopReason) => void) | undefined;

  constructor(
    private readonly parts: StepperParts,
    /** Somebody wants a stop before the step is complete. */
    private readonly mustStop: () => boolean,
  ) {
    const { kernel } = parts;
    this.#syscallEntry = kernel.symbol('syscall_entry');
    this.#resumed = [kernel.symbol('context_resume')];
    this.#returns = [kernel.symbol('user_sysret'), kernel.symbol('user_iret')];
  }

  /** Takes a stop of the machine when it belongs to the step under way. */
  stopped(reason: StopReason): boolean {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(reason);
    return waiter !== undefined;
  }

  /** One instruction of `thread`, or with `range` as many as it takes to leave that. */
  async step(thread: ThreadId, range: AddressRange | undefined): Promise<StopReason> {
    const away = thread === this.parts.threads.current ? undefined : await this.#fetch(thread);
    if (away) return away;
    for (let steps = 1; ; steps++) {
      const reason = await this.#one(thread, range !== undefined);
      if (reason.kind !== 'step' || this.mustStop() || steps >= MAX_RANGE_STEPS) return reason;
      if (!range || !this.#inside(thread, range)) return reason;
      if (steps % STEPS_BETWEEN_TURNS === 0) await new Promise(setImmediate);
    }
  }

  /** Lets a thread come to the processor, if it does soon; a step shall end also where nothing wakes the thread. */
  async #fetch(thread: ThreadId): Promise<StopReason | undefined> {
    const { machine } = this.parts;
    const late = setTimeout(() => void machine.pause(), FETCH_LIMIT_MS);
    try {
      return await this.#runTo(this.#resumed, thread);
    } finally {
      clearTimeout(late);
    }
  }

  #inside(thread: ThreadId, { start, end }: AddressRange): boolean {
    const { rip } = this.parts.machine.cpu.registers;
    return rip >= start && rip < end && thread === this.parts.threads.current;
  }

  /** `opaque`: a system call is one instruction, as in any debugger of programs; else the step leads into the kernel. */
  async #one(thread: ThreadId, opaque: boolean): Promise<StopReason> {
    const { machine } = this.parts;
    const { registers } = machine.cpu;
    const { rip: before, cpl } = registers;
    for (let tries = 1; ; tries++) {
      const reason = await machine.step();
      if (reason.kind !== 'step' || cpl !== USER_LEVEL || this.#atUserLevel || this.mustStop()) return reason;
      const call = registers.rip === this.#syscallEntry;
      if (call && !opaque) return reason;
      const stopped = (await this.#runTo(this.#returns, thread)) ?? (await this.#leaveKernel());
      if (stopped.kind !== 'step' || call || registers.rip !== before || tries >= MAX_TRIES) return stopped;
    }
  }

  get #atUserLevel(): boolean {
    return this.parts.machine.cpu.registers.cpl === USER_LEVEL;
  }

  #leaveKernel(): Promise<StopReason> {
    return this.parts.machine.step();
  }

  /** Runs the machine until `thread` comes to one of the places; answers what came before that, if anything did. */
  async #runTo(places: readonly bigint[], thread: ThreadId): Promise<StopReason | undefined> {
    const { machine, threads } = this.parts;
    const applies = () => threads.current === thread;
    const undo = places.map((place) => machine.cpu.addBreakpoint(place, applies));
    const stop = new Promise<StopReason>((resolve) => (this.#waiter = resolve));
    machine.resume();
    const reason = await stop;
    for (const remove of undo) remove();
    const arrived = reason.kind === 'breakpoint' && places.includes(machine.cpu.registers.rip) && applies();
    return arrived ? undefined : reason;
  }
}
