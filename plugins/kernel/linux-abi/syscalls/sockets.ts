import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { SocketFile } from '../sockets/socket-file.js';
import { isBlocked, SocketType, UnixSocket } from '../sockets/unix-socket.js';
import type { SocketCredentials } from '../sockets/unix-socket.js';
import { processOf, systemOf } from '../system.js';
import { Open } from '../vfs/flags.js';
import { installFile, requireFreeDescriptor } from './open.js';
import { AF_UNIX, i32, readAddress, socketOf, writeAddress } from './socket-address.js';

const SOCK_NONBLOCK = Open.NONBLOCK;
const SOCK_CLOEXEC = Open.CLOEXEC;
const TYPE_MASK = 0xf;
const MAX_BACKLOG = 4096;
const Shut = { RD: 0, WR: 1, RDWR: 2 } as const;

/** Type of a socket to be made, or the negated errno. */
function typeOf(domain: number, type: number, protocol: number): number {
  // There is no network behind this machine: only its own processes can talk to each other.
  if (domain !== AF_UNIX) return -Errno.EAFNOSUPPORT;
  if (type & ~(TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) return -Errno.EINVAL;
  if (protocol !== 0 && protocol !== AF_UNIX) return -Errno.EPROTONOSUPPORT;
  const known = Object.values(SocketType).find((each) => each === (type & TYPE_MASK));
  return known ?? -Errno.ESOCKTNOSUPPORT;
}

export function credentialsOf(context: Context): SocketCredentials {
  const { pid, identity } = processOf(context);
  return { pid, uid: identity.euid, gid: identity.egid };
}

function makeSocket(context: Context, type: number): UnixSocket {
  const system = systemOf(context);
  return new UnixSocket(system.kernel, type, system.nextId(), credentialsOf(context), system.inFlight);
}

function installSocket(context: Context, socket: UnixSocket, flags: number): number {
  const { files, sockets } = systemOf(context);
  const file = files.open(new SocketFile(socket, sockets), Open.RDWR | (flags & SOCK_NONBLOCK));
  return installFile(context, file, (flags & SOCK_CLOEXEC) !== 0);
}

export const socket: Handler = (_kernel, context, domain, flags, protocol) => {
  const type = typeOf(domain, flags, protocol);
  return type < 0 ? type : installSocket(context, makeSocket(context, type), flags);
};

export const socketpair: Handler = (kernel, context, domain, flags, protocol, pointer) => {
  const type = typeOf(domain, flags, protocol);
  if (type < 0) return type;
  context.user.prepareWrite(pointer, 8);
  const [left, right] = [makeSocket(context, type), makeSocket(context, type)];
  left.pair(right);
  const first = installSocket(context, left, flags);
  const second = installSocket(context, right, flags);
  if (second < 0) {
    if (first >= 0) context.files?.take(first)?.release(kernel);
    return second;
  }
  context.user.write(pointer, i32(first, second));
  return 0;
};

export const bind: Handler = (_kernel, context, fd, pointer, length) => {
  const system = systemOf(context);
  system.sockets.bind(
    system.callerOf(context),
    readAddress(context, pointer, length),
    socketOf(context, fd).socket,
  );
  return 0;
};

export const listen: Handler = (_kernel, context, fd, backlog) => {
  const { socket: listener } = socketOf(context, fd);
  if (listener.isDatagram) return -Errno.EOPNOTSUPP;
  if (listener.address === '' || listener.peer) return -Errno.EINVAL;
  listener.listening = true;
  listener.backlogLimit = Math.min(MAX_BACKLOG, Math.max(0, toI32(backlog)));
  return 0;
};

const AF_UNSPEC = 0;

export const connect: Handler = (_kernel, context, fd, pointer, length) => {
  const { socket: client, flags } = socketOf(context, fd);
  const system = systemOf(context);
  const family = length >= 2 ? (context.user.read(pointer, 2)[0] ?? 0) : AF_UNIX;
  if (family === AF_UNSPEC && client.isDatagram) {
    client.setDefaultPeer(undefined);
    return 0;
  }
  const target = system.sockets.find(system.callerOf(context), readAddress(context, pointer, length));
  if (client.isDatagram) {
    if (!target.isDatagram) return -Errno.EPROTOTYPE;
    if (target.peer && target.peer !== client) return -Errno.EPERM;
    client.setDefaultPeer(target);
    return 0;
  }
  if (target.type !== client.type) return -Errno.EPROTOTYPE;
  const end = client.connectTo(target, system.nextId());
  if (isBlocked(end)) return flags & Open.NONBLOCK ? -Errno.EAGAIN : { keys: [end.waitKey] };
  return typeof end === 'number' ? end : 0;
};

export const accept: Handler = (_kernel, context, fd, pointer, lengthPointer) =>
  acceptSocket(context, fd, pointer, lengthPointer, 0);

export const accept4: Handler = (_kernel, context, fd, pointer, lengthPointer, flags = 0) => {
  if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) return -Errno.EINVAL;
  return acceptSocket(context, fd, pointer, lengthPointer, flags);
};

function acceptSocket(
  context: Context,
  fd: number,
  pointer: number,
  lengthPointer: number,
  flags: number,
): Outcome {
  const listener = socketOf(context, fd);
  if (listener.socket.isDatagram) return -Errno.EOPNOTSUPP;
  // A connection that there is no descriptor for stays in the queue.
  requireFreeDescriptor(context);
  if (pointer !== 0 && listener.socket.backlog[0])
    writeAddress(context, listener.socket.backlog[0].peer?.address ?? '', pointer, lengthPointer);
  const end = listener.socket.accept();
  if (isBlocked(end)) return listener.flags & Open.NONBLOCK ? -Errno.EAGAIN : { keys: [end.waitKey] };
  return typeof end === 'number' ? end : installSocket(context, end, flags);
}

export const getsockname: Handler = (_kernel, context, fd, pointer, lengthPointer) => {
  writeAddress(context, socketOf(context, fd).socket.address, pointer, lengthPointer);
  return 0;
};

export const getpeername: Handler = (_kernel, context, fd, pointer, lengthPointer) => {
  const { peerAddress } = socketOf(context, fd).socket;
  if (peerAddress === undefined) return -Errno.ENOTCONN;
  writeAddress(context, peerAddress, pointer, lengthPointer);
  return 0;
};

export const shutdown: Handler = (_kernel, context, fd, how) => {
  const { socket: end } = socketOf(context, fd);
  if (!(how >= Shut.RD && how <= Shut.RDWR)) return -Errno.EINVAL;
  end.shutdown(how !== Shut.WR, how !== Shut.RD);
  return 0;
};
