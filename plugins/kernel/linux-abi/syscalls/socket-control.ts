import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Description } from '../../files/description.js';
import { descriptionOf } from '../files/linux-files.js';
import type { Received, UnixSocket } from '../sockets/unix-socket.js';
import { fail } from '../vfs/failure.js';
import { i32 } from './socket-address.js';

const SOL_SOCKET = 1;
const Scm = { RIGHTS: 1, CREDENTIALS: 2 } as const;
const HEADER_BYTES = 16;
const MAX_PASSED = 253;
const align = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** The descriptors that a message passes on (cmsg(3)), not retained yet. */
export function readControl(context: Context, pointer: number, length: number): Description[] {
  if (pointer === 0 || length < HEADER_BYTES) return [];
  const bytes = context.user.read(pointer, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const files: Description[] = [];
  for (let at = 0; at + HEADER_BYTES <= length;) {
    const size = Number(view.getBigUint64(at, true));
    if (size < HEADER_BYTES || at + size > length) fail(Errno.EINVAL);
    const rights = view.getInt32(at + 8, true) === SOL_SOCKET && view.getInt32(at + 12, true) === Scm.RIGHTS;
    for (let fd = at + HEADER_BYTES; rights && fd + 4 <= at + size; fd += 4)
      files.push(descriptionOf(context, view.getInt32(fd, true)));
    if (files.length > MAX_PASSED) fail(Errno.EINVAL);
    at += align(size);
  }
  return files;
}

export interface Control {
  readonly bytes: Uint8Array;
  readonly truncated: boolean;
  /** For which there was no room. */
  readonly dropped: readonly Description[];
}

/** What comes along with a message, as far as `room` bytes reach. `install` takes over the reference. */
export function encodeControl(
  { passCredentials }: UnixSocket,
  { files, credentials }: Received,
  room: number,
  install: (file: Description) => number,
): Control {
  const parts: Uint8Array[] = [];
  if (passCredentials && credentials && room >= HEADER_BYTES + 12)
    parts.push(encode(Scm.CREDENTIALS, i32(credentials.pid, credentials.uid, credentials.gid)));
  const used = parts.reduce((sum, { length }) => sum + align(length), 0);
  const fits = Math.max(0, Math.min(files.length, Math.floor((room - used - HEADER_BYTES) / 4)));
  const installed = files.slice(0, fits).map(install);
  const descriptors = installed.filter((fd) => fd >= 0);
  if (descriptors.length > 0) parts.push(encode(Scm.RIGHTS, i32(...descriptors)));
  const bytes = Buffer.concat(parts.map((part) => padded(part, room)));
  return {
    bytes: bytes.subarray(0, room),
    truncated: descriptors.length < files.length,
    dropped: files.slice(fits),
  };
}

function encode(type: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, type, true);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

function padded(part: Uint8Array, room: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(align(part.length), Math.max(part.length, room)));
  bytes.set(part);
  return bytes;
}
