import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitFor, waitUntil } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Handler } from '../../gate/abi.js';
import { toU32 } from '../../gate/arguments.js';
import type { Kernel } from '../../kernel.js';
import { futexWord } from '../../syscalls/futex.js';
import { threadOf } from '../process/thread.js';
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
  [Op.WAIT]: (call) => wait(call, false),
  [Op.WAIT_BITSET]: (call) => (call.value3 === 0 ? -Errno.EINVAL : wait(call, true)),
  [Op.WAKE]: ({ kernel, context, address, value }) =>
    kernel.futexes.wake(futexWord(kernel, context, address), value),
  [Op.WAKE_BITSET]: ({ kernel, context, address, value }) =>
    kernel.futexes.wake(futexWord(kernel, context, address), value),
  [Op.REQUEUE]: (call) => requeue(call),
  [Op.CMP_REQUEUE]: (call) => {
    const word = futexWord(call.kernel, call.context, call.address);
    return call.kernel.futexes.value32(word) === toU32(call.value3) ? requeue(call) : -Errno.EAGAIN;
  },
};

export const futex: Handler = (kernel, context, address, opWord, value, timeout, address2, value3) => {
  if (address % 4 !== 0) return -Errno.EINVAL;
  const op = opWord & ~(PRIVATE | CLOCK_REALTIME);
  const call = { kernel, context, address, op: opWord, value: toU32(value), timeout, address2, value3 };
  return operations[op]?.(call) ?? -Errno.ENOSYS;
};

function wait({ kernel, context, address, op, value, timeout }: FutexCall, absolute: boolean): Outcome {
  if (context.woken === 'event') return 0;
  if (context.woken === 'deadline') return -Errno.ETIMEDOUT;
  const word = futexWord(kernel, context, address);
  if (kernel.futexes.value32(word) !== value) return -Errno.EAGAIN;
  const key = kernel.futexes.key(word, ANY);
  if (timeout === 0) return waitFor(key);
  const ns = decodeTimespec(context, timeout);
  if (ns === undefined) return -Errno.EINVAL;
  if (!absolute) return waitUntil(kernel.nowNs() + ns, key);
  return waitUntil(op & CLOCK_REALTIME ? ns - kernel.parts.bootTimeNs : ns, key);
}

/** Wakes some and lets the rest wait at another word. */
function requeue({ kernel, context, address, value, timeout, address2 }: FutexCall): Outcome {
  const from = futexWord(kernel, context, address);
  const to = futexWord(kernel, context, address2);
  const woken = kernel.futexes.wake(from, value);
  return woken + kernel.waits.requeue(kernel.futexes.key(from), kernel.futexes.key(to), toU32(timeout));
}

export const set_robust_list: Handler = (_kernel, context, head, length) => {
  if (length !== 24) return -Errno.EINVAL;
  threadOf(context).robustList = head;
  return 0;
};
