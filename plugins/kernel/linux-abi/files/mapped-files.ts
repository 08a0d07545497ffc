import type { Kernel } from '../../kernel.js';
import type { MemoryObject, Pager } from '../../memory/memory-object.js';
import type { FileHandle, Stat } from '../vfs/types.js';

/** A handle that an open file and its mappings share: it closes with the last of them. */
export class SharedHandle {
  #users = 1;

  constructor(readonly handle: FileHandle) {}

  retain(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.handle.close();
  }
}

/** The files that are mapped at this moment, one object each, so that all mappings of one file share pages. */
export class MappedFiles {
  readonly #files = new Map<string, MappedFile>();

  constructor(private readonly kernel: Kernel) {}

  /** The pages of a file; the reference is the caller's. */
  open(handle: SharedHandle, writable: boolean): MemoryObject {
    const stat = handle.handle.stat();
    const known = this.#files.get(keyOf(stat));
    const object = known?.object.retain() ?? this.#add(handle, stat);
    if (writable) this.#files.get(keyOf(stat))?.allowWriting(handle);
    return object;
  }

  #add(handle: SharedHandle, stat: Stat): MemoryObject {
    const key = keyOf(stat);
    const file = new MappedFile(handle.retain(), () => this.#files.delete(key));
    const object = this.kernel.createObject(stat.size, file);
    file.object = object;
    this.#files.set(key, file);
    return object;
  }

  /** The object behind a file that is mapped somewhere. */
  of(handle: FileHandle): MemoryObject | undefined {
    return this.#files.size === 0 ? undefined : this.#files.get(keyOf(handle.stat()))?.object;
  }
}

const keyOf = ({ dev, ino }: Stat): string => `${dev}:${ino}`;

/** Fills pages from a file, and hands those of writable shared mappings back. */
class MappedFile implements Pager {
  object!: MemoryObject;
  #writer: SharedHandle | undefined;

  constructor(
    private readonly reader: SharedHandle,
    private readonly forget: () => void,
  ) {}

  allowWriting(handle: SharedHandle): void {
    this.#writer ??= handle.retain();
  }

  /** Short at the end of the file: the rest of the page stays zero. */
  fill(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    for (let count = -1; count !== 0 && done < length; done += count) {
      count = this.reader.handle.read(bytes.subarray(done), offset + done);
    }
    return bytes.subarray(0, done);
  }

  get sizeBytes(): number {
    return this.reader.handle.stat().size;
  }

  get writeBack(): ((offset: number, bytes: Uint8Array) => void) | undefined {
    const writer = this.#writer;
    return writer && ((offset, bytes) => void writer.handle.write(bytes, offset));
  }

  release(): void {
    this.forget();
    this.reader.release();
    this.#writer?.release();
  }
}
