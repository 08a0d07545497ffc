import type { Kernel } from '../kernel.js';
import type { Description } from './description.js';

/** Redox marks descriptors of libc's own table with bit 62; as a number that is this tag. */
export const UPPER_TABLE = 2 ** 40;
export const MAX_DESCRIPTORS = 65_536;

export const isDescriptor = (fd: number): boolean =>
  Number.isInteger(fd) &&
  fd >= 0 &&
  (fd < MAX_DESCRIPTORS || (fd >= UPPER_TABLE && fd < UPPER_TABLE + MAX_DESCRIPTORS));

/** Descriptors to open files. User space chooses the numbers. Contexts of one process share one table. */
export class FileTable {
  readonly #slots = new Map<number, Description>();
  #references = 1;

  get(fd: number): Description | undefined {
    return this.#slots.get(fd);
  }

  has(fd: number): boolean {
    return this.#slots.has(fd);
  }

  /** Takes over one reference of `file`. False where the slot is taken or impossible. */
  install(fd: number, file: Description): boolean {
    if (!isDescriptor(fd) || this.#slots.has(fd)) return false;
    this.#slots.set(fd, file);
    return true;
  }

  /** Takes a file out; its reference is the caller's now. */
  take(fd: number): Description | undefined {
    const file = this.#slots.get(fd);
    this.#slots.delete(fd);
    return file;
  }

  /** The lowest free number at or above `from`, below the limit. */
  lowestFree(from = 0): number {
    let fd = from;
    while (this.#slots.has(fd)) fd += 1;
    return fd;
  }

  entries(): [number, Description][] {
    return [...this.#slots].sort(([left], [right]) => left - right);
  }

  copy(): FileTable {
    const copy = new FileTable();
    for (const [fd, file] of this.#slots) copy.#slots.set(fd, file.retain());
    return copy;
  }

  retain(): this {
    this.#references += 1;
    return this;
  }

  release(kernel: Kernel): void {
    this.#references -= 1;
    if (this.#references > 0) return;
    for (const file of this.#slots.values()) file.release(kernel);
    this.#slots.clear();
  }
}
