import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { ByteQueue } from '../../schemes/byte-queue.js';
import { reads, writes } from '../vfs/flags.js';
import type { Location } from '../vfs/location.js';
import type { AttributeChange, Stat } from '../vfs/types.js';
import { Poll } from './open-file.js';
import type { OpenFile, Readiness, WriteMode } from './open-file.js';

const CAPACITY = 65_536;
/** POSIX: up to this many bytes go in whole or not at all. */
const PIPE_BUF = 4096;

/** What is behind a named pipe while somebody has it open. */
export class Fifo {
  readonly bytes = new ByteQueue();
  readers = 0;
  writers = 0;
  /** How often it was opened for reading and writing: tells a sleeper that somebody came, even if they have left. */
  readerOpens = 0;
  writerOpens = 0;
  readonly key: string;

  constructor(id: number) {
    this.key = `fifo:${id}`;
  }
}

/** An open named pipe; counts as reader and writer from its construction to its close. */
export class FifoFile implements OpenFile {
  readonly seekable = false;
  readonly #writersBefore: number;

  constructor(
    private readonly kernel: Kernel,
    readonly fifo: Fifo,
    readonly location: Location,
    private readonly flags: number,
  ) {
    this.#writersBefore = fifo.writerOpens;
    if (reads(flags)) {
      fifo.readers += 1;
      fifo.readerOpens += 1;
    }
    if (writes(flags)) {
      fifo.writers += 1;
      fifo.writerOpens += 1;
    }
    this.#changed();
  }

  read(_caller: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    const { bytes, writers, key } = this.fifo;
    if (into.length === 0) return 0;
    if (bytes.length === 0) return writers === 0 ? 0 : nonBlocking ? -Errno.EAGAIN : { keys: [key] };
    into.prepare(bytes.length);
    const count = into.write(bytes.take(into.length));
    this.#changed();
    return count;
  }

  write(_caller: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    const { bytes, readers, key } = this.fifo;
    if (readers === 0) return -Errno.EPIPE;
    const room = CAPACITY - bytes.length;
    if (room === 0 || (from.length <= PIPE_BUF && room < from.length))
      return nonBlocking ? -Errno.EAGAIN : { keys: [key] };
    const data = from.read(room);
    bytes.push(data);
    this.#changed();
    return data.length;
  }

  stat(): Stat {
    return this.location.node.stat();
  }

  change(change: AttributeChange): void {
    this.location.node.change(change);
  }

  poll(): Readiness {
    const { bytes, readers, writers, writerOpens, key } = this.fifo;
    const hungUp = writers === 0 && writerOpens !== this.#writersBefore;
    const input = (bytes.length > 0 ? Poll.IN | Poll.RDNORM : 0) | (hungUp ? Poll.HUP : 0);
    const room = CAPACITY - bytes.length >= PIPE_BUF;
    const output = (room ? Poll.OUT | Poll.WRNORM : 0) | (readers === 0 ? Poll.ERR : 0);
    return { events: (reads(this.flags) ? input : 0) | (writes(this.flags) ? output : 0), keys: [key] };
  }

  close(): void {
    if (reads(this.flags)) this.fifo.readers -= 1;
    if (writes(this.flags)) this.fifo.writers -= 1;
    if (this.fifo.readers + this.fifo.writers === 0) this.fifo.bytes.take(CAPACITY);
    this.#changed();
  }

  #changed(): void {
    this.kernel.waits.wake(this.fifo.key);
  }
}
