import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Handler } from '../../gate/abi.js';
import { BUFFER_BYTES } from '../sockets/unix-socket.js';
import type { UnixSocket } from '../sockets/unix-socket.js';
import { AF_UNIX, i32, i32At, socketOf } from './socket-address.js';
import { decodeTimeval, encodeTimeval } from './timespec.js';

const SOL_SOCKET = 1;
/** asm-generic/socket.h. */
const So = {
  DEBUG: 1,
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  LINGER: 13,
  REUSEPORT: 15,
  PASSCRED: 16,
  PEERCRED: 17,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  ACCEPTCONN: 30,
  PROTOCOL: 38,
  DOMAIN: 39,
} as const;
const UNLIMITED_NS = 0;

type Get = (socket: UnixSocket) => Uint8Array;
const flag = (value: boolean) => i32(value ? 1 : 0);

const getters: Readonly<Record<number, Get>> = {
  [So.TYPE]: ({ type }) => i32(type),
  [So.ERROR]: (socket) => i32(socket.takeError()),
  [So.SNDBUF]: () => i32(BUFFER_BYTES),
  [So.RCVBUF]: () => i32(BUFFER_BYTES),
  [So.PASSCRED]: ({ passCredentials }) => flag(passCredentials),
  [So.PEERCRED]: ({ peerCredentials: { pid, uid, gid } }) => i32(pid, uid, gid),
  [So.RCVTIMEO]: ({ receiveTimeoutNs = UNLIMITED_NS }) => encodeTimeval(receiveTimeoutNs),
  [So.SNDTIMEO]: ({ sendTimeoutNs = UNLIMITED_NS }) => encodeTimeval(sendTimeoutNs),
  [So.ACCEPTCONN]: ({ listening }) => flag(listening),
  [So.PROTOCOL]: () => i32(0),
  [So.DOMAIN]: () => i32(AF_UNIX),
  [So.REUSEADDR]: () => i32(0),
  [So.KEEPALIVE]: () => i32(0),
  [So.BROADCAST]: () => i32(0),
  [So.LINGER]: () => i32(0, 0),
};

export const getsockopt: Handler = (_kernel, context, fd, level, option, pointer, lengthPointer = 0) => {
  const { socket } = socketOf(context, fd);
  if (level !== SOL_SOCKET) return -Errno.EOPNOTSUPP;
  const get = getters[option];
  if (!get) return -Errno.ENOPROTOOPT;
  context.user.prepareWrite(lengthPointer, 4);
  const room = i32At(context, lengthPointer);
  if (room < 0) return -Errno.EINVAL;
  context.user.prepareWrite(pointer, Math.min(room, 16));
  const value = get(socket).subarray(0, room);
  context.user.write(pointer, value);
  context.user.write(lengthPointer, i32(value.length));
  return 0;
};

type Set = (context: Context, socket: UnixSocket, pointer: number) => number;
// Between processes of one machine these change nothing that could be seen.
const accepted: Set = () => 0;

const setters: Readonly<Record<number, Set>> = {
  [So.PASSCRED]: (context, socket, pointer) => {
    socket.passCredentials = i32At(context, pointer) !== 0;
    return 0;
  },
  [So.RCVTIMEO]: (context, socket, pointer) => {
    const ns = decodeTimeval(context, pointer);
    if (ns === undefined) return -Errno.EDOM;
    socket.receiveTimeoutNs = ns === 0 ? undefined : ns;
    return 0;
  },
  [So.SNDTIMEO]: (context, socket, pointer) => {
    const ns = decodeTimeval(context, pointer);
    if (ns === undefined) return -Errno.EDOM;
    socket.sendTimeoutNs = ns === 0 ? undefined : ns;
    return 0;
  },
  [So.SNDBUF]: accepted,
  [So.RCVBUF]: accepted,
  [So.DEBUG]: accepted,
  [So.REUSEADDR]: accepted,
  [So.BROADCAST]: accepted,
  [So.KEEPALIVE]: accepted,
  [So.LINGER]: accepted,
};

export const setsockopt: Handler = (_kernel, context, fd, level, option, pointer, length = 0) => {
  const { socket } = socketOf(context, fd);
  if (level !== SOL_SOCKET) return -Errno.EOPNOTSUPP;
  if (!(length >= 4)) return -Errno.EINVAL;
  return setters[option]?.(context, socket, pointer) ?? -Errno.ENOPROTOOPT;
};
