import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Handler } from '../../gate/abi.js';
import { DirectoryFile } from '../files/directory-file.js';
import { openFileOf } from '../files/linux-files.js';
import type { DirectoryEntry } from '../vfs/types.js';

const MAX_BUFFER = 1 << 20;

/** One record of a listing; `next` is the cursor behind it. */
type Encode = (entry: DirectoryEntry, next: number) => Uint8Array;

export const getdents64: Handler = (_kernel, context, fd, pointer, size) =>
  list(context, { fd, pointer, size }, encode64);

export const getdents: Handler = (_kernel, context, fd, pointer, size) =>
  list(context, { fd, pointer, size }, encodeOld);

function list(
  context: Context,
  { fd, pointer, size }: { fd: number; pointer: number; size: number },
  encode: Encode,
): number {
  const { file, description } = openFileOf(context, fd);
  if (!(file instanceof DirectoryFile)) return -Errno.ENOTDIR;
  if (!(size >= 0)) return -Errno.EINVAL;
  if (file.isRemoved) return -Errno.ENOENT;
  const entries = file.handle.entries(description.offset);
  const records = fitting(entries, description.offset, Math.min(size, MAX_BUFFER), encode);
  if (records.length === 0) return entries.length > 0 ? -Errno.EINVAL : 0;
  const bytes = Buffer.concat(records);
  context.user.write(pointer, bytes);
  description.offset += records.length;
  return bytes.length;
}

function fitting(entries: readonly DirectoryEntry[], cursor: number, capacity: number, encode: Encode) {
  const records: Uint8Array[] = [];
  let used = 0;
  for (const entry of entries) {
    const record = encode(entry, cursor + records.length + 1);
    if (used + record.length > capacity) break;
    records.push(record);
    used += record.length;
  }
  return records;
}

/** struct linux_dirent64: ino, cursor behind it, record length, DT_* type, name. */
const encode64: Encode = ({ name, type, ino }, next) => {
  const { bytes, view } = record(19, name, 0);
  head(view, ino(), next);
  view.setUint8(18, type >>> 12);
  return bytes;
};

/** struct linux_dirent: the type is the last byte. */
const encodeOld: Encode = ({ name, type, ino }, next) => {
  const { bytes, view } = record(18, name, 1);
  head(view, ino(), next);
  view.setUint8(bytes.length - 1, type >>> 12);
  return bytes;
};

/** Room for a header, the name with its NUL, and a tail, in multiples of 8 bytes. */
function record(headerBytes: number, name: string, tailBytes: number) {
  const text = Buffer.from(name, 'latin1');
  const bytes = new Uint8Array(Math.ceil((headerBytes + text.length + 1 + tailBytes) / 8) * 8);
  bytes.set(text, headerBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}

function head(view: DataView, ino: number, next: number): void {
  view.setBigUint64(0, BigInt(ino), true);
  view.setBigInt64(8, BigInt(next), true);
  view.setUint16(16, view.byteLength, true);
}
