import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import type { Abi, Handler } from '../gate/abi.js';
import type { PadTable } from '../gate/pads.js';
import { FrameLayout } from '../image/layout.js';
import type { Kernel } from '../kernel.js';
import { USER_END } from '../memory/address-space.js';
import type { AddressSpace } from '../memory/address-space.js';
import { OutOfFrames } from '../memory/frames.js';
import { handlerPlace } from '../syscalls/places.js';
import { linuxHandlers } from './handlers.js';
import { releaseRobustMutexes } from './process/robust-list.js';
import { writeBack } from './syscalls/memory.js';
import { threadOf } from './process/thread.js';
import { beforeUserMode } from './signals/deliver.js';
import { faultSignal } from './signals/fault-signal.js';
import { syscallNames } from './syscall-names.js';
import { Sig } from './signals/signal-numbers.js';
import { processOf, systemOf } from './system.js';
import { SysFailure } from './vfs/failure.js';

const SI_KERNEL = 128;
/** What C libraries try, ready to do without. */
const PROBED: ReadonlySet<string> = new Set(['rseq', 'clone3', 'membarrier', 'openat2', 'map_shadow_stack']);

/** A program that tries number after number does not fill the log. */
const MAX_UNKNOWN = 100;

/** The Linux x86-64 system calls, on the same contexts, memory and files as everything else. */
export class LinuxAbi implements Abi {
  readonly name = 'linux';
  readonly #pads = new Map<number, number>();
  readonly #handlers: Handler[] = [];
  readonly #unknown = new Set<number>();

  constructor(pads: PadTable) {
    for (const [number, name] of syscallNames) {
      const handler = linuxHandlers[name];
      if (!handler) continue;
      const pad = pads.add({ name, source: handlerPlace(name) });
      this.#pads.set(number, pad);
      this.#handlers[pad] = withFailures(handler);
    }
  }

  padOf(number: number): number | undefined {
    return this.#pads.get(number);
  }

  handlerOf(pad: number): Handler | undefined {
    return this.#handlers[pad];
  }

  /** Says once by name that a call is not built. */
  unknown(_kernel: Kernel, context: Context, number: number): void {
    const name = syscallNames.get(number) ?? `number ${number}`;
    if (this.#unknown.has(number) || PROBED.has(name) || this.#unknown.size >= MAX_UNKNOWN) return;
    this.#unknown.add(number);
    systemOf(context).log(`${context.name}: system call ${name} is not built, answered ENOSYS`);
  }

  userWork(kernel: Kernel, context: Context, touchFailed: boolean): Outcome {
    return beforeUserMode(kernel, systemOf(context).table, context, touchFailed);
  }

  exception(kernel: Kernel, context: Context, vector: number, errorCode: number, address: number): Outcome {
    context.exception = { vector, errorCode, address };
    const place = {
      rip: Number(kernel.guest(context).frame(FrameLayout.rip)),
      mxcsr: kernel.cpu.registers.mxcsr,
    };
    systemOf(context).table.forceSignal(context, faultSignal(context, context.exception, place));
    return 0;
  }

  /** As Linux does when nothing is left: it ends who wants more. */
  outOfMemory(_kernel: Kernel, context: Context): Outcome {
    const { log, table } = systemOf(context);
    const { name, pid } = processOf(context);
    log(`out of memory: ${name} (process ${pid}) was killed; --memory gives the machine more`);
    table.sendToThread(context, { signal: Sig.KILL, code: SI_KERNEL });
    return 0;
  }

  exited(kernel: Kernel, context: Context): void {
    if (context.space) lastWords(kernel, context, context.space);
    systemOf(context).table.threadExited(context);
  }
}

/** A handler of this ABI may throw SysFailure where others return. */
function withFailures(handler: Handler): Handler {
  return (kernel, context, ...args) => {
    try {
      return handler(kernel, context, ...args);
    } catch (failure) {
      if (failure instanceof SysFailure) return -failure.errno;
      throw failure;
    }
  };
}

/** What a thread leaves in memory: its mutexes, its shared files, the word that says it is gone. */
function lastWords(kernel: Kernel, context: Context, space: AddressSpace): void {
  try {
    releaseRobustMutexes(kernel, context);
    clearChildTid(kernel, context);
  } catch (failure) {
    // No frame is left to write to: whoever waits, waits for nothing.
    if (!(failure instanceof OutOfFrames)) throw failure;
  }
  if (threadOf(context).process.threads.size === 1) writeBack(space, 0, USER_END);
}

/** Tells pthread_join that the thread is gone: a zero word and a futex wake-up. */
function clearChildTid(kernel: Kernel, context: Context): void {
  const { clearChildTid: address, process } = threadOf(context);
  if (address === 0 || process.threads.size < 2 || !context.space) return;
  if (context.space.fault(address, { write: true, execute: false }) !== 0) return;
  const physical = kernel.memory.translateUser(address, context.space.table.root, true);
  if (physical < 0 || address % 4 !== 0) return;
  kernel.memory.write32(physical, 0);
  kernel.futexes.wake(physical, 1);
}
