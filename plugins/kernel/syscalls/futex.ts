import { Errno } from '../../../core/abi/errno.js';
import { FutexOp } from '../../../core/abi/flags.js';
import { TimeSpec } from '../../../core/abi/structs.js';
import type { Context } from '../contexts/context.js';
import { waitFor, waitUntil } from '../contexts/outcome.js';
import type { Outcome } from '../contexts/outcome.js';
import type { Handler } from '../gate/abi.js';
import type { Kernel } from '../kernel.js';
import { BadPointer, UserFault } from '../memory/user-memory.js';
import { decodeTime } from './time.js';

export const futex: Handler = (kernel, context, address, op, value, value2) => {
  if (op === FutexOp.WAIT) return wait(kernel, context, { address, value, timeout: value2, bytes: 4 });
  if (op === FutexOp.WAIT64) return wait(kernel, context, { address, value, timeout: value2, bytes: 8 });
  if (op !== FutexOp.WAKE || address % 4 !== 0) return -Errno.EINVAL;
  return kernel.futexes.wake(futexWord(kernel, context, address), value);
};

interface WaitArguments {
  readonly address: number;
  readonly value: number;
  /** Pointer to an absolute monotonic deadline, or 0. */
  readonly timeout: number;
  readonly bytes: 4 | 8;
}

function wait(kernel: Kernel, context: Context, { address, value, timeout, bytes }: WaitArguments): Outcome {
  if (address % bytes !== 0) return -Errno.EINVAL;
  if (context.woken === 'deadline') return -Errno.ETIMEDOUT;
  if (context.woken !== undefined) return 0;
  const physical = futexWord(kernel, context, address);
  if (!holds(kernel, physical, value, bytes)) return -Errno.EAGAIN;
  const key = kernel.futexes.key(physical);
  if (timeout === 0) return waitFor(key);
  const deadline = decodeTime(context.user.read(timeout, TimeSpec.sizeBytes));
  return deadline === undefined ? -Errno.EINVAL : waitUntil(deadline, key);
}

function holds(kernel: Kernel, physical: number, value: number, bytes: 4 | 8): boolean {
  if (bytes === 8) return BigInt.asIntN(64, kernel.futexes.value64(physical)) === BigInt(value);
  return kernel.futexes.value32(physical) === value >>> 0;
}

/** Physical address of the word. A private page is made writable first, so that its frame stays. */
export function futexWord(kernel: Kernel, context: Context, address: number): number {
  if (!context.space || !(address >= 0 && address < 2 ** 47)) throw new BadPointer();
  const physical = kernel.memory.translateUser(address, context.space.table.root, true);
  if (physical < 0) throw new UserFault(address, true);
  return physical;
}
