import { Errno } from '../../../../core/abi/errno.js';
import {
  CALL_METADATA_MASK,
  CallFlag,
  Fcntl,
  has,
  MAX_TRANSFER_BYTES,
  NO_OFFSET,
  Open,
  Seek,
} from '../../../../core/abi/flags.js';
import { PAGE_TOTAL_BYTES, WINDOW_OFFSET } from '../../../../core/abi/isolate-page.js';
import { Stat, TimeSpec } from '../../../../core/abi/structs.js';
import { Sys, syscallByNumber } from '../../../../core/abi/syscalls.js';
import { decodeWords } from '../../../../core/abi/wire.js';
import { PosixError } from '../posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../utf8.js';
import { MustWait } from './mock-types.js';
import type { MockContext, MockDescription, MockOpened, MockScheme } from './mock-types.js';

type Args = readonly number[];
type Handler = (context: MockContext, args: Args) => number;

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** Epoch E's calls over schemes in plain objects. Handlers throw MustWait where the kernel would block. */
export class MockKernel {
  readonly contexts = new Map<number, MockContext>();
  monotonicMs = 1000;
  readonly bootMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  #nextId = 1;

  createContext(): MockContext {
    const context: MockContext = {
      id: this.#nextId++,
      memory: new Uint8Array(PAGE_TOTAL_BYTES),
      table: new Map(),
      attributes: { pid: 0, uid: 0, gid: 0, name: '' },
      state: 'new',
      waiting: undefined,
      engine: '',
      exception: false,
      forceKilled: false,
    };
    this.contexts.set(context.id, context);
    return context;
  }

  /** Result or negative errno; MustWait passes through. */
  syscall(context: MockContext, number: number, args: Args): number {
    try {
      const handler = this.#handlers[number];
      return handler ? handler(context, args) : -Errno.ENOSYS;
    } catch (error) {
      if (error instanceof PosixError) return -error.errno;
      throw error;
    }
  }

  describe(number: number): string {
    return syscallByNumber.get(number)?.name ?? `call ${number}`;
  }

  description(context: MockContext, fd: number): MockDescription {
    return context.table.get(fd) ?? fail(Errno.EBADF);
  }

  install(context: MockContext, fd: number, description: MockDescription): number {
    if (fd < 0 || context.table.has(fd)) fail(Errno.EEXIST);
    description.references++;
    context.table.set(fd, description);
    return fd;
  }

  release(description: MockDescription): void {
    description.references--;
    if (description.references === 0) description.scheme.close?.(description.number);
  }

  endTable(context: MockContext): void {
    const open = [...context.table.values()];
    context.table.clear();
    for (const description of open) this.release(description);
  }

  describeOpened(scheme: MockScheme, opened: MockOpened, flags: number): MockDescription {
    if ('description' in opened) return opened.description;
    const { number, positioned = false } = opened;
    return { scheme, number, flags, offset: 0, positioned, references: 0 };
  }

  readonly #handlers: Readonly<Record<number, Handler>> = {
    [Sys.OPENAT_INTO]: (context, [dir = 0, path = 0, length = 0, flags = 0, , newFd = 0]) => {
      const { scheme, number } = this.description(context, dir);
      const opened = scheme.openat?.(context, number, this.#path(context, path, length), flags);
      return this.install(
        context,
        newFd,
        this.describeOpened(scheme, opened ?? fail(Errno.EOPNOTSUPP), flags),
      );
    },
    [Sys.UNLINKAT]: (context, [dir = 0, path = 0, length = 0, flags = 0]) => {
      const { scheme, number } = this.description(context, dir);
      if (!scheme.unlinkat) return fail(Errno.ENOENT);
      scheme.unlinkat(context, number, this.#path(context, path, length), flags);
      return 0;
    },
    [Sys.CLOSE]: (context, [fd = 0]) => {
      const description = this.description(context, fd);
      context.table.delete(fd);
      this.release(description);
      return 0;
    },
    [Sys.DUP_INTO]: (context, [fd = 0, pointer = 0, length = 0, newFd = 0]) =>
      this.install(context, newFd, this.#duplicate(context, fd, pointer, length)),
    [Sys.DUP2]: (context, [fd = 0, newFd = 0, pointer = 0, length = 0]) => {
      const description = this.#duplicate(context, fd, pointer, length);
      const old = context.table.get(newFd);
      if (old === description && length === 0) return newFd;
      context.table.delete(newFd);
      this.install(context, newFd, description);
      if (old) this.release(old);
      return newFd;
    },
    [Sys.READ]: (context, [fd = 0, pointer = 0, length = 0]) => {
      const description = this.description(context, fd);
      const offset = description.positioned ? description.offset : NO_OFFSET;
      const count = this.#read(context, description, pointer, length, offset, description.flags);
      if (description.positioned) description.offset += count;
      return count;
    },
    [Sys.READ2]: (context, [fd = 0, pointer = 0, length = 0, offset = 0, rwFlags = -1]) => {
      const description = this.description(context, fd);
      const flags = rwFlags === -1 ? description.flags : (rwFlags & 1) !== 0 ? Open.NONBLOCK : 0;
      return this.#read(context, description, pointer, length, offset, flags);
    },
    [Sys.WRITE]: (context, [fd = 0, pointer = 0, length = 0]) => {
      const description = this.description(context, fd);
      const offset = description.positioned ? description.offset : NO_OFFSET;
      const count = this.#write(context, description, pointer, length, offset);
      if (description.positioned) description.offset += count;
      return count;
    },
    [Sys.WRITE2]: (context, [fd = 0, pointer = 0, length = 0, offset = 0]) =>
      this.#write(context, this.description(context, fd), pointer, length, offset),
    [Sys.LSEEK]: (context, [fd = 0, offset = 0, whence = 0]) => this.#seek(context, fd, offset, whence),
    [Sys.FCHOWN]: (context, [fd = 0, uid = 0, gid = 0]) => {
      const description = this.description(context, fd);
      if (!description.scheme.fchown) return fail(Errno.EBADF);
      description.scheme.fchown(context, description, uid, gid);
      return 0;
    },
    [Sys.FCNTL]: (context, [fd = 0, command = 0, argument = 0]) =>
      this.#fcntl(context, fd, command, argument),
    [Sys.FEVENT]: (context, [fd = 0, mask = 0]) => {
      const description = this.description(context, fd);
      return description.scheme.fevent?.(context, description, mask) ?? 0;
    },
    [Sys.CALL]: (context, [fd = 0, pointer = 0, length = 0, flags = 0, metadata = 0]) =>
      this.#call(context, fd, pointer, length, flags, metadata),
    [Sys.FLINK]: (context, [fd = 0, path = 0, length = 0]) =>
      this.#relink(context, fd, 'flink', path, length),
    [Sys.FRENAME]: (context, [fd = 0, path = 0, length = 0]) =>
      this.#relink(context, fd, 'frename', path, length),
    [Sys.FPATH]: (context, [fd = 0, pointer = 0, length = 0]) => {
      const description = this.description(context, fd);
      const path = description.scheme.fpath?.(context, description) ?? fail(Errno.EOPNOTSUPP);
      return this.#put(context, pointer, encodeUtf8(path).subarray(0, length));
    },
    [Sys.FSTAT]: (context, [fd = 0, pointer = 0]) => {
      const description = this.description(context, fd);
      const stat = description.scheme.fstat?.(context, description) ?? fail(Errno.EBADF);
      this.#put(context, pointer, Stat.encode({ ...stat, dev: 1 }));
      return 0;
    },
    [Sys.FSYNC]: () => 0,
    [Sys.CLOCK_GETTIME]: (context, [clock = 0, pointer = 0]) => {
      if (clock !== 1 && clock !== 4) return fail(Errno.EINVAL);
      const ms = clock === 4 ? this.monotonicMs : this.bootMs + this.monotonicMs;
      const sec = Math.floor(ms / 1000);
      this.#put(context, pointer, TimeSpec.encode({ sec, nsec: Math.round((ms - sec * 1000) * 1e6) }));
      return 0;
    },
    [Sys.NANOSLEEP]: (context, [pointer = 0]) => {
      const { sec, nsec } = TimeSpec.decode(this.#take(context, pointer, TimeSpec.sizeBytes));
      if (sec < 0 || nsec < 0 || nsec >= 1e9) return fail(Errno.EINVAL);
      this.monotonicMs += sec * 1000 + nsec / 1e6;
      return 0;
    },
    [Sys.YIELD]: () => 0,
  };

  #duplicate(context: MockContext, fd: number, pointer: number, length: number): MockDescription {
    const description = this.description(context, fd);
    if (length === 0) return description;
    const { scheme, flags } = description;
    const opened = scheme.dup?.(context, description, this.#take(context, pointer, length));
    return this.describeOpened(scheme, opened ?? fail(Errno.EOPNOTSUPP), flags);
  }

  #read(
    context: MockContext,
    description: MockDescription,
    pointer: number,
    length: number,
    offset: number,
    flags: number,
  ): number {
    const { scheme } = description;
    if (!scheme.read) return fail(Errno.EBADF);
    this.#check(pointer, length);
    const count = Math.min(length, MAX_TRANSFER_BYTES);
    return this.#put(context, pointer, scheme.read(context, description, count, offset, flags));
  }

  #write(
    context: MockContext,
    description: MockDescription,
    pointer: number,
    length: number,
    offset: number,
  ): number {
    const { scheme } = description;
    if (!scheme.write) return fail(Errno.EBADF);
    const bytes = this.#take(context, pointer, Math.min(length, MAX_TRANSFER_BYTES));
    return scheme.write(context, description, bytes, offset, description.flags);
  }

  #seek(context: MockContext, fd: number, offset: number, whence: number): number {
    const description = this.description(context, fd);
    const { scheme } = description;
    const bases: Record<number, () => number> = {
      [Seek.SET]: () => 0,
      [Seek.CUR]: () => description.offset,
      [Seek.END]: () => scheme.fsize?.(context, description) ?? fail(Errno.ESPIPE),
    };
    const base = bases[whence] ?? (() => fail(Errno.EINVAL));
    const goal = base() + offset;
    if (goal < 0) return fail(Errno.EINVAL);
    return (description.offset = goal);
  }

  #fcntl(context: MockContext, fd: number, command: number, argument: number): number {
    const description = this.description(context, fd);
    if (command === Fcntl.DUPFD) return this.install(context, argument, description);
    if (command === Fcntl.GETFD || command === Fcntl.SETFD) return 0;
    description.scheme.fcntl?.(context, description, command, argument);
    if (command === Fcntl.GETFL) return description.flags;
    if (command !== Fcntl.SETFL) return fail(Errno.EINVAL);
    const access = (description.flags & Open.ACCMODE) >>> 0;
    description.flags = access + ((argument & ~Open.ACCMODE) >>> 0);
    return 0;
  }

  #call(
    context: MockContext,
    fd: number,
    pointer: number,
    length: number,
    word: number,
    metadataPointer: number,
  ): number {
    const description = this.description(context, fd);
    const words = Math.min(word & CALL_METADATA_MASK, 3);
    const metadata = decodeWords(this.#take(context, metadataPointer, words * 8));
    const payload = this.#take(context, pointer, length);
    const parts = { payload, metadata, flags: word };
    const { scheme } = description;
    if (has(word, CallFlag.FD) && scheme.sendFds && has(word, CallFlag.WRITE))
      return this.#sendFds(context, description, payload, word, metadata);
    const act = has(word, CallFlag.STD_FS) ? scheme.stdFs : scheme.call;
    if (!act) return fail(Errno.EOPNOTSUPP);
    const { result, bytes } = act.call(scheme, context, description, parts);
    if (bytes) this.#put(context, pointer, bytes.subarray(0, length));
    return result;
  }

  #sendFds(
    context: MockContext,
    description: MockDescription,
    payload: Uint8Array,
    word: number,
    metadata: readonly number[],
  ): number {
    const fds = decodeWords(payload);
    const sent = fds.map((fd) => this.description(context, fd));
    const result = description.scheme.sendFds?.(context, description, sent, metadata) ?? 0;
    if (has(word, CallFlag.FD_CLONE)) return result;
    for (const [i, fd] of fds.entries()) {
      context.table.delete(fd);
      const gone = sent[i];
      if (gone) this.release(gone);
    }
    return result;
  }

  #relink(
    context: MockContext,
    fd: number,
    operation: 'flink' | 'frename',
    pointer: number,
    length: number,
  ): number {
    const description = this.description(context, fd);
    const path = /^\/scheme\/[^/]*\/(.*)$/s.exec(this.#path(context, pointer, length))?.[1];
    if (!description.scheme.path) return fail(Errno.EBADF);
    description.scheme.path(context, description, operation, path ?? fail(Errno.EINVAL));
    return 0;
  }

  #path(context: MockContext, pointer: number, length: number): string {
    return decodeUtf8(this.#take(context, pointer, length));
  }

  #check(pointer: number, length: number): void {
    if (length > 0 && (pointer < WINDOW_OFFSET || pointer + length > PAGE_TOTAL_BYTES)) fail(Errno.EFAULT);
  }

  #take(context: MockContext, pointer: number, length: number): Uint8Array {
    this.#check(pointer, length);
    return context.memory.slice(pointer, pointer + length);
  }

  #put(context: MockContext, pointer: number, bytes: Uint8Array): number {
    this.#check(pointer, bytes.length);
    context.memory.set(bytes, pointer);
    return bytes.length;
  }
}

export { MustWait };
