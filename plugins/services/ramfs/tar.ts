import { Errno } from '../../../core/abi/errno.js';
import { PosixError } from '../runtime/posix-error.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';

/** One member of an archive in ustar format (POSIX.1-1988). */
export interface TarMember {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly size: number;
  readonly target: string;
  /** Where its bytes start in the archive. */
  readonly offset: number;
}

export const BLOCK_BYTES = 512;
const KINDS: Readonly<Record<string, TarMember['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '2': 'symlink',
  '5': 'directory',
};
const LETTERS = { file: '0', symlink: '2', directory: '5' } as const;

/** Reads headers through `read(offset, length)`; other kinds of members are skipped. EINVAL for a damaged archive. */
export function* tarMembers(read: (offset: number, length: number) => Uint8Array): Generator<TarMember> {
  for (let at = 0; ;) {
    const header = read(at, BLOCK_BYTES);
    if (header.length < BLOCK_BYTES || header.every((byte) => byte === 0)) return;
    const member = parseHeader(header, at + BLOCK_BYTES);
    if (member.known) yield member;
    at += BLOCK_BYTES + Math.ceil(member.size / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

function parseHeader(header: Uint8Array, offset: number): TarMember & { readonly known: boolean } {
  const text = (at: number, length: number) => {
    const field = header.subarray(at, at + length);
    const end = field.indexOf(0);
    return decodeUtf8(end < 0 ? field : field.subarray(0, end));
  };
  const octal = (at: number, length: number) => parseInt(text(at, length).trim() || '0', 8);
  if (octal(148, 8) !== checksum(header)) throw new PosixError(Errno.EINVAL, 'tar');
  const prefix = text(345, 155);
  const kind = KINDS[String.fromCharCode(header[156] ?? 0)];
  return {
    path: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    kind: kind ?? 'file',
    known: kind !== undefined,
    mode: octal(100, 8),
    size: octal(124, 12),
    target: text(157, 100),
    offset,
  };
}

function checksum(header: Uint8Array): number {
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK_BYTES; i++) if (i < 148 || i >= 156) sum += header[i] ?? 0;
  return sum;
}

/** Makes one header block; for host tools that build a boot image. Paths up to 255 bytes that split at a slash. */
export function tarHeader(member: Omit<TarMember, 'offset'>): Uint8Array {
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string) => header.set(encodeUtf8(text), at);
  const octal = (at: number, length: number, value: number) =>
    put(at, `${value.toString(8).padStart(length - 1, '0')}\0`);
  const { prefix, name } = split(member.path);
  put(0, name);
  octal(100, 8, member.mode);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, member.size);
  octal(136, 12, 0);
  put(156, LETTERS[member.kind]);
  put(157, member.target);
  put(257, 'ustar\x0000');
  put(345, prefix);
  put(148, `${checksum(header).toString(8).padStart(6, '0')}\0 `);
  return header;
}

function split(path: string): { prefix: string; name: string } {
  if (path.length <= 100) return { prefix: '', name: path };
  const at = path.indexOf('/', path.length - 101);
  if (at < 0 || at > 155) throw new PosixError(Errno.ENAMETOOLONG, 'tar');
  return { prefix: path.slice(0, at), name: path.slice(at + 1) };
}
