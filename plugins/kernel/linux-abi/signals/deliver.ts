import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { AGAIN, waitFor } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import { FrameLayout } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';
import { BadPointer, UserFault } from '../../memory/user-memory.js';
import { isOrphanedGroup } from '../process/job-control.js';
import { stopKey } from '../process/process-table.js';
import type { ProcessTable } from '../process/process-table.js';
import { SS_DISABLE, threadOf } from '../process/thread.js';
import type { LinuxThread } from '../process/thread.js';
import { SYSCALL_INSTRUCTION_BYTES, keepsDeadline, notRestarted } from './restart.js';
import { buildSignalFrame, SIGNAL_FRAME_BYTES } from './signal-frame.js';
import { SaFlag, SIG_DFL, SIG_IGN, DEFAULT_ACTION } from './signal-action.js';
import type { SignalAction } from './signal-action.js';
import { defaultAction, Sig, signalBit, UNBLOCKABLE } from './signal-numbers.js';
import type { SignalInfo } from './signal-queue.js';

const RED_ZONE_BYTES = 128;
const CLEARED_FLAGS = 0x100n | 0x400n | 0x10000n;

/** What stands by before a thread goes back to user mode: its end, a stop, signals. */
export function beforeUserMode(
  kernel: Kernel,
  table: ProcessTable,
  context: Context,
  touchFailed: boolean,
): Outcome {
  const thread = threadOf(context);
  const { process } = thread;
  if (process.status) {
    context.killed = true;
    return 0;
  }
  if (touchFailed) return killBySegv(table, context);
  context.interrupted = false;
  restoreWideRax(kernel, context);
  for (let taken = takeSignal(thread); taken; taken = takeSignal(thread)) {
    const info = table.inspectSignal?.(context, taken) ?? taken;
    if (info === 'drop') continue;
    if (info === 'hold') {
      thread.pending.push(taken);
      return AGAIN;
    }
    const action = process.actions[info.signal] ?? DEFAULT_ACTION;
    if (action.handler !== SIG_DFL && action.handler !== SIG_IGN) {
      enterHandler(kernel, table, context, info, action);
    } else {
      table.onSignal?.(context, info);
      if (action.handler === SIG_DFL) byDefault(table, context, info);
    }
    if (context.killed) return 0;
  }
  restart(kernel, context, undefined);
  restoreMask(thread);
  return process.stopped ? { ...waitFor(stopKey(process)), onSignal: 'retry' } : 0;
}

function restoreWideRax(kernel: Kernel, context: Context): void {
  const thread = threadOf(context);
  if (thread.wideRax !== undefined) kernel.guest(context).setFrame(FrameLayout.rax, thread.wideRax);
  thread.wideRax = undefined;
}

function takeSignal(thread: LinuxThread): SignalInfo | undefined {
  const allowed = ~(thread.blocked & ~UNBLOCKABLE);
  if (thread.process.stopped) return thread.process.pending.take(signalBit(Sig.KILL));
  return thread.pending.take(allowed) ?? thread.process.pending.take(allowed);
}

function byDefault(table: ProcessTable, context: Context, info: SignalInfo): void {
  const { process } = threadOf(context);
  const action = defaultAction(info.signal);
  if (action === 'ignore' || action === 'continue') return;
  if (action === 'stop') {
    const kept = info.signal !== Sig.STOP && isOrphanedGroup(table, process.pgid);
    if (!kept) table.stop(process, info.signal);
    return;
  }
  table.onKilled(process, info, context);
  table.exitGroup(process, { kind: 'killed', signal: info.signal, core: action === 'core' });
  context.killed = true;
}

function killBySegv(table: ProcessTable, context: Context): Outcome {
  byDefault(table, context, { signal: Sig.SEGV, code: 128 });
  return 0;
}

/** Writes the frame to the user's stack first: only when that has worked does anything change. */
function enterHandler(
  kernel: Kernel,
  table: ProcessTable,
  context: Context,
  info: SignalInfo,
  action: SignalAction,
): void {
  const thread = threadOf(context);
  const guest = kernel.guest(context);
  const rewound = restartState(kernel, context, action);
  const stack = frameAddress(thread, action, guest.frame(FrameLayout.rsp));
  const mask = thread.savedMask ?? thread.blocked;
  try {
    const bytes = buildSignalFrame(kernel, context, { info, action, mask, address: stack, ...rewound });
    context.user.write(stack, bytes);
  } catch (failure) {
    // The signal is not lost: the call is made again once the page is there.
    if (failure instanceof UserFault) thread.pending.push(info);
    if (!(failure instanceof BadPointer)) throw failure;
    killBySegv(table, context);
    return;
  }
  table.onSignal?.(context, info);
  if (rewound.rip !== guest.frame(FrameLayout.rip)) restart(kernel, context, action);
  thread.restartUntilNs = undefined;
  jumpToHandler(kernel, context, info, action, stack);
  blockForHandler(thread, info, action);
}

function frameAddress(thread: LinuxThread, action: SignalAction, rsp: bigint): number {
  const { base, size, flags } = thread.alternateStack;
  const current = Number(rsp);
  const onAlternate = current >= base && current < base + size;
  const switches = (action.flags & SaFlag.ONSTACK) !== 0 && !(flags & SS_DISABLE) && !onAlternate;
  const top = switches ? base + size : current - RED_ZONE_BYTES;
  // The frame starts with the return address, so that rsp + 8 is 16-byte aligned at the handler's entry.
  return Math.floor((top - SIGNAL_FRAME_BYTES) / 64) * 64 - 8;
}

function jumpToHandler(
  kernel: Kernel,
  context: Context,
  info: SignalInfo,
  action: SignalAction,
  stack: number,
): void {
  const guest = kernel.guest(context);
  const values: [number, number][] = [
    [FrameLayout.rdi, info.signal],
    [FrameLayout.rsi, stack + SIGINFO_OFFSET],
    [FrameLayout.rdx, stack + UCONTEXT_OFFSET],
    [FrameLayout.rax, 0],
    [FrameLayout.rsp, stack],
    [FrameLayout.rip, action.handler],
  ];
  for (const [offset, value] of values) guest.setFrame(offset, BigInt(value));
  guest.setFrame(FrameLayout.rflags, guest.frame(FrameLayout.rflags) & ~CLEARED_FLAGS);
  guest.setFrame(FrameLayout.origRax, -1n);
}

const UCONTEXT_OFFSET = 8;
const SIGINFO_OFFSET = 8 + 304;

function blockForHandler(thread: LinuxThread, info: SignalInfo, action: SignalAction): void {
  thread.savedMask = undefined;
  thread.blocked |= action.mask;
  if (!(action.flags & SaFlag.NODEFER)) thread.blocked |= signalBit(info.signal);
  thread.blocked &= ~UNBLOCKABLE;
  if (action.flags & SaFlag.RESETHAND) thread.process.actions[info.signal] = { ...action, handler: SIG_DFL };
}

function restoreMask(thread: LinuxThread): void {
  if (thread.savedMask === undefined) return;
  thread.blocked = thread.savedMask;
  thread.savedMask = undefined;
}

/** rip and rax as they would be if the interrupted call were made again, or as they are. */
function restartState(
  kernel: Kernel,
  context: Context,
  action: SignalAction | undefined,
): { rip: bigint; rax: bigint } {
  const guest = kernel.guest(context);
  const rip = guest.frame(FrameLayout.rip);
  const rax = guest.frame(FrameLayout.rax);
  const number = guest.frame(FrameLayout.origRax);
  const interrupted = BigInt.asIntN(64, number) >= 0n && BigInt.asIntN(64, rax) === BigInt(-Errno.EINTR);
  if (!interrupted || notRestarted(Number(number), action)) return { rip, rax };
  return { rip: rip - BigInt(SYSCALL_INSTRUCTION_BYTES), rax: number };
}

function restart(kernel: Kernel, context: Context, action: SignalAction | undefined): void {
  const guest = kernel.guest(context);
  const { rip, rax } = restartState(kernel, context, action);
  if (rip === guest.frame(FrameLayout.rip)) return;
  guest.setFrame(FrameLayout.rip, rip);
  guest.setFrame(FrameLayout.rax, rax);
  const thread = threadOf(context);
  thread.restartUntilNs = keepsDeadline(Number(rax)) ? thread.lastUntilNs : undefined;
}
