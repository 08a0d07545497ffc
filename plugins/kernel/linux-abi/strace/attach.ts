import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Gate } from '../../gate/gate.js';
import { FrameLayout } from '../../image/layout.js';
import { toU32 } from '../../gate/arguments.js';
import type { Kernel } from '../../kernel.js';
import { USER_END } from '../../memory/address-space.js';
import { OutOfFrames, PAGE_BYTES, pageFloor } from '../../memory/frames.js';
import type { ProgramImage } from '../process/process.js';
import { LinuxThread } from '../process/thread.js';
import { encodeSiginfo } from '../signals/signal-frame.js';
import { syscallNames } from '../syscall-names.js';
import type { LinuxSystem } from '../system.js';
import type { TraceMemory } from './kind.js';
import { restartOf } from './results.js';
import { Tracer } from './tracer.js';

const ARGUMENTS = [
  FrameLayout.rdi,
  FrameLayout.rsi,
  FrameLayout.rdx,
  FrameLayout.r10,
  FrameLayout.r8,
  FrameLayout.r9,
] as const;
const EXECVE = 59;
const RT_SIGRETURN = 15;
const FIRST_PROCESS = 1;
/** What a call finds elsewhere than in its arguments. */
const argumentsOf: Readonly<Record<number, readonly number[]>> = { [RT_SIGRETURN]: [FrameLayout.rsp] };

/** Prints every system call, signal and end of the system's threads to `write`. Answers the undo. */
export function traceSystem(
  { kernel, table }: LinuxSystem,
  { taps }: Gate,
  write: (text: string) => void,
): () => void {
  const tracer = new Tracer(write);
  const finished = taps.syscallExit;
  const names = new Map<number, string>();
  taps.syscallEnter = (context, number) => {
    const tid = tidOf(context);
    if (tid === undefined) return;
    names.set(tid, syscallNames.get(number) ?? '');
    const guest = kernel.guest(context);
    const args = (argumentsOf[number] ?? ARGUMENTS).map((register) => guest.frame(register));
    tracer.enter({ tid, number: toU32(number), args, memory: memoryOf(kernel, context) });
  };
  table.onExecuted = (process, context) => {
    table.onExecuted = () => undefined;
    const tid = tidOf(context);
    if (tid !== FIRST_PROCESS || !process.image) return;
    tracer.enter({ tid, number: EXECVE, ...firstExecution(kernel, process.image, context) });
    tracer.exit(tid, 0);
  };
  table.onStopped = (process, signal) => {
    for (const tid of process.threads.keys()) tracer.stopped(tid, signal);
  };
  taps.syscallExit = (context, pad, result) => {
    finished?.(context, pad, result);
    const tid = tidOf(context);
    if (tid === undefined || context.killed) return;
    tracer.exit(tid, result === -Errno.EINTR ? -restartOf(names.get(tid) ?? '') : result);
  };
  table.onSignal = (context, info) => {
    const tid = tidOf(context);
    if (tid !== undefined) tracer.signal(tid, info.signal, encodeSiginfo(info));
  };
  table.onThreadExit = ({ tid, process: { status } }) => {
    names.delete(tid);
    tracer.exited(tid, status?.kind === 'killed' ? status : { status: status?.code ?? 0 });
  };
  return () => {
    taps.syscallEnter = undefined;
    taps.syscallExit = finished;
    table.onSignal = undefined;
    table.onStopped = undefined;
    table.onThreadExit = undefined;
  };
}

/** The one that nobody called: how the first program came to be. */
function firstExecution(
  kernel: Kernel,
  image: ProgramImage,
  context: Context,
): { args: bigint[]; memory: TraceMemory } {
  const memory = memoryOf(kernel, context);
  const stack = kernel.guest(context).frame(FrameLayout.rsp);
  const count = BigInt(image.argv.length);
  const path = BigInt(image.argumentsEnd - image.path.length - 1);
  return { args: [path, stack + 8n, stack + 8n * (count + 2n)], memory };
}

const tidOf = ({ personality }: Context): number | undefined =>
  personality instanceof LinuxThread ? personality.tid : undefined;

/** The program's memory, brought in where it is mapped but not there yet. */
function memoryOf(kernel: Kernel, context: Context): TraceMemory {
  return {
    read(pointer, length) {
      const valid = pointer >= 0 && length >= 0 && pointer + length <= USER_END;
      if (!valid || !context.space || !isResident(context, pointer, length)) return undefined;
      return kernel.memory.readLinear(BigInt(pointer), length, BigInt(context.space.table.root));
    },
  };
}

function isResident({ space }: Context, pointer: number, length: number): boolean {
  try {
    for (let page = pageFloor(pointer); page < pointer + length; page += PAGE_BYTES) {
      if (space?.fault(Math.max(page, pointer), { write: false, execute: false }) !== 0) return false;
    }
    return true;
  } catch (failure) {
    if (failure instanceof OutOfFrames) return false;
    throw failure;
  }
}
