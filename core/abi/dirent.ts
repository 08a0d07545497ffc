import { readWord, viewOf, writeWord } from './wire.js';

/** One name in a directory. `next` is the cursor that continues behind it; it has no relation to byte offsets. */
export interface Dirent {
  readonly inode: number;
  readonly next: number;
  readonly kind: number;
  /** UTF-8, without NUL. */
  readonly name: Uint8Array;
}

export const DIRENT_HEADER_BYTES = 19;

export const DirentKind = {
  UNSPECIFIED: 0,
  CHAR_DEVICE: 2,
  DIRECTORY: 4,
  BLOCK_DEVICE: 6,
  REGULAR: 8,
  SYMLINK: 10,
  SOCKET: 12,
} as const;

/** Length of a record: header, name and NUL, rounded up to 8. */
export const direntBytes = (nameBytes: number, headerBytes = DIRENT_HEADER_BYTES): number =>
  Math.ceil((headerBytes + nameBytes + 1) / 8) * 8;

/** Writes one record at `at`; answers its length, or 0 when it does not fit. `headerBytes` is at least 19. */
function encodeDirent(into: Uint8Array, at: number, entry: Dirent, headerBytes: number): number {
  const length = direntBytes(entry.name.length, headerBytes);
  if (!(headerBytes >= DIRENT_HEADER_BYTES && at + length <= into.length)) return 0;
  into.fill(0, at, at + length);
  const view = viewOf(into);
  writeWord(view, at, entry.inode);
  writeWord(view, at + 8, entry.next);
  view.setUint16(at + 16, length, true);
  view.setUint8(at + 18, entry.kind);
  into.set(entry.name, at + headerBytes);
  return length;
}

/** As many whole records as fit. Undefined when not even the first one does: answer EINVAL. */
export function encodeDirents(
  entries: Iterable<Dirent>,
  capacityBytes: number,
  headerBytes = DIRENT_HEADER_BYTES,
): Uint8Array | undefined {
  const bytes = new Uint8Array(capacityBytes);
  let at = 0;
  for (const entry of entries) {
    const length = encodeDirent(bytes, at, entry, headerBytes);
    if (length === 0) return at > 0 ? bytes.slice(0, at) : undefined;
    at += length;
  }
  return bytes.slice(0, at);
}

/** Stops at the first record that is damaged. */
export function* decodeDirents(bytes: Uint8Array, headerBytes = DIRENT_HEADER_BYTES): Generator<Dirent> {
  const view = viewOf(bytes);
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const length = view.getUint16(at + 16, true);
    if (length <= headerBytes || at + length > bytes.length) return;
    const tail = bytes.subarray(at + headerBytes, at + length);
    const end = tail.indexOf(0);
    yield {
      inode: readWord(view, at),
      next: readWord(view, at + 8),
      kind: view.getUint8(at + 18),
      name: tail.slice(0, end < 0 ? tail.length : end),
    };
    at += length;
  }
}
