import { AT_REMOVEDIR, CallFlag, NO_OFFSET, Open, PATH_MAX } from '../../../core/abi/flags.js';
import { CQE_BYTES } from '../../../core/abi/scheme-protocol.js';
import { Errno } from '../../../core/abi/errno.js';
import { WINDOW_OFFSET } from '../../../core/abi/isolate-page.js';
import { Stat, TimeSpec } from '../../../core/abi/structs.js';
import { Sys } from '../../../core/abi/syscalls.js';
import { encodeWords } from '../../../core/abi/wire.js';
import { checked, PosixError } from './posix-error.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';
import type { Transport } from './transport.js';

/** Most bytes that one call moves; longer ones come back short. */
export const CHUNK_BYTES = 56 * 1024;

const PATH_AREA = WINDOW_OFFSET;
const PAYLOAD_AREA = WINDOW_OFFSET + 2 * PATH_MAX;

export interface CallOptions {
  readonly flags?: number;
  readonly metadata?: readonly number[];
  readonly payload?: Uint8Array;
  /** Room for the answer when it is longer than the payload. */
  readonly accept?: number;
}

/** The kernel's calls, one method each. Buffers are staged in the process's part of its page. Failures throw PosixError. */
export class Calls {
  constructor(private readonly transport: Transport) {}

  openat(dirFd: number, path: string, flags: number, newFd: number): number {
    const length = this.#stagePath(path);
    const fcntlFlags = (flags & Open.FCNTL_MASK) >>> 0;
    return this.#call(Sys.OPENAT_INTO, 'open', [dirFd, PATH_AREA, length, flags, fcntlFlags, newFd]);
  }

  unlinkat(dirFd: number, path: string, directory: boolean): void {
    const length = this.#stagePath(path);
    this.#call(Sys.UNLINKAT, 'unlink', [dirFd, PATH_AREA, length, directory ? AT_REMOVEDIR : 0]);
  }

  close(fd: number): void {
    this.#call(Sys.CLOSE, 'close', [fd]);
  }

  /** With a name, a sub-object of the scheme's; without, another descriptor of the same description. */
  dupInto(fd: number, name: string | Uint8Array, newFd: number): number {
    const length = this.#stage(typeof name === 'string' ? encodeUtf8(name) : name);
    return this.#call(Sys.DUP_INTO, 'dup', [fd, PAYLOAD_AREA, length, newFd]);
  }

  dup2(fd: number, newFd: number): number {
    return this.#call(Sys.DUP2, 'dup2', [fd, newFd, 0, 0]);
  }

  /** At most CHUNK_BYTES; empty at the end. */
  read(fd: number, length: number): Uint8Array {
    const count = Math.min(length, CHUNK_BYTES);
    return this.#taken(this.#call(Sys.READ, 'read', [fd, PAYLOAD_AREA, count]));
  }

  readAt(fd: number, length: number, offset: number, flags = -1): Uint8Array {
    const count = Math.min(length, CHUNK_BYTES);
    return this.#taken(this.#call(Sys.READ2, 'read', [fd, PAYLOAD_AREA, count, offset, flags]));
  }

  /** Answers how many bytes went; at most CHUNK_BYTES. */
  write(fd: number, bytes: Uint8Array): number {
    return this.#call(Sys.WRITE, 'write', [fd, PAYLOAD_AREA, this.#stage(bytes)]);
  }

  writeAt(fd: number, bytes: Uint8Array, offset = NO_OFFSET): number {
    return this.#call(Sys.WRITE2, 'write', [fd, PAYLOAD_AREA, this.#stage(bytes), offset, -1]);
  }

  seek(fd: number, offset: number, whence: number): number {
    return this.#call(Sys.LSEEK, 'seek', [fd, offset, whence]);
  }

  fcntl(fd: number, command: number, argument: number): number {
    return this.#call(Sys.FCNTL, 'fcntl', [fd, command, argument]);
  }

  fchown(fd: number, uid: number, gid: number): void {
    this.#call(Sys.FCHOWN, 'chown', [fd, uid, gid]);
  }

  fevent(fd: number, mask: number): number {
    return this.#call(Sys.FEVENT, 'fevent', [fd, mask]);
  }

  fsync(fd: number): void {
    this.#call(Sys.FSYNC, 'fsync', [fd]);
  }

  fstat(fd: number): Stat {
    this.#call(Sys.FSTAT, 'stat', [fd, PAYLOAD_AREA, Stat.sizeBytes]);
    return Stat.decode(this.#taken(Stat.sizeBytes));
  }

  fpath(fd: number): string {
    return decodeUtf8(this.#taken(this.#call(Sys.FPATH, 'fpath', [fd, PAYLOAD_AREA, PATH_MAX])));
  }

  flink(fd: number, path: string): void {
    this.#call(Sys.FLINK, 'link', [fd, PATH_AREA, this.#stagePath(path)]);
  }

  frename(fd: number, path: string): void {
    this.#call(Sys.FRENAME, 'rename', [fd, PATH_AREA, this.#stagePath(path)]);
  }

  /** CALL: the verb's words, what goes in, and how much may come back (the payload's own place). */
  call(
    fd: number,
    { flags = 0, metadata = [], payload = new Uint8Array(), accept = 0 }: CallOptions,
  ): number {
    const length = Math.max(this.#stage(payload), Math.min(accept, CHUNK_BYTES));
    const words = encodeWords(metadata);
    this.transport.memory.set(words, PATH_AREA);
    return this.#call(Sys.CALL, 'call', [fd, PAYLOAD_AREA, length, flags + metadata.length, PATH_AREA, 0]);
  }

  /** What the last `call` left in the payload's place. */
  answer(length: number): Uint8Array {
    return this.#taken(length);
  }

  /** Standard file system call; arguments as in StdFsCall's table. */
  stdFs(fd: number, kind: number, arg1: number, arg2: number, options: CallOptions = {}): number {
    return this.call(fd, { ...options, flags: CallFlag.STD_FS, metadata: [kind, arg1, arg2] });
  }

  /** Hands descriptors over; with `clone` the sender keeps its own. */
  sendFds(fd: number, fds: readonly number[], metadata: readonly number[], clone: boolean): number {
    const flags = CallFlag.WRITE | CallFlag.FD | (clone ? CallFlag.FD_CLONE : 0);
    return this.call(fd, { flags, metadata, payload: encodeWords(fds) });
  }

  /** Takes descriptors; they arrive at the numbers given. */
  receiveFds(fd: number, newFds: readonly number[], metadata: readonly number[]): number {
    return this.call(fd, { flags: CallFlag.READ | CallFlag.FD, metadata, payload: encodeWords(newFds) });
  }

  clock(clock: number): TimeSpec {
    this.#call(Sys.CLOCK_GETTIME, 'clock_gettime', [clock, PAYLOAD_AREA]);
    return TimeSpec.decode(this.#taken(TimeSpec.sizeBytes));
  }

  sleep(sec: number, nsec: number): void {
    this.#stage(TimeSpec.encode({ sec, nsec }));
    this.#call(Sys.NANOSLEEP, 'nanosleep', [PAYLOAD_AREA, 0]);
  }

  yield(): void {
    this.#call(Sys.YIELD, 'yield', []);
  }

  #call(number: number, operation: string, args: readonly number[]): number {
    return checked(this.transport.syscall(number, args), operation);
  }

  #stagePath(path: string): number {
    const bytes = encodeUtf8(path);
    if (bytes.length > PATH_MAX) throw new PosixError(Errno.ENAMETOOLONG, 'open');
    this.transport.memory.set(bytes, PATH_AREA);
    return bytes.length;
  }

  #stage(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, CHUNK_BYTES);
    this.transport.memory.set(bytes.subarray(0, length), PAYLOAD_AREA);
    return length;
  }

  #taken(length: number): Uint8Array {
    return this.transport.memory.slice(PAYLOAD_AREA, PAYLOAD_AREA + length);
  }

  /** A place for bytes that a scheme server answers with: they stay there until the next call that stages bytes. */
  lend(bytes: Uint8Array): { offset: number; length: number } {
    return { offset: PAYLOAD_AREA + REPLY_HEAD_BYTES, length: this.#lendAt(bytes) };
  }

  #lendAt(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, CHUNK_BYTES - REPLY_HEAD_BYTES);
    this.transport.memory.set(bytes.subarray(0, length), PAYLOAD_AREA + REPLY_HEAD_BYTES);
    return length;
  }

  /** A copy of a range of the page, for payloads of requests. */
  peek(offset: number, length: number): Uint8Array {
    return this.transport.memory.slice(offset, offset + length);
  }
}

/** Room in front of lent bytes for the answer that names them. */
const REPLY_HEAD_BYTES = 4 * CQE_BYTES;
