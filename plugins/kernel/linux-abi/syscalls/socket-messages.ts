import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Description } from '../../files/description.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { isBlocked } from '../sockets/unix-socket.js';
import type { Received, UnixSocket } from '../sockets/unix-socket.js';
import { BadPointer, UserFault } from '../../memory/user-memory.js';
import { systemOf } from '../system.js';
import { SysFailure } from '../vfs/failure.js';
import { Open } from '../vfs/flags.js';
import { deadlineOf } from './deadline.js';
import { installFile } from './open.js';
import {
  i32,
  MAX_ADDRESS_BYTES,
  prepareAddress,
  readAddress,
  socketOf,
  writeAddress,
} from './socket-address.js';
import { encodeControl, readControl } from './socket-control.js';
import { credentialsOf } from './sockets.js';
import { brokenPipe, readVector } from './transfer.js';
import type { Part } from './transfer.js';

/** bits/socket.h. */
const Msg = {
  PEEK: 2,
  CTRUNC: 8,
  TRUNC: 0x20,
  DONTWAIT: 0x40,
  EOR: 0x80,
  WAITALL: 0x100,
  NOSIGNAL: 0x4000,
  CMSG_CLOEXEC: 0x4000_0000,
} as const;
/** Streams are sent in pieces of this size, so that no call holds more. */
const PIECE_BYTES = 65_536;

interface Sending {
  readonly fd: number;
  readonly parts: readonly Part[];
  readonly flags: number;
  readonly address?: string | undefined;
  readonly files?: readonly Description[];
}

export const sendto: Handler = (
  kernel,
  context,
  fd,
  pointer,
  length,
  flags,
  address = 0,
  addressLength = 0,
) =>
  sendParts(kernel, context, {
    fd,
    parts: [{ pointer, length }],
    flags,
    address: address === 0 ? undefined : readAddress(context, address, addressLength),
  });

export const sendmsg: Handler = (kernel, context, fd, pointer, flags) => {
  const header = readHeader(context, pointer);
  const parts = readVector(context, header.vector, header.count);
  if (typeof parts === 'number') return parts;
  const files = readControl(context, header.control, header.controlBytes);
  const address = header.name === 0 ? undefined : readAddress(context, header.name, header.nameBytes);
  return sendParts(kernel, context, { fd, parts, flags, address, files });
};

/** A stream sends on until all is gone; what is done is remembered between tries. */
function sendParts(kernel: Kernel, context: Context, sending: Sending): Outcome {
  const { socket, flags } = socketOf(context, sending.fd);
  const total = sending.parts.reduce((sum, { length }) => sum + length, 0);
  if (!(total >= 0)) return -Errno.EINVAL;
  const progress = (context.call?.scratch ?? { done: 0 }) as { done: number };
  if (context.call) context.call.scratch = progress;
  const nonBlocking = ((flags & Open.NONBLOCK) | (sending.flags & Msg.DONTWAIT)) !== 0;
  for (;;) {
    const sent = sendPiece(context, socket, sending, progress.done, total);
    if (isBlocked(sent)) {
      if (progress.done > 0 && (nonBlocking || context.interrupted)) return progress.done;
      if (nonBlocking) return -Errno.EAGAIN;
      return waitFor(kernel, context, [sent.waitKey, socket.key], socket.sendTimeoutNs) ?? -Errno.EAGAIN;
    }
    if (sent < 0) return progress.done > 0 ? progress.done : sendFailed(context, sent, sending.flags);
    progress.done += sent;
    if (!socket.isStream || progress.done >= total) return progress.done;
  }
}

function sendPiece(
  context: Context,
  socket: UnixSocket,
  { parts, address, files = [] }: Sending,
  done: number,
  total: number,
) {
  const { sockets } = systemOf(context);
  const target =
    address === undefined ? undefined : sockets.find(systemOf(context).callerOf(context), address);
  if (target && !socket.isDatagram) return socket.peer ? -Errno.EISCONN : -Errno.EOPNOTSUPP;
  if (!socket.isStream && total > MAX_DATAGRAM_BYTES) return -Errno.EMSGSIZE;
  const bytes = gather(context, parts, done, socket.isStream ? PIECE_BYTES : total);
  const passed = done === 0 ? files.map((file) => file.retain()) : [];
  const credentials = credentialsOf(context);
  const sent = socket.send({ bytes, from: socket.address, files: passed, credentials }, target);
  const isTaken = typeof sent === 'number' && (sent > 0 || (sent === 0 && !socket.isStream));
  if (!isTaken) for (const file of passed) file.release(systemOf(context).kernel);
  return sent;
}

const MAX_DATAGRAM_BYTES = 212_992;

function sendFailed(context: Context, errno: number, flags: number): Outcome {
  return flags & Msg.NOSIGNAL ? errno : brokenPipe(context, errno);
}

/** At most `limit` bytes of the parts, behind the first `skip`. */
function gather(context: Context, parts: readonly Part[], skip: number, limit: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let [left, before] = [limit, skip];
  for (const { pointer, length } of parts) {
    const from = Math.min(before, length);
    before -= from;
    const count = Math.min(length - from, left);
    if (count > 0) pieces.push(context.user.read(pointer + from, count));
    left -= count;
  }
  return Buffer.concat(pieces);
}

export const recvfrom: Handler = (
  kernel,
  context,
  fd,
  pointer,
  length,
  flags,
  address = 0,
  addressLength = 0,
) => {
  // Once the message is taken nothing may fault any more.
  prepareAddress(context, address, addressLength);
  return receiveParts(kernel, context, { fd, parts: [{ pointer, length }], flags }, (received) => {
    if (address !== 0) writeAddress(context, received.from, address, addressLength);
    for (const file of received.files) file.release(kernel);
  });
};

export const recvmsg: Handler = (kernel, context, fd, pointer, flags) => {
  const header = readHeader(context, pointer);
  const parts = readVector(context, header.vector, header.count);
  if (typeof parts === 'number') return parts;
  context.user.prepareWrite(pointer, HEADER_BYTES);
  if (header.name !== 0) context.user.prepareWrite(header.name, header.nameBytes);
  if (header.control !== 0) context.user.prepareWrite(header.control, header.controlBytes);
  return receiveParts(kernel, context, { fd, parts, flags }, (received, { socket, truncated }) => {
    if (header.name !== 0) writeAddress(context, received.from, header.name, pointer + NAME_LENGTH_AT);
    const closeOnExec = (flags & Msg.CMSG_CLOEXEC) !== 0;
    const room = header.control === 0 ? 0 : header.controlBytes;
    const control = encodeControl(socket, received, room, (file) => installFile(context, file, closeOnExec));
    if (control.bytes.length > 0) context.user.write(header.control, control.bytes);
    for (const file of control.dropped) file.release(kernel);
    const result = (truncated ? Msg.TRUNC : 0) | (control.truncated ? Msg.CTRUNC : 0);
    context.user.write(pointer + CONTROL_LENGTH_AT, i32(control.bytes.length, 0, result));
    if (header.name === 0) context.user.write(pointer + NAME_LENGTH_AT, i32(0));
  });
};

interface Receiving {
  readonly fd: number;
  readonly parts: readonly Part[];
  readonly flags: number;
}

type Finish = (received: Received, about: { socket: UnixSocket; truncated: boolean }) => void;

function receiveParts(
  kernel: Kernel,
  context: Context,
  { fd, parts, flags }: Receiving,
  finish: Finish,
): Outcome {
  const { socket, flags: open } = socketOf(context, fd);
  const limit = parts.reduce((sum, { length }) => sum + length, 0);
  if (!(limit >= 0)) return -Errno.EINVAL;
  prepare(context, parts, Math.min(limit, socket.availableBytes));
  const nonBlocking = ((open & Open.NONBLOCK) | (flags & Msg.DONTWAIT)) !== 0;
  const waitsForAll = socket.isStream && (flags & Msg.WAITALL) !== 0 && !nonBlocking && !context.interrupted;
  if (waitsForAll && socket.availableBytes < limit && socket.peer && !socket.atEnd)
    return waitFor(kernel, context, [socket.key], socket.receiveTimeoutNs) ?? -Errno.EAGAIN;
  const received = socket.receive({ limit, peek: (flags & Msg.PEEK) !== 0 });
  if (typeof received === 'number') return received;
  if (isBlocked(received)) {
    if (nonBlocking) return -Errno.EAGAIN;
    return waitFor(kernel, context, [received.waitKey], socket.receiveTimeoutNs) ?? -Errno.EAGAIN;
  }
  scatter(context, parts, received.bytes);
  const truncated = received.bytes.length < received.wholeBytes;
  const files = flags & Msg.PEEK ? received.files.map((file) => file.retain()) : received.files;
  finish({ ...received, files }, { socket, truncated });
  return flags & Msg.TRUNC ? received.wholeBytes : received.bytes.length;
}

/** Undefined when the time of the socket is up. */
function waitFor(
  kernel: Kernel,
  context: Context,
  keys: readonly string[],
  timeoutNs: number | undefined,
): Outcome | undefined {
  const deadlineNs = deadlineOf(kernel, context, timeoutNs);
  if (deadlineNs !== undefined && kernel.nowNs() >= deadlineNs) return undefined;
  return { keys, deadlineNs };
}

function prepare(context: Context, parts: readonly Part[], bytes: number): void {
  let left = bytes;
  for (const { pointer, length } of parts) {
    context.user.prepareWrite(pointer, Math.min(length, left));
    left -= Math.min(length, left);
  }
}

function scatter(context: Context, parts: readonly Part[], bytes: Uint8Array): void {
  let at = 0;
  for (const { pointer, length } of parts) {
    context.user.write(pointer, bytes.subarray(at, at + length));
    at = Math.min(bytes.length, at + length);
  }
}

const HEADER_BYTES = 56;
const NAME_LENGTH_AT = 8;
const CONTROL_LENGTH_AT = 40;

/** struct msghdr. */
function readHeader(context: Context, pointer: number) {
  const bytes = context.user.read(pointer, HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  return {
    name: word(0),
    // One more than the longest, so that what is too long stays too long.
    nameBytes: Math.min(Math.max(0, view.getInt32(NAME_LENGTH_AT, true)), MAX_ADDRESS_BYTES + 1),
    vector: word(16),
    count: word(24),
    control: word(32),
    controlBytes: Math.min(word(CONTROL_LENGTH_AT), 65_536),
  };
}

const MMSG_BYTES = 64;
const MAX_MESSAGES = 1024;

/** As many as go at once; only the first may wait. */
function several(
  message: (pointer: number, flags: number) => Outcome,
  context: Context,
  pointer: number,
  count: number,
  flags: number,
): Outcome {
  const limit = Math.min(Math.max(0, toI32(count)), MAX_MESSAGES);
  const one = (at: number, how: number): Outcome => {
    context.user.prepareWrite(at, MMSG_BYTES);
    return message(at, how);
  };
  let done = 0;
  for (; done < limit; done++) {
    const at = pointer + done * MMSG_BYTES;
    const outcome = done === 0 ? one(at, flags) : orFault(() => one(at, flags | Msg.DONTWAIT));
    if (typeof outcome !== 'number' || outcome < 0) return done > 0 ? done : outcome;
    context.user.write(at + HEADER_BYTES, i32(outcome));
    if (context.call) context.call.scratch = undefined;
  }
  return done;
}

/** Where the first messages have gone already, a pointer of a later one must not have the call made again. */
function orFault(act: () => Outcome): Outcome {
  try {
    return act();
  } catch (failure) {
    if (failure instanceof UserFault || failure instanceof BadPointer) return -Errno.EFAULT;
    if (failure instanceof SysFailure) return -failure.errno;
    throw failure;
  }
}

export const sendmmsg: Handler = (kernel, context, fd, pointer, count, flags) =>
  several((at, each) => sendmsg(kernel, context, fd, at, each), context, pointer, count, flags);

export const recvmmsg: Handler = (kernel, context, fd, pointer, count, flags) =>
  several((at, each) => recvmsg(kernel, context, fd, at, each), context, pointer, count, flags);
