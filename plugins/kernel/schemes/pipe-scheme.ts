import { Errno } from '../../../core/abi/errno.js';
import { Mode, Open } from '../../../core/abi/flags.js';
import { PIPE_WRITE_END, SchemeId } from '../../../core/abi/kernel-schemes.js';
import { Stat } from '../../../core/abi/structs.js';
import { waitFor } from '../contexts/outcome.js';
import type { Outcome } from '../contexts/outcome.js';
import { Description } from '../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../files/description.js';
import { EventFlag } from '../files/events.js';
import type { Kernel } from '../kernel.js';
import { ByteQueue } from './byte-queue.js';

export const PIPE_CAPACITY = 65_536;
const ROOT = 0;

interface Pipe {
  /** Of the wait queues of its two ends. */
  readonly keys: readonly [string, string];
  readonly bytes: ByteQueue;
  readonly descriptors: Description[];
  readerAlive: boolean;
  /** A write end counts as alive until it has been opened and closed. */
  writerAlive: boolean;
  writerOpened: boolean;
}

const keyOf = (number: number) => `pipe:${number}`;
const isWriteEnd = (number: number) => number % 2 === 1;

/** `/scheme/pipe`: 64 KiB byte queues. Even numbers are read ends, the odd one above is the write end. */
export class PipeScheme implements Provider {
  readonly id = SchemeId.PIPE;
  readonly name = 'pipe';
  readonly #pipes = new Map<number, Pipe>();
  #next = 2;

  constructor(private readonly kernel: Kernel) {}

  root(): Description {
    return new Description(this, ROOT, Open.RDWR, false);
  }

  /** Both ends of a new pipe. */
  create(flags = 0): { read: Description; write: Description } {
    const read = this.#open(flags);
    const write = this.#openWriteEnd(read.number, flags) as Description;
    return { read, write };
  }

  openat(_caller: Caller, directory: Description, path: string, flags: number): Opened {
    if (path === PIPE_WRITE_END && directory.number !== ROOT)
      return this.#openWriteEnd(directory.number, flags);
    if (directory.number !== ROOT) return -Errno.EINVAL;
    if (path === 'scheme-root') return this.root();
    return path === '' ? this.#open(flags) : -Errno.ENOENT;
  }

  dup(_caller: Caller, file: Description, name: Uint8Array): Opened {
    if (Buffer.from(name).toString('latin1') !== PIPE_WRITE_END) return -Errno.EINVAL;
    return this.#openWriteEnd(file.number, file.flags);
  }

  read(_caller: Caller, file: Description, into: UserBuffer, _offset: number, flags: number): Outcome {
    const pipe = this.#pipes.get(file.number);
    if (!pipe || isWriteEnd(file.number)) return -Errno.EBADF;
    if (into.length === 0) return 0;
    if (pipe.bytes.length === 0) return this.#emptyRead(pipe, file, flags);
    into.prepare(pipe.bytes.length);
    const count = into.write(pipe.bytes.take(into.length));
    this.#changed(file.number + 1, EventFlag.WRITE);
    return count;
  }

  write(_caller: Caller, file: Description, from: UserBuffer, _offset: number, flags: number): Outcome {
    const pipe = this.#pipes.get(file.number - 1);
    if (!pipe || !isWriteEnd(file.number)) return -Errno.EBADF;
    if (from.length === 0) return 0;
    if (!pipe.readerAlive) return -Errno.EPIPE;
    const room = PIPE_CAPACITY - pipe.bytes.length;
    if (room === 0) return flags & Open.NONBLOCK ? -Errno.EAGAIN : waitFor(this.key(file.number));
    const bytes = from.read(room);
    pipe.bytes.push(bytes);
    this.#changed(file.number - 1, EventFlag.READ);
    return bytes.length;
  }

  fevent(_caller: Caller, file: Description, mask: number): Outcome {
    return mask & this.readiness(file.number);
  }

  /** Event flags that hold now. */
  readiness(number: number): number {
    const pipe = this.#pipes.get(number & ~1);
    if (!pipe) return 0;
    if (isWriteEnd(number))
      return pipe.bytes.length < PIPE_CAPACITY || !pipe.readerAlive ? EventFlag.WRITE : 0;
    return pipe.bytes.length > 0 || !pipe.writerAlive ? EventFlag.READ : 0;
  }

  /** Whether the other end is gone, which poll reports on its own. */
  hungUp(number: number): boolean {
    const pipe = this.#pipes.get(number & ~1);
    return !pipe || (isWriteEnd(number) ? !pipe.readerAlive : !pipe.writerAlive);
  }

  available(number: number): number {
    return this.#pipes.get(number & ~1)?.bytes.length ?? 0;
  }

  sendDescriptors(_caller: Caller, file: Description, sent: Description[]): Outcome {
    const pipe = this.#pipes.get(file.number - 1);
    if (!pipe || !isWriteEnd(file.number)) return -Errno.EBADF;
    if (pipe.descriptors.length + sent.length > PIPE_CAPACITY) return -Errno.EAGAIN;
    pipe.descriptors.push(...sent);
    this.#changed(file.number - 1, EventFlag.READ);
    return sent.length;
  }

  receiveDescriptors(_caller: Caller, file: Description, count: number): Outcome | Description[] {
    const pipe = this.#pipes.get(file.number);
    if (!pipe || isWriteEnd(file.number)) return -Errno.EBADF;
    if (pipe.descriptors.length > 0 || !pipe.writerAlive) return pipe.descriptors.splice(0, count);
    return waitFor(this.key(file.number));
  }

  fstat(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    into.write(Stat.encode({ ino: file.number, mode: Mode.FIFO | 0o666, nlink: 1, blksize: 4096 }));
    return 0;
  }

  fpath(_caller: Caller, _file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from('/scheme/pipe/'));
  }

  close(kernel: Kernel, file: Description): void {
    const pipe = this.#pipes.get(file.number & ~1);
    if (!pipe) return;
    if (isWriteEnd(file.number)) pipe.writerAlive = false;
    else pipe.readerAlive = false;
    this.#changed(file.number ^ 1, isWriteEnd(file.number) ? EventFlag.READ : EventFlag.WRITE);
    if (pipe.readerAlive || (pipe.writerAlive && pipe.writerOpened)) return;
    for (const left of pipe.descriptors.splice(0)) left.release(kernel);
    this.#pipes.delete(file.number & ~1);
  }

  #open(flags: number): Description {
    const number = this.#next;
    this.#next += 2;
    const bytes = new ByteQueue();
    this.#pipes.set(number, {
      keys: [keyOf(number), keyOf(number + 1)],
      bytes,
      descriptors: [],
      readerAlive: true,
      writerAlive: true,
      writerOpened: false,
    });
    return new Description(this, number, flags, false);
  }

  #openWriteEnd(number: number, flags: number): Opened {
    const pipe = this.#pipes.get(number);
    if (!pipe || isWriteEnd(number) || pipe.writerOpened) return -Errno.EBADF;
    pipe.writerOpened = true;
    return new Description(this, number + 1, flags, false);
  }

  #emptyRead(pipe: Pipe, file: Description, flags: number): Outcome {
    if (!pipe.writerAlive) return 0;
    return flags & Open.NONBLOCK ? -Errno.EAGAIN : waitFor(this.key(file.number));
  }

  #changed(number: number, flags: number): void {
    this.kernel.waits.wake(this.key(number));
    this.kernel.events.trigger(this, number, flags);
  }

  /** The wait queue of one end: room to write, or bytes to read. */
  key(number: number): string {
    return this.#pipes.get(number & ~1)?.keys[number & 1] ?? keyOf(number);
  }
}
