import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { anonymousStat } from '../files/anonymous-stat.js';
import { Poll } from '../files/open-file.js';
import type { OpenFile, Readiness, WriteMode } from '../files/open-file.js';
import { FileType } from '../vfs/flags.js';
import type { Stat } from '../vfs/types.js';
import type { SocketAddresses } from './socket-addresses.js';
import { isBlocked } from './unix-socket.js';
import type { UnixSocket } from './unix-socket.js';

const FIONREAD = 0x541b;
const SIOCOUTQ = 0x5411;

/** A socket behind a descriptor. */
export class SocketFile implements OpenFile {
  readonly seekable = false;

  constructor(
    readonly socket: UnixSocket,
    private readonly addresses: SocketAddresses,
  ) {}

  get text(): string {
    return `socket:[${this.socket.id}]`;
  }

  read(_caller: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    into.prepare(this.socket.availableBytes);
    const received = this.socket.receive({ limit: into.length, peek: false });
    if (typeof received === 'number') return received;
    if (isBlocked(received)) return nonBlocking ? -Errno.EAGAIN : { keys: [received.waitKey] };
    for (const file of received.files) file.release(this.socket.kernel);
    return into.write(received.bytes);
  }

  write(_caller: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    const bytes = from.read();
    const { owner, address } = this.socket;
    const sent = this.socket.send({ bytes, from: address, files: [], credentials: owner });
    if (!isBlocked(sent)) return sent;
    return nonBlocking ? -Errno.EAGAIN : { keys: [sent.waitKey, this.socket.key] };
  }

  stat(): Stat {
    return anonymousStat(FileType.SOCKET | 0o777, this.socket.id);
  }

  ioctl({ context }: Caller, request: number, argument: number): Outcome {
    if (request !== FIONREAD && request !== SIOCOUTQ) return -Errno.ENOTTY;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, request === FIONREAD ? this.socket.availableBytes : 0, true);
    context.user.write(argument, bytes);
    return 0;
  }

  poll(): Readiness {
    const { readable, writable, atEnd, hungUp, key, peer } = this.socket;
    const events =
      (readable ? Poll.IN | Poll.RDNORM : 0) |
      (writable ? Poll.OUT | Poll.WRNORM : 0) |
      (atEnd ? Poll.RDHUP : 0) |
      (hungUp ? Poll.HUP : 0);
    return { events, keys: peer ? [key, peer.roomKey] : [key] };
  }

  close(): void {
    this.addresses.forget(this.socket);
    this.socket.close();
  }
}
