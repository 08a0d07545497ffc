import { Open as RedoxOpen } from '../../../../core/abi/flags.js';
import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, Description, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import type { PipeScheme } from '../../schemes/pipe-scheme.js';
import { PIPE_CAPACITY } from '../../schemes/pipe-scheme.js';
import { FileType } from '../vfs/flags.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, WriteMode } from './open-file.js';

/** POSIX: up to this many bytes go in whole or not at all. */
const PIPE_BUF = 4096;
const FIONREAD = 0x541b;

/** One end of a pipe of the kernel, as Linux programs see it. */
export class PipeFile implements OpenFile {
  readonly seekable = false;

  constructor(
    private readonly pipes: PipeScheme,
    private readonly end: Description,
    private readonly side: 'read' | 'write',
  ) {}

  get text(): string {
    return `pipe:[${this.end.number & ~1}]`;
  }

  read(caller: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (this.side === 'write') return -Errno.EBADF;
    return this.pipes.read(caller, this.end, into, -1, nonBlocking ? RedoxOpen.NONBLOCK : 0);
  }

  write(caller: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    if (this.side === 'read') return -Errno.EBADF;
    const room = PIPE_CAPACITY - this.pipes.available(this.end.number);
    const mustWait = from.length <= PIPE_BUF && room < from.length && !this.pipes.hungUp(this.end.number);
    if (mustWait && nonBlocking) return -Errno.EAGAIN;
    if (mustWait) return { keys: [this.pipes.key(this.end.number)] };
    return this.pipes.write(caller, this.end, from, -1, nonBlocking ? RedoxOpen.NONBLOCK : 0);
  }

  stat(): Stat {
    return anonymousStat(FileType.FIFO | 0o600, this.end.number & ~1);
  }

  ioctl({ context }: Caller, request: number, argument: number): Outcome {
    if (request !== FIONREAD) return -Errno.ENOTTY;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, this.pipes.available(this.end.number), true);
    context.user.write(argument, bytes);
    return 0;
  }

  poll() {
    const { number } = this.end;
    const hungUp = this.pipes.hungUp(number);
    const ready = PIPE_CAPACITY - this.pipes.available(number) >= PIPE_BUF;
    const data = this.side === 'read' ? Poll.IN | Poll.RDNORM : Poll.OUT | Poll.WRNORM;
    const filled = this.side === 'read' ? this.pipes.available(number) > 0 : ready;
    const gone = this.side === 'read' ? Poll.HUP : Poll.ERR;
    return { events: (filled ? data : 0) | (hungUp ? gone : 0), keys: [this.pipes.key(number)] };
  }

  close(kernel: Kernel): void {
    this.end.release(kernel);
  }
}
