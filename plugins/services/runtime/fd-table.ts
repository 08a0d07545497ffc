import { Errno } from '../../../core/abi/errno.js';
import { PosixError } from './posix-error.js';

/** Descriptors that the runtime keeps for itself start here, so that programs and shells see low numbers. */
export const INTERNAL_FD_BASE = 64;
const LIMIT = 65_536;

/** User space picks descriptor numbers: the lowest free one. */
export class FdTable {
  readonly #used = new Set<number>();
  /** By starting point: below this number nothing is free. */
  readonly #hints = new Map<number, number>();

  constructor(open: Iterable<number> = []) {
    for (const fd of open) this.#used.add(fd);
  }

  /** Reserves the lowest free number from `from` on; EMFILE when none is left. */
  allocate(from = 0): number {
    for (let fd = this.#hints.get(from) ?? from; fd < LIMIT; fd++) {
      if (this.#used.has(fd)) continue;
      this.#used.add(fd);
      this.#hints.set(from, fd + 1);
      return fd;
    }
    throw new PosixError(Errno.EMFILE, 'open');
  }

  /** Reserves a number for `make`, and gives it back when that fails. */
  using(make: (fd: number) => void, from = 0): number {
    const fd = this.allocate(from);
    try {
      make(fd);
      return fd;
    } catch (error) {
      this.release(fd);
      throw error;
    }
  }

  claim(fd: number): void {
    this.#used.add(fd);
  }

  release(fd: number): void {
    this.#used.delete(fd);
    for (const [from, hint] of this.#hints) if (fd >= from && fd < hint) this.#hints.set(from, fd);
  }

  has(fd: number): boolean {
    return this.#used.has(fd);
  }

  /** Open descriptors that the runtime keeps for itself. */
  internal(): number[] {
    return [...this.#used].filter((fd) => fd >= INTERNAL_FD_BASE);
  }

  /** Open descriptors below the runtime's own, ascending. */
  visible(): number[] {
    return [...this.#used].filter((fd) => fd < INTERNAL_FD_BASE).sort((a, b) => a - b);
  }
}
