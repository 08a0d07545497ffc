import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { FileType } from '../vfs/flags.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, WriteMode } from './open-file.js';

/** Bytes that come from the host, or go there. */
export interface HostStream {
  /** Name in /proc/self/fd, such as `pipe:[host 0]`. */
  readonly text: string;
  /** Wait queue that is woken whenever one of the following changes. */
  readonly key: string;
  /** Undefined: nothing now, ask again. Empty: end of file. */
  take(limit: number): Uint8Array | undefined;
  readonly readable: boolean;
  /** Bytes taken, 0 when full; undefined: nobody reads any more. */
  give(bytes: Uint8Array): number | undefined;
  readonly writable: boolean;
}

const STREAM_INODE = 100;

/** Standard input or output of the host that is no terminal. */
export class StreamFile implements OpenFile {
  readonly seekable = false;

  constructor(private readonly stream: HostStream) {}

  get text(): string {
    return this.stream.text;
  }

  read(_caller: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (into.length === 0) return 0;
    into.prepare();
    const bytes = this.stream.take(into.length);
    if (bytes) return into.write(bytes);
    return nonBlocking ? -Errno.EAGAIN : { keys: [this.stream.key] };
  }

  write(_caller: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    const count = this.stream.give(from.read());
    if (count === undefined) return -Errno.EPIPE;
    if (count > 0 || from.length === 0) return count;
    return nonBlocking ? -Errno.EAGAIN : { keys: [this.stream.key] };
  }

  stat(): Stat {
    return anonymousStat(FileType.FIFO | 0o600, STREAM_INODE);
  }

  poll() {
    const { readable, writable, key } = this.stream;
    const events = (readable ? Poll.IN | Poll.RDNORM : 0) | (writable ? Poll.OUT | Poll.WRNORM : 0);
    return { events, keys: [key] };
  }
}
