import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { HostInput } from '../stdio/host-input.js';
import type { HostOutput } from '../stdio/host-output.js';
import type { InheritedFile } from '../stdio/inherited-file.js';
import { FileType } from '../vfs/flags.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, WriteMode } from './open-file.js';

/** The wait queue of everything the host's standard streams do. */
export const standardKey = 'linux:standard';

const STREAM_INODE = 100;
const FIONREAD = 0x541b;

/** Standard input of the host that is a pipe, socket or device. */
export class InputFile implements OpenFile {
  readonly seekable = false;
  readonly text = 'pipe:[0]';

  constructor(private readonly input: HostInput) {}

  read(_caller: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (into.length === 0) return 0;
    into.prepare();
    const bytes = this.input.read(into.length);
    if (bytes) return into.write(bytes);
    return nonBlocking ? -Errno.EAGAIN : { keys: [standardKey] };
  }

  stat(): Stat {
    return anonymousStat(FileType.FIFO | 0o600, STREAM_INODE);
  }

  ioctl({ context }: Caller, request: number, argument: number): Outcome {
    if (request !== FIONREAD) return -Errno.ENOTTY;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, this.input.available, true);
    context.user.write(argument, bytes);
    return 0;
  }

  poll() {
    return { events: this.input.readable ? Poll.IN | Poll.RDNORM : 0, keys: [standardKey] };
  }
}

/** Standard output or error of the host that is a pipe, socket or device. */
export class OutputFile implements OpenFile {
  readonly seekable = false;

  constructor(private readonly output: HostOutput) {}

  get text(): string {
    return `pipe:[${this.output.inheritedFd}]`;
  }

  write(_caller: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    if (!this.output.writable) return nonBlocking ? -Errno.EAGAIN : { keys: [standardKey] };
    const count = this.output.write(from.read());
    if (count > 0 || from.length === 0) return count;
    return nonBlocking ? -Errno.EAGAIN : { keys: [standardKey] };
  }

  stat(): Stat {
    return anonymousStat(FileType.FIFO | 0o600, STREAM_INODE + this.output.inheritedFd);
  }

  poll() {
    return { events: this.output.writable ? Poll.OUT | Poll.WRNORM : 0, keys: [standardKey] };
  }
}

/** A regular file of the host that is standard input or output. */
export class InheritedRegularFile implements OpenFile {
  readonly seekable = true;
  readonly text: string;

  constructor(private readonly inherited: InheritedFile) {
    this.text = `/host/fd/${inherited.fd}`;
  }

  read(_caller: Caller, into: UserBuffer): Outcome {
    into.prepare();
    const bytes = new Uint8Array(into.length);
    return into.write(bytes.subarray(0, this.inherited.read(bytes)));
  }

  write(_caller: Caller, from: UserBuffer): Outcome {
    return this.inherited.write(from.read());
  }

  /** Tells the host's description of a seek of the guest. */
  moved(position: number): void {
    this.inherited.seek(position);
  }

  stat(): Stat {
    return this.inherited.stat();
  }
}
