import type { Context } from '../../contexts/context.js';
import type { Kernel } from '../../kernel.js';
import { threadOf } from './thread.js';

/** linux/futex.h. */
const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_OWNER_DIED = 0x4000_0000;
const FUTEX_TID_MASK = 0x3fff_ffff;
const LIST_LIMIT = 2048;
/** Bit 0 of a pointer marks a priority-inheriting mutex. */
const POINTER_MASK = ~1n;

/** A dead thread's mutexes pass to whoever waits for them (linux/futex.h: struct robust_list_head). */
export function releaseRobustMutexes(kernel: Kernel, context: Context): void {
  const { robustList: head, tid } = threadOf(context);
  if (head === 0 || !context.space) return;
  const memory = new DyingMemory(kernel, context);
  const offset = memory.read64(head + 8);
  const pending = memory.read64(head + 16);
  let entry = memory.read64(head);
  if (offset === undefined) return;
  for (let count = 0; entry !== undefined && count < LIST_LIMIT; count++) {
    const at = Number(entry & POINTER_MASK);
    if (at === head) break;
    const next = memory.read64(at);
    memory.release(at + Number(BigInt.asIntN(64, offset)), tid);
    entry = next;
  }
  if (pending) memory.release(Number(pending & POINTER_MASK) + Number(BigInt.asIntN(64, offset)), tid);
}

/** The memory of a thread that cannot take faults any more: what is not there is skipped. */
class DyingMemory {
  constructor(
    private readonly kernel: Kernel,
    private readonly context: Context,
  ) {}

  read64(address: number): bigint | undefined {
    const physical = this.#physical(address, 8, false);
    return physical === undefined ? undefined : this.kernel.memory.read64(physical);
  }

  release(address: number, tid: number): void {
    const physical = this.#physical(address, 4, true);
    if (physical === undefined) return;
    const word = this.kernel.memory.read32(physical);
    if ((word & FUTEX_TID_MASK) !== tid) return;
    this.kernel.memory.write32(physical, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
    if (word & FUTEX_WAITERS) this.kernel.futexes.wake(physical, 1);
  }

  #physical(address: number, bytes: number, write: boolean): number | undefined {
    const { space } = this.context;
    if (!space || !(address >= 0) || address % bytes !== 0) return undefined;
    if (space.fault(address, { write, execute: false }) !== 0) return undefined;
    const physical = this.kernel.memory.translateUser(address, space.table.root, write);
    return physical < 0 ? undefined : physical;
  }
}
