import { Open } from '../../../core/abi/flags.js';
import { MEMORY_OBJECT_PATH } from '../../../core/abi/scheme-protocol.js';
import { INTERNAL_FD_BASE } from '../runtime/fd-table.js';
import type { Os } from '../runtime/os.js';
import type { ObjectRange } from '../runtime/scheme/scheme.js';
import type { Inode } from './inode.js';

/** The bytes of files: a memory object each, which the kernel reads, writes and maps itself. */
export class Contents {
  readonly #memory: number;
  #retired: number[] = [];

  /** `made` is told of an inode that has got its object. */
  constructor(
    private readonly os: Os,
    private readonly made: (inode: Inode) => void,
  ) {
    this.#memory = os.namespace.root('memory');
  }

  range(inode: Inode, offset: number): ObjectRange {
    return { object: this.#object(inode), offset };
  }

  write(inode: Inode, bytes: Uint8Array, offset: number): void {
    for (let at = 0; at < bytes.length;)
      at += this.os.calls.writeAt(this.#object(inode), bytes.subarray(at), offset + at);
    inode.size = Math.max(inode.size, offset + bytes.length);
  }

  resize(inode: Inode, size: number): void {
    if (size > 0 || inode.object !== undefined) this.os.files.truncate(this.#object(inode), size);
    inode.size = size;
  }

  release(inode: Inode): void {
    if (inode.object === undefined) return;
    this.#retired.push(inode.object);
    delete inode.object;
  }

  /** Lets go of what was released, once nobody can come back to it. */
  sweep(): void {
    for (const object of this.#retired.splice(0)) this.os.files.close(object);
  }

  #object(inode: Inode): number {
    if (inode.object === undefined) {
      inode.object = this.os.fds.using(
        (slot) => this.os.calls.openat(this.#memory, MEMORY_OBJECT_PATH, Open.RDWR, slot),
        INTERNAL_FD_BASE,
      );
      this.made(inode);
    }
    return inode.object;
  }
}
