import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { Poll } from '../files/open-file.js';
import { threadOf } from '../process/thread.js';
import { systemOf } from '../system.js';
import { deadlineOf } from './deadline.js';
import { setBlocked, readSet } from './signals.js';
import { decodeTimespec, decodeTimeval, encodeTimespec, encodeTimeval } from './timespec.js';

const POLLFD_BYTES = 8;
const MAX_POLLED = 1024;
const NS_PER_MS = 1e6;
const ALWAYS = Poll.IN | Poll.OUT | Poll.RDNORM | Poll.WRNORM;

/** What holds for a descriptor now, and what would tell of a change. */
function lookAt(context: Context, fd: number): { readonly events: number; readonly keys: readonly string[] } {
  const description = context.files?.get(fd);
  if (!description) return { events: Poll.NVAL, keys: [] };
  return systemOf(context).files.fileOf(description)?.poll?.(context) ?? { events: ALWAYS, keys: [] };
}

interface Polled {
  readonly count: number;
  readonly keys: readonly string[];
}

/** Answers when something is ready or time is up; otherwise waits for whatever may change that. */
function answerOrWait(
  kernel: Kernel,
  { count, keys }: Polled,
  untilNs: number | undefined,
  finish: () => void,
): Outcome {
  if (count === 0 && (untilNs === undefined || kernel.nowNs() < untilNs)) {
    return { keys, ...(untilNs === undefined ? {} : { deadlineNs: untilNs }) };
  }
  finish();
  return count;
}

export const poll: Handler = (kernel, context, pointer, count, timeoutMs) => {
  const ms = timeoutMs | 0;
  return pollFds(kernel, context, pointer, count, ms < 0 ? undefined : ms * NS_PER_MS);
};

export const ppoll: Handler = (kernel, context, pointer, count, timePointer, maskPointer) => {
  const delayNs = timePointer === 0 ? undefined : decodeTimespec(context, timePointer);
  if (timePointer !== 0 && delayNs === undefined) return -Errno.EINVAL;
  return withMask(kernel, context, maskPointer, () => pollFds(kernel, context, pointer, count, delayNs));
};

function pollFds(
  kernel: Kernel,
  context: Context,
  pointer: number,
  count: number,
  delayNs: number | undefined,
): Outcome {
  if (!(count >= 0 && count <= MAX_POLLED)) return -Errno.EINVAL;
  context.user.prepareWrite(pointer, count * POLLFD_BYTES);
  const bytes = context.user.read(pointer, count * POLLFD_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const keys: string[] = [];
  let ready = 0;
  for (let at = 0; at < bytes.length; at += POLLFD_BYTES) {
    const fd = view.getInt32(at, true);
    const wanted = view.getUint16(at + 4, true) | Poll.ERR | Poll.HUP | Poll.NVAL;
    const found = fd < 0 ? { events: 0, keys: [] } : lookAt(context, fd);
    const happened = found.events & wanted;
    view.setUint16(at + 6, happened, true);
    if (happened !== 0) ready += 1;
    keys.push(...found.keys);
  }
  const untilNs = deadlineOf(kernel, context, delayNs);
  return answerOrWait(kernel, { count: ready, keys }, untilNs, () => context.user.write(pointer, bytes));
}

export const select: Handler = (kernel, context, count, reads, writes, excepts, timePointer) => {
  const delayNs = timePointer === 0 ? undefined : decodeTimeval(context, timePointer);
  if (timePointer !== 0 && delayNs === undefined) return -Errno.EINVAL;
  const left = (ns: number) => writeLeft(context, timePointer, encodeTimeval(ns));
  return selectFds(kernel, context, { count, sets: [reads, writes, excepts], delayNs, left });
};

function writeLeft(context: Context, pointer: number, left: Uint8Array): void {
  if (pointer !== 0) context.user.write(pointer, left);
}

export const pselect6: Handler = (
  kernel,
  context,
  count,
  reads,
  writes,
  excepts,
  timePointer,
  maskArgument,
) => {
  const delayNs = timePointer === 0 ? undefined : decodeTimespec(context, timePointer);
  if (timePointer !== 0 && delayNs === undefined) return -Errno.EINVAL;
  const mask = maskArgument === 0 ? 0 : maskPointerAt(context, maskArgument);
  const left = (ns: number) => writeLeft(context, timePointer, encodeTimespec(ns));
  return withMask(kernel, context, mask, () =>
    selectFds(kernel, context, { count, sets: [reads, writes, excepts], delayNs, left }),
  );
};

function maskPointerAt(context: Context, pointer: number): number {
  const bytes = context.user.read(pointer, 8);
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
}

interface SelectRequest {
  readonly count: number;
  readonly sets: readonly [number, number, number];
  readonly delayNs: number | undefined;
  /** Tells the program how much of its time is left. */
  readonly left: (ns: number) => void;
}

/** What each of the three sets asks for. */
const SET_EVENTS = [Poll.IN | Poll.HUP | Poll.ERR, Poll.OUT | Poll.ERR, Poll.PRI] as const;

function selectFds(kernel: Kernel, context: Context, { count, sets, delayNs, left }: SelectRequest): Outcome {
  if (!(count >= 0 && count <= MAX_POLLED)) return -Errno.EINVAL;
  const length = Math.ceil(count / 64) * 8;
  for (const pointer of sets) if (pointer !== 0) context.user.prepareWrite(pointer, length);
  const wanted = sets.map((pointer) => (pointer === 0 ? undefined : context.user.read(pointer, length)));
  const found = wanted.map((set) => set && new Uint8Array(length));
  const keys: string[] = [];
  let ready = 0;
  for (let fd = 0; fd < count; fd++) {
    if (!wanted.some((set) => hasBit(set, fd))) continue;
    const look = lookAt(context, fd);
    if (look.events & Poll.NVAL) return -Errno.EBADF;
    keys.push(...look.keys);
    wanted.forEach((set, index) => {
      if (!hasBit(set, fd) || !(look.events & (SET_EVENTS[index] ?? 0))) return;
      setBit(found[index], fd);
      ready += 1;
    });
  }
  const untilNs = deadlineOf(kernel, context, delayNs);
  return answerOrWait(kernel, { count: ready, keys }, untilNs, () => {
    sets.forEach((pointer, index) => {
      const bits = found[index];
      if (pointer !== 0 && bits) context.user.write(pointer, bits);
    });
    if (untilNs !== undefined) left(Math.max(0, untilNs - kernel.nowNs()));
  });
}

const hasBit = (set: Uint8Array | undefined, bit: number): boolean =>
  (((set?.[bit >> 3] ?? 0) >> (bit & 7)) & 1) !== 0;

function setBit(set: Uint8Array | undefined, bit: number): void {
  if (set) set[bit >> 3] = (set[bit >> 3] ?? 0) | (1 << (bit & 7));
}

/** Another signal mask for the time of the call; user mode is entered again with the old one. */
export function withMask(
  kernel: Kernel,
  context: Context,
  maskPointer: number,
  call: () => Outcome,
): Outcome {
  const thread = threadOf(context);
  if (maskPointer !== 0 && thread.savedMask === undefined) {
    const mask = readSet(context, maskPointer);
    thread.savedMask = thread.blocked;
    setBlocked(kernel, context, mask);
    kernel.interrupt(context);
    context.interrupted = ((thread.pending.set | thread.process.pending.set) & ~thread.blocked) !== 0n;
  }
  return call();
}
