import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { openFileOf } from '../files/linux-files.js';
import { SocketFile } from '../sockets/socket-file.js';
import type { UnixSocket } from '../sockets/unix-socket.js';
import { fail } from '../vfs/failure.js';

export const AF_UNIX = 1;
const FAMILY_BYTES = 2;
export const MAX_ADDRESS_BYTES = 110;

/** The socket behind a descriptor; ENOTSOCK for other files. */
export function socketOf(context: Context, fd: number): { socket: UnixSocket; flags: number } {
  const { file, description } = openFileOf(context, fd);
  if (!(file instanceof SocketFile)) return fail(Errno.ENOTSOCK);
  return { socket: file.socket, flags: description.flags };
}

/** sun_path of a struct sockaddr_un: a path without its NUL, or a name that starts with NUL; empty for the family alone. */
export function readAddress(context: Context, pointer: number, length: number): string {
  if (!(length >= FAMILY_BYTES && length <= MAX_ADDRESS_BYTES)) return fail(Errno.EINVAL);
  const bytes = context.user.read(pointer, length);
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true) !== AF_UNIX) return fail(Errno.EINVAL);
  const path = Buffer.from(bytes.subarray(FAMILY_BYTES)).toString('latin1');
  if (path.startsWith('\0') || !path.includes('\0')) return path;
  return path.slice(0, path.indexOf('\0'));
}

/** Makes sure that `writeAddress` will succeed. EINVAL for a negative length. */
export function prepareAddress(context: Context, pointer: number, lengthPointer: number): void {
  if (pointer === 0 || lengthPointer === 0) return;
  context.user.prepareWrite(lengthPointer, 4);
  const room = i32At(context, lengthPointer);
  if (room < 0) fail(Errno.EINVAL);
  context.user.prepareWrite(pointer, Math.min(room, MAX_ADDRESS_BYTES));
}

/** Stores as much of the address as fits, and its true length. */
export function writeAddress(
  context: Context,
  address: string,
  pointer: number,
  lengthPointer: number,
): void {
  if (pointer === 0 || lengthPointer === 0) return;
  prepareAddress(context, pointer, lengthPointer);
  const room = i32At(context, lengthPointer);
  const encoded = encodeAddress(address);
  context.user.write(pointer, encoded.subarray(0, room));
  context.user.write(lengthPointer, i32(encoded.length));
}

/** struct sockaddr_un; the family alone where there is no address. */
function encodeAddress(address: string): Uint8Array {
  const terminator = address === '' || address.startsWith('\0') ? '' : '\0';
  const path = Buffer.from(address + terminator, 'latin1');
  return Buffer.concat([Uint8Array.of(AF_UNIX, 0), path]);
}

export function i32At(context: Context, pointer: number): number {
  const bytes = context.user.read(pointer, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
}

export function i32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, index) => new DataView(bytes.buffer).setInt32(index * 4, value, true));
  return bytes;
}
