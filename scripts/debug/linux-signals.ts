import { tapIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import type { Machine } from '../../core/machine/machine.js';
import type { Dispose, Stop, ThreadId } from '../../gdbstub/index.js';
import type { Context } from '../../plugins/kernel/contexts/context.js';
import { faultSignal } from '../../plugins/kernel/linux-abi/signals/fault-signal.js';
import { encodeSiginfo } from '../../plugins/kernel/linux-abi/signals/signal-frame.js';
import type { SignalInfo } from '../../plugins/kernel/linux-abi/signals/signal-queue.js';
import type { LinuxProcess } from '../../plugins/kernel/linux-abi/process/process.js';
import { LinuxThread } from '../../plugins/kernel/linux-abi/process/thread.js';
import type { LinuxSystem } from '../../plugins/kernel/linux-abi/system.js';
import type { ProgramEvents } from './kernel-run-control.js';
import type { KernelThreads } from './kernel-threads.js';
import { toGdbSignal, toLinuxSignal } from './signal-numbers.js';

const PAGE_FAULT = 14;
/** Exceptions that are faults of the instruction at rip (Intel SDM volume 3, table 6-1). */
const FAULTS: ReadonlySet<number> = new Set([0, 5, 6, 11, 12, 13, PAGE_FAULT, 16, 17, 19]);
const PfError = { W: 2, I: 16 } as const;
const USER_LEVEL = 3;

interface Told {
  readonly thread: ThreadId;
  readonly info: SignalInfo;
  /** Seen at the instruction, before the kernel; else on its way to the program, held back in the kernel. */
  readonly atInstruction: boolean;
}

export interface LinuxSignalsParts {
  readonly machine: Machine;
  readonly system: LinuxSystem;
  readonly threads: KernelThreads;
  /** The process has a new program. */
  readonly executed: (process: LinuxProcess) => Stop;
}

/** Signals and new programs of Linux processes as stops: a fault at the instruction that made it, all others in the kernel. */
export class LinuxSignals implements ProgramEvents {
  /** The stop that gdb was told last. */
  #told: Told | undefined;
  /** What gdb has said about signals that are on their way: by thread. */
  readonly #decided = new Map<ThreadId, SignalInfo | 'drop'>();
  /** Signals that gdb lets pass; they are not told again. By thread. */
  readonly #passing = new Map<ThreadId, number>();

  constructor(private readonly parts: LinuxSignalsParts) {}

  listen(stop: (cause: Stop) => void): Dispose {
    const { machine, system } = this.parts;
    const scope = new Scope('gdb: signals');
    tapIn(scope, machine.hooks.exception, { name: 'gdb' }, (vector, errorCode, cr2) =>
      this.#onException({ vector, errorCode, address: Number(cr2) }, stop),
    );
    system.table.inspectSignal = (context, info) => this.#inspect(context, info, stop);
    system.table.onExecuted = (process, context) =>
      stop({ ...this.parts.executed(process), thread: context.id + 1 });
    return () => {
      system.table.inspectSignal = undefined;
      system.table.onExecuted = () => undefined;
      this.#told = undefined;
      void scope.close();
    };
  }

  goOn(signals: ReadonlyMap<ThreadId, number>): void {
    const told = this.#told;
    this.#told = undefined;
    if (told) this.#decide(told, toLinuxSignal(signals.get(told.thread) ?? 0));
    for (const [thread, signal] of signals)
      if (thread !== told?.thread) this.#send(thread, toLinuxSignal(signal));
  }

  /** struct siginfo of the signal that the thread has stopped for. */
  siginfo(thread: ThreadId): Uint8Array | undefined {
    return this.#told?.thread === thread ? encodeSiginfo(this.#told.info) : undefined;
  }

  #decide({ thread, info, atInstruction }: Told, signal: number | undefined): void {
    if (signal !== undefined && signal !== info.signal) this.#send(thread, signal);
    if (signal === info.signal) this.#passing.set(thread, signal);
    // A fault that is dropped happens again: the instruction has not been executed.
    if (!atInstruction) this.#decided.set(thread, signal === info.signal ? info : 'drop');
  }

  #send(thread: ThreadId, signal: number | undefined): void {
    const context = this.parts.system.kernel.contexts.get(thread - 1);
    if (!signal || !(context?.personality instanceof LinuxThread)) return;
    this.#passing.set(thread, signal);
    this.parts.system.table.sendToThread(context, { signal, code: 0, pid: 0, uid: 0 });
  }

  #inspect(context: Context, info: SignalInfo, stop: (cause: Stop) => void): SignalInfo | 'drop' | 'hold' {
    const thread = context.id + 1;
    const decided = this.#decided.get(thread);
    this.#decided.delete(thread);
    const passes = this.#passing.get(thread) === info.signal;
    if (passes) this.#passing.delete(thread);
    if (decided || passes) return decided ?? info;
    this.#tell({ thread, info, atInstruction: false }, stop);
    return 'hold';
  }

  /** True: the exception is not delivered, the instruction stands where it was. */
  #onException(
    record: { vector: number; errorCode: number; address: number },
    stop: (cause: Stop) => void,
  ): true | undefined {
    if (this.parts.machine.cpu.registers.cpl !== USER_LEVEL || !FAULTS.has(record.vector)) return undefined;
    const context = this.parts.threads.running;
    if (!(context.personality instanceof LinuxThread) || isDemandPaging(context, record)) return undefined;
    const { rip, mxcsr } = this.parts.machine.cpu.registers;
    const info = faultSignal(context, record, { rip: Number(rip), mxcsr });
    const thread = context.id + 1;
    if (this.#passing.get(thread) === info.signal) return undefined;
    this.#tell({ thread, info, atInstruction: true }, stop);
    return true;
  }

  #tell(told: Told, stop: (cause: Stop) => void): void {
    this.#told = told;
    stop({ kind: 'signal', signal: toGdbSignal(told.info.signal), thread: told.thread });
  }
}

/** The page is the program's; it only has to be brought in. */
function isDemandPaging(
  { space }: Context,
  { vector, errorCode, address }: { vector: number; errorCode: number; address: number },
): boolean {
  if (vector !== PAGE_FAULT) return false;
  const grant = space?.find(address);
  if (!grant) return false;
  if (errorCode & PfError.W) return grant.write;
  return errorCode & PfError.I ? grant.execute : grant.read;
}
