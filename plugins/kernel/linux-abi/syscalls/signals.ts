import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitFor, waitUntil } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Handler } from '../../gate/abi.js';
import { FrameLayout } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';
import { dropPending } from '../process/process-table.js';
import { onAlternateStack, SS_DISABLE, SS_ONSTACK, signalKey, threadOf } from '../process/thread.js';
import { DEFAULT_ACTION, isIgnored } from '../signals/signal-action.js';
import { encodeSiginfo, restoreSignalFrame } from '../signals/signal-frame.js';
import { isSignal, Sig, signalBit, UNBLOCKABLE } from '../signals/signal-numbers.js';
import { processOf } from '../system.js';
import { decodeTimespec } from './timespec.js';

const SIGSET_BYTES = 8;
const ACTION_BYTES = 32;
const STACK_BYTES = 24;
const MIN_ALTERNATE_STACK = 2048;
const How = { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 } as const;

export const rt_sigaction: Handler = (_kernel, context, signal, pointer, oldPointer, size) => {
  if (size !== SIGSET_BYTES || !isSignal(signal)) return -Errno.EINVAL;
  const fixed = signal === Sig.KILL || signal === Sig.STOP;
  if (pointer !== 0 && fixed) return -Errno.EINVAL;
  const process = processOf(context);
  const next = pointer === 0 ? undefined : decodeAction(context.user.read(pointer, ACTION_BYTES));
  if (oldPointer !== 0)
    context.user.write(oldPointer, encodeAction(process.actions[signal] ?? DEFAULT_ACTION));
  if (!next) return 0;
  process.actions[signal] = next;
  if (isIgnored(next, signal)) dropPending(process, signalBit(signal));
  return 0;
};

/** struct kernel_sigaction: handler, flags, restorer, mask. */
function decodeAction(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  return {
    handler: word(0),
    flags: word(8),
    restorer: word(16),
    mask: view.getBigUint64(24, true) & ~UNBLOCKABLE,
  };
}

function encodeAction({ handler, flags, restorer, mask }: ReturnType<typeof decodeAction>): Uint8Array {
  const bytes = new Uint8Array(ACTION_BYTES);
  const view = new DataView(bytes.buffer);
  [BigInt(handler), BigInt(flags), BigInt(restorer), mask].forEach((word, index) =>
    view.setBigUint64(index * 8, word, true),
  );
  return bytes;
}

export const rt_sigprocmask: Handler = (kernel, context, how, pointer, oldPointer, size) => {
  if (size !== SIGSET_BYTES) return -Errno.EINVAL;
  const thread = threadOf(context);
  const set = pointer === 0 ? undefined : readSet(context, pointer);
  if (oldPointer !== 0) context.user.write(oldPointer, encodeSet(thread.blocked));
  if (set === undefined) return 0;
  const blocked = {
    [How.BLOCK]: thread.blocked | set,
    [How.UNBLOCK]: thread.blocked & ~set,
    [How.SETMASK]: set,
  }[how];
  if (blocked === undefined) return -Errno.EINVAL;
  setBlocked(kernel, context, blocked);
  return 0;
};

/** Unblocked signals that stand by are taken before the return to user mode. */
export function setBlocked(kernel: Kernel, context: Context, blocked: bigint): void {
  const thread = threadOf(context);
  thread.blocked = blocked & ~UNBLOCKABLE;
  if ((thread.pending.set | thread.process.pending.set) & ~thread.blocked) kernel.interrupt(context);
}

export function readSet(context: Context, pointer: number): bigint {
  const bytes = context.user.read(pointer, SIGSET_BYTES);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

function encodeSet(set: bigint): Uint8Array {
  const bytes = new Uint8Array(SIGSET_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, set, true);
  return bytes;
}

export const rt_sigpending: Handler = (_kernel, context, pointer, size) => {
  if (size !== SIGSET_BYTES) return -Errno.EINVAL;
  const { pending, process, blocked } = threadOf(context);
  context.user.write(pointer, encodeSet((pending.set | process.pending.set) & blocked));
  return 0;
};

export const rt_sigsuspend: Handler = (kernel, context, pointer, size) => {
  if (size !== SIGSET_BYTES) return -Errno.EINVAL;
  const thread = threadOf(context);
  if (context.call && !context.call.scratch) {
    const mask = readSet(context, pointer);
    context.call.scratch = {};
    thread.savedMask ??= thread.blocked;
    setBlocked(kernel, context, mask);
  }
  return waitFor(signalKey(thread.tid));
};

export const pause: Handler = (_kernel, context) => waitFor(signalKey(threadOf(context).tid));

export const rt_sigtimedwait: Handler = (kernel, context, setPointer, infoPointer, timePointer, size) => {
  if (size !== SIGSET_BYTES) return -Errno.EINVAL;
  const thread = threadOf(context);
  const set = readSet(context, setPointer);
  if (infoPointer !== 0) context.user.prepareWrite(infoPointer, 128);
  const info = thread.pending.take(set) ?? thread.process.pending.take(set);
  if (info) {
    if (infoPointer !== 0) context.user.write(infoPointer, encodeSiginfo(info));
    context.interrupted = false;
    return info.signal;
  }
  return timedWait(kernel, context, timePointer);
};

function timedWait(kernel: Kernel, context: Context, timePointer: number): Outcome {
  // A signal of the set wakes although it is blocked, so the wait looks for itself what came.
  const key = signalKey(threadOf(context).tid);
  if (context.woken === 'deadline') return -Errno.EAGAIN;
  if (timePointer === 0) return waitFor(key);
  const { call } = context;
  if (call && !call.scratch) {
    const ns = decodeTimespec(context, timePointer);
    if (ns === undefined) return -Errno.EINVAL;
    if (ns === 0) return -Errno.EAGAIN;
    call.scratch = { untilNs: kernel.nowNs() + ns };
  }
  return waitUntil(Number(call?.scratch?.['untilNs']), key);
}

export const rt_sigreturn: Handler = (kernel, context) => {
  const guest = kernel.guest(context);
  restoreSignalFrame(kernel, context, Number(guest.frame(FrameLayout.rsp)) - 8);
  const thread = threadOf(context);
  setBlocked(kernel, context, thread.blocked);
  return resultAsInterrupted(kernel, context, guest.frame(FrameLayout.rax));
};

/** The pad's result is stored to rax, where what was interrupted must find its own value, all 64 bits of it. */
function resultAsInterrupted(kernel: Kernel, context: Context, rax: bigint): number {
  const result = Number(BigInt.asIntN(64, rax));
  if (Number.isSafeInteger(result)) return result;
  threadOf(context).wideRax = rax;
  kernel.interrupt(context);
  return result;
}

export const sigaltstack: Handler = (kernel, context, pointer, oldPointer) => {
  const thread = threadOf(context);
  const rsp = kernel.guest(context).frame(FrameLayout.rsp);
  const active = onAlternateStack(thread, rsp);
  const next = pointer === 0 ? undefined : decodeStack(context.user.read(pointer, STACK_BYTES));
  if (oldPointer !== 0) {
    const { base, size, flags } = thread.alternateStack;
    context.user.write(
      oldPointer,
      encodeStack(base, flags & SS_DISABLE ? SS_DISABLE : active ? SS_ONSTACK : 0, size),
    );
  }
  if (!next) return 0;
  if (active) return -Errno.EPERM;
  if (next.flags & ~(SS_DISABLE | SS_ONSTACK)) return -Errno.EINVAL;
  if (!(next.flags & SS_DISABLE) && next.size < MIN_ALTERNATE_STACK) return -Errno.ENOMEM;
  thread.alternateStack =
    next.flags & SS_DISABLE ? { base: 0, size: 0, flags: SS_DISABLE } : { ...next, flags: 0 };
  return 0;
};

function decodeStack(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    base: Number(view.getBigUint64(0, true)),
    flags: view.getInt32(8, true),
    size: Number(view.getBigUint64(16, true)),
  };
}

function encodeStack(base: number, flags: number, size: number): Uint8Array {
  const bytes = new Uint8Array(STACK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(base), true);
  view.setInt32(8, flags, true);
  view.setBigUint64(16, BigInt(size), true);
  return bytes;
}
