import { EBADF, EMFILE, Refused } from '../packets/refused.js';
import type { OpenFile } from '../target.js';

const MOST = 64;

/** Files that gdb holds open, by descriptor. */
export class OpenFiles {
  readonly #files = new Map<number, OpenFile>();
  #closed = false;

  /** @throws Refused when too many are open. */
  add(file: OpenFile): number {
    if (this.#closed || this.#files.size >= MOST) throw new Refused(EMFILE, 'too many open files');
    let descriptor = 3;
    while (this.#files.has(descriptor)) descriptor++;
    this.#files.set(descriptor, file);
    return descriptor;
  }

  /** @throws Refused */
  get(descriptor: number): OpenFile {
    const file = this.#files.get(descriptor);
    if (!file) throw new Refused(EBADF, `descriptor ${descriptor} is not open`);
    return file;
  }

  /** @throws Refused */
  close(descriptor: number): void {
    this.get(descriptor).close?.();
    this.#files.delete(descriptor);
  }

  /** For good: one that is still being opened is refused. */
  closeAll(): void {
    this.#closed = true;
    for (const file of this.#files.values()) file.close?.();
    this.#files.clear();
  }
}
