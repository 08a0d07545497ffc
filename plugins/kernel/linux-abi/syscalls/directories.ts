import { Errno } from '../../../../core/abi/errno.js';
import type { Handler } from '../../gate/abi.js';
import { DirectoryFile } from '../files/directory-file.js';
import { openFileOf } from '../files/linux-files.js';
import type { DirectoryEntry } from '../vfs/types.js';

const HEADER_BYTES = 19;
const MAX_BUFFER = 1 << 20;

/** struct linux_dirent64: ino, cursor behind it, record length, DT_* type, name. */
export const getdents64: Handler = (_kernel, context, fd, pointer, size) => {
  const { file, description } = openFileOf(context, fd);
  if (!(file instanceof DirectoryFile)) return -Errno.ENOTDIR;
  if (!(size >= 0)) return -Errno.EINVAL;
  if (file.isRemoved) return -Errno.ENOENT;
  const capacity = Math.min(size, MAX_BUFFER);
  context.user.prepareWrite(pointer, Math.min(capacity, 4096));
  const records: Uint8Array[] = [];
  let used = 0;
  let cursor = description.offset;
  for (const entry of file.handle.entries(cursor)) {
    const record = encodeEntry(entry, cursor + 1);
    if (used + record.length > capacity) break;
    records.push(record);
    used += record.length;
    cursor += 1;
  }
  if (records.length === 0)
    return cursor < file.handle.entries(0).length && file.handle.entries(cursor).length > 0
      ? -Errno.EINVAL
      : 0;
  context.user.write(pointer, Buffer.concat(records));
  description.offset = cursor;
  return used;
};

function encodeEntry({ name, type, ino }: DirectoryEntry, next: number): Uint8Array {
  const text = Buffer.from(name, 'latin1');
  const bytes = new Uint8Array(Math.ceil((HEADER_BYTES + text.length + 1) / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(ino()), true);
  view.setBigInt64(8, BigInt(next), true);
  view.setUint16(16, bytes.length, true);
  view.setUint8(18, type >>> 12);
  bytes.set(text, HEADER_BYTES);
  return bytes;
}
