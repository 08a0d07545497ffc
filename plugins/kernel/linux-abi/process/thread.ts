import type { Context } from '../../contexts/context.js';
import { SignalQueue } from '../signals/signal-queue.js';
import type { LinuxProcess } from './process.js';

export interface AlternateStack {
  readonly base: number;
  readonly size: number;
  readonly flags: number;
}

export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;

/** What a Linux thread has to itself; the personality of its context. */
export class LinuxThread {
  readonly pending = new SignalQueue();
  /** Bit n - 1 stands for signal n. */
  blocked = 0n;
  /** The mask to return to when sigsuspend, ppoll or pselect is over. */
  savedMask: bigint | undefined;
  alternateStack: AlternateStack = { base: 0, size: 0, flags: SS_DISABLE };
  /** When the last timed call was to end, and when the one that is about to be made again is. */
  lastUntilNs: number | undefined;
  restartUntilNs: number | undefined;
  /** For rax on the way back to user mode, where a pad's result, a number, is too narrow. */
  wideRax: bigint | undefined;
  clearChildTid = 0;
  robustList = 0;
  /** Descriptors that exec closes. Shared with whom the table is shared with. */
  closeOnExec = new Set<number>();

  constructor(
    readonly tid: number,
    public process: LinuxProcess,
  ) {}
}

/** Woken when a signal becomes pending for the thread, blocked or not. */
export const signalKey = (tid: number): string => `linux:signal:${tid}`;

export const onAlternateStack = (
  { alternateStack: { base, size, flags } }: LinuxThread,
  rsp: bigint,
): boolean => !(flags & SS_DISABLE) && Number(rsp) >= base && Number(rsp) < base + size;

/** The thread behind a context of this ABI. */
export function threadOf(context: Context): LinuxThread {
  if (context.personality instanceof LinuxThread) return context.personality;
  throw new Error(`context ${context.id} is no Linux thread`);
}
