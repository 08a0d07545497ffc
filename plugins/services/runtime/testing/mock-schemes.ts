import { Errno } from '../../../../core/abi/errno.js';
import { has, Mode, Open, StdFsCall } from '../../../../core/abi/flags.js';
import { MEMORY_OBJECT_PATH } from '../../../../core/abi/scheme-protocol.js';
import { Event } from '../../../../core/abi/structs.js';
import { PosixError } from '../posix-error.js';
import { concat, decodeUtf8, encodeUtf8 } from '../utf8.js';
import { MustWait } from './mock-types.js';
import type { MockScheme } from './mock-types.js';

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** The serial console: what a test types, and what was printed. The input ends when the queue is empty. */
export class MockConsole implements MockScheme {
  readonly name = 'debug';
  printed = '';
  #typed: Uint8Array[] = [];

  type(text: string): void {
    this.#typed.push(encodeUtf8(text));
  }
  openat() {
    return { number: 1 };
  }
  read(_context: unknown, _description: unknown, length: number): Uint8Array {
    const next = this.#typed.shift() ?? new Uint8Array();
    if (next.length > length) this.#typed.unshift(next.slice(length));
    return next.subarray(0, length);
  }
  write(_context: unknown, _description: unknown, bytes: Uint8Array): number {
    this.printed += decodeUtf8(bytes);
    return bytes.length;
  }
  fpath(): string {
    return 'debug:';
  }
}

interface Pipe {
  parts: Uint8Array;
  readerAlive: boolean;
  writerAlive: boolean;
  writerMade: boolean;
}

/** Pipes as the kernel has them, but without a limit: a sequential test could never drain a full one. */
export class MockPipes implements MockScheme {
  readonly name = 'pipe';
  readonly #pipes: Pipe[] = [];

  openat() {
    this.#pipes.push({ parts: new Uint8Array(), readerAlive: true, writerAlive: true, writerMade: false });
    return { number: (this.#pipes.length - 1) * 2 };
  }
  dup(_context: unknown, { number }: { number: number }, name: Uint8Array) {
    const pipe = this.#of(number);
    if (number % 2 === 1 || pipe.writerMade) fail(Errno.EBADF);
    if (decodeUtf8(name) !== 'write') fail(Errno.EINVAL);
    pipe.writerMade = true;
    return { number: number + 1 };
  }
  read(
    _context: unknown,
    { number }: { number: number },
    length: number,
    _offset: number,
    flags: number,
  ): Uint8Array {
    const pipe = this.#of(number);
    if (number % 2 === 1) return fail(Errno.EBADF);
    if (pipe.parts.length === 0 && pipe.writerAlive) {
      if (has(flags, Open.NONBLOCK)) return fail(Errno.EAGAIN);
      throw new MustWait('a pipe is empty');
    }
    const taken = pipe.parts.subarray(0, length);
    pipe.parts = pipe.parts.slice(taken.length);
    return taken;
  }
  write(_context: unknown, { number }: { number: number }, bytes: Uint8Array): number {
    const pipe = this.#of(number);
    if (number % 2 === 0) return fail(Errno.EBADF);
    if (!pipe.readerAlive) return fail(Errno.EPIPE);
    pipe.parts = concat([pipe.parts, bytes]);
    return bytes.length;
  }
  fstat() {
    return { mode: Mode.FIFO + 0o666 };
  }
  close(number: number): void {
    const pipe = this.#of(number);
    if (number % 2 === 0) pipe.readerAlive = false;
    else pipe.writerAlive = false;
  }
  #of(number: number): Pipe {
    return this.#pipes[number >> 1] ?? fail(Errno.EBADF);
  }
}

/** Memory objects, and the root's statvfs. */
export class MockMemory implements MockScheme {
  readonly name = 'memory';
  readonly objects = new Map<number, Uint8Array>();
  #next = 1;

  openat(_context: unknown, _number: number, path: string) {
    if (path === '') return { number: 0 };
    if (path !== MEMORY_OBJECT_PATH) return fail(Errno.ENOENT);
    return { number: this.create(new Uint8Array()), positioned: true };
  }
  create(bytes: Uint8Array): number {
    this.objects.set(this.#next, bytes);
    return this.#next++;
  }
  read(_context: unknown, { number }: { number: number }, length: number, offset: number): Uint8Array {
    return this.get(number).slice(offset, offset + length);
  }
  write(_context: unknown, { number }: { number: number }, bytes: Uint8Array, offset: number): number {
    this.store(number, offset, bytes);
    return bytes.length;
  }
  store(number: number, offset: number, bytes: Uint8Array): void {
    const old = this.get(number);
    const grown = new Uint8Array(Math.max(old.length, offset + bytes.length));
    grown.set(old);
    grown.set(bytes, offset);
    this.objects.set(number, grown);
  }
  get(number: number): Uint8Array {
    return this.objects.get(number) ?? fail(Errno.EBADF);
  }
  fsize(_context: unknown, { number }: { number: number }): number {
    return this.get(number).length;
  }
  fstat(_context: unknown, { number }: { number: number }) {
    return { mode: Mode.FILE + 0o600, size: number === 0 ? 0 : this.get(number).length };
  }
  stdFs(_context: unknown, { number }: { number: number }, { metadata }: { metadata: readonly number[] }) {
    const [kind, length = 0] = metadata;
    if (kind === StdFsCall.FSTATVFS) return { result: 0, bytes: statvfs() };
    if (kind !== StdFsCall.FTRUNCATE) return fail(Errno.EBADF);
    const resized = new Uint8Array(length);
    resized.set(this.get(number).subarray(0, length));
    this.objects.set(number, resized);
    return { result: 0 };
  }
  close(number: number): void {
    this.objects.delete(number);
  }
}

function statvfs(): Uint8Array {
  const words = new Uint8Array(32);
  const view = new DataView(words.buffer);
  view.setUint32(0, 4096, true);
  for (const [at, value] of [
    [8, 1000n],
    [16, 600n],
    [24, 600n],
  ] as const)
    view.setBigUint64(at, value, true);
  return words;
}

/** The texts of scheme sys that programs read, and what was written to kstop. */
export class MockSys implements MockScheme {
  readonly name = 'sys';
  readonly files = ['uname', 'context', 'log', 'kstop', 'env'];
  stopped = '';
  readonly texts: Record<string, string> = {
    uname: 'Redox\n0.5.12\nx86_64\nhalfcell\n',
    context: '',
    log: 'kernel started\n',
    env: '',
  };

  openat(_context: unknown, _number: number, path: string) {
    const number = this.files.indexOf(path);
    return number < 0 ? fail(Errno.ENOENT) : { number, positioned: true };
  }
  read(_context: unknown, { number }: { number: number }, length: number, offset: number): Uint8Array {
    const text = this.texts[this.files[number] ?? ''] ?? fail(Errno.EISDIR);
    return encodeUtf8(text).slice(offset, offset + length);
  }
  write(_context: unknown, { number }: { number: number }, bytes: Uint8Array): number {
    if (this.files[number] !== 'kstop') return fail(Errno.EISDIR);
    this.stopped = decodeUtf8(bytes);
    return bytes.length;
  }
  fstat() {
    return { mode: Mode.FILE + 0o666 };
  }
}

/** Event queues: tests poll servers instead of waiting for events; who only looks is told that anything may have happened. */
export class MockEvents implements MockScheme {
  readonly name = 'event';
  readonly #registered = new Map<number, Uint8Array>();
  openat() {
    return { number: 1 };
  }
  write(_context: unknown, _description: unknown, bytes: Uint8Array): number {
    this.#registered.set(Event.decode(bytes).id, bytes.slice());
    return bytes.length;
  }
  read(_context: unknown, _description: unknown, length: number, _offset: number, flags: number): Uint8Array {
    if ((flags & Open.NONBLOCK) === 0) throw new MustWait('no events in a sequential test');
    return concat([...this.#registered.values()]).subarray(0, length);
  }
}
