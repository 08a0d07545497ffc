import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Handler } from '../../gate/abi.js';
import { toI32, toU32 } from '../../gate/arguments.js';
import type { Kernel } from '../../kernel.js';
import { futexWord } from '../../syscalls/futex.js';
import { threadOf } from '../process/thread.js';
import { systemOf } from '../system.js';
import { deadlineOf } from './deadline.js';
import { decodeTimespec } from './timespec.js';

/** linux/futex.h. */
const Op = {
  WAIT: 0,
  WAKE: 1,
  REQUEUE: 3,
  CMP_REQUEUE: 4,
  WAKE_OP: 5,
  WAIT_BITSET: 9,
  WAKE_BITSET: 10,
} as const;
const PRIVATE = 0x80;
const CLOCK_REALTIME = 0x100;
const COMMAND = ~(PRIVATE | CLOCK_REALTIME);
const ANY = 0xffff_ffff;

interface FutexCall {
  readonly kernel: Kernel;
  readonly context: Context;
  readonly address: number;
  readonly op: number;
  readonly value: number;
  readonly timeout: number;
  readonly address2: number;
  readonly value3: number;
}

const operations: Readonly<Record<number, (call: FutexCall) => Outcome>> = {
  [Op.WAIT]: (call) => wait(call, ANY),
  [Op.WAIT_BITSET]: (call) => (toU32(call.value3) === 0 ? -Errno.EINVAL : wait(call, toU32(call.value3))),
  [Op.WAKE]: ({ kernel, context, address, value }) =>
    kernel.futexes.wake(futexWord(kernel, context, address), value),
  [Op.WAKE_BITSET]: ({ kernel, context, address, value, value3 }) => {
    if (toU32(value3) === 0) return -Errno.EINVAL;
    const key = kernel.futexes.key(futexWord(kernel, context, address), ANY);
    return kernel.waits.wake(key, value, (sleeper) => (bitsOf(sleeper) & value3) !== 0);
  },
  [Op.WAKE_OP]: (call) => wakeAndChange(call),
  [Op.REQUEUE]: (call) => requeue(call),
  [Op.CMP_REQUEUE]: (call) => {
    const word = futexWord(call.kernel, call.context, call.address);
    return call.kernel.futexes.value32(word) === toU32(call.value3) ? requeue(call) : -Errno.EAGAIN;
  },
};

export const futex: Handler = (kernel, context, address, opWord, value, timeout, address2, value3) => {
  if (address % 4 !== 0) return -Errno.EINVAL;
  const op = opWord & COMMAND;
  const call = { kernel, context, address, op: opWord, value: toU32(value), timeout, address2, value3 };
  return operations[op]?.(call) ?? -Errno.ENOSYS;
};

/** Only WAIT_BITSET takes an absolute time. */
function wait({ kernel, context, address, op, value, timeout }: FutexCall, bits: number): Outcome {
  if (context.woken === 'event') return 0;
  if (context.woken === 'deadline') return -Errno.ETIMEDOUT;
  const word = futexWord(kernel, context, address);
  if (kernel.futexes.value32(word) !== value) return -Errno.EAGAIN;
  const ns = timeout === 0 ? undefined : decodeTimespec(context, timeout);
  if (timeout !== 0 && ns === undefined) return -Errno.EINVAL;
  const absolute = (op & COMMAND) === Op.WAIT_BITSET;
  const start = !absolute
    ? 0
    : op & CLOCK_REALTIME
      ? kernel.parts.bootTimeNs + kernel.nowNs()
      : kernel.nowNs();
  const untilNs = deadlineOf(kernel, context, ns === undefined ? undefined : ns - start);
  if (context.call) context.call.scratch = { ...context.call.scratch, bits };
  if (untilNs !== undefined && untilNs <= kernel.nowNs()) return -Errno.ETIMEDOUT;
  return { keys: [kernel.futexes.key(word, ANY)], deadlineNs: untilNs };
}

const bitsOf = ({ call }: Context): number => Number(call?.scratch?.['bits'] ?? ANY);

/** FUTEX_WAKE_OP: changes the second word, wakes at the first, and at the second too where its old value compares. */
function wakeAndChange({ kernel, context, address, value, timeout, address2, value3 }: FutexCall): Outcome {
  if (address2 % 4 !== 0) return -Errno.EINVAL;
  const [first, second] = [futexWord(kernel, context, address), futexWord(kernel, context, address2)];
  const code = toU32(value3);
  const operand = signed12(code >>> 12);
  const change = changes[(code >>> 28) & 7];
  const compare = comparisons[(code >>> 24) & 15];
  if (!change || !compare) return -Errno.ENOSYS;
  const old = kernel.futexes.value32(second) | 0;
  kernel.memory.write32(second, change(old, code & SHIFT_OPERAND ? 1 << (operand & 31) : operand) >>> 0);
  const woken = kernel.futexes.wake(first, value);
  return compare(old, signed12(code)) ? woken + kernel.futexes.wake(second, toU32(timeout)) : woken;
}

const SHIFT_OPERAND = 1 << 31;
const signed12 = (bits: number) => (bits << 20) >> 20;
/** Set, add, or, and-not, exclusive or. */
const changes: readonly ((old: number, operand: number) => number)[] = [
  (_old, operand) => operand,
  (old, operand) => old + operand,
  (old, operand) => old | operand,
  (old, operand) => old & ~operand,
  (old, operand) => old ^ operand,
];
const comparisons: readonly ((old: number, operand: number) => boolean)[] = [
  (old, operand) => old === operand,
  (old, operand) => old !== operand,
  (old, operand) => old < operand,
  (old, operand) => old <= operand,
  (old, operand) => old > operand,
  (old, operand) => old >= operand,
];

/** Wakes some and lets the rest wait at another word. */
function requeue({ kernel, context, address, value, timeout, address2 }: FutexCall): Outcome {
  const from = futexWord(kernel, context, address);
  const to = futexWord(kernel, context, address2);
  const woken = kernel.futexes.wake(from, value);
  return woken + kernel.waits.requeue(kernel.futexes.key(from), kernel.futexes.key(to), toU32(timeout));
}

export const set_robust_list: Handler = (_kernel, context, head, length) => {
  if (length !== ROBUST_HEAD_BYTES) return -Errno.EINVAL;
  // What is no address leads to no list.
  threadOf(context).robustList = head >= 0 ? head : 0;
  return 0;
};

export const get_robust_list: Handler = (_kernel, context, tid, headPointer, lengthPointer) => {
  const target = tid === 0 ? context : systemOf(context).table.threadContext(toI32(tid));
  if (!target) return -Errno.ESRCH;
  for (const pointer of [headPointer, lengthPointer]) context.user.prepareWrite(pointer, 8);
  context.user.write(headPointer, word64(threadOf(target).robustList));
  context.user.write(lengthPointer, word64(ROBUST_HEAD_BYTES));
  return 0;
};

const ROBUST_HEAD_BYTES = 24;

function word64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
