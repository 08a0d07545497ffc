import { bytesAt, pointerText } from './kind.js';
import type { TracedCall } from './kind.js';

const STRING_LIMIT = 32;
const PATH_LIMIT = 4096;
const PAGE_BYTES = 4096;

const named: Readonly<Record<number, string>> = {
  0x22: '\\"',
  0x5c: '\\\\',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

// An octal escape is as short as the next character allows.
function escaped(byte: number, next: number | undefined): string {
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  const octal = byte.toString(8);
  return `\\${isDigit(next) ? octal.padStart(3, '0') : octal}`;
}

/** A C string literal of the first bytes, and dots when there are more. */
export function quoted(bytes: Uint8Array, more = false, limit = STRING_LIMIT): string {
  const shown = bytes.subarray(0, limit);
  const text = Array.from(shown, (byte, at) => named[byte] ?? escaped(byte, shown[at + 1])).join('');
  return `"${text}"${more || bytes.length > limit ? '...' : ''}`;
}

/** All bytes in hex, as strace prints random ones. */
export function quotedHex(bytes: Uint8Array, more: boolean): string {
  const text = Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `"${text}"${more ? '...' : ''}`;
}

/** `length` bytes of a buffer. */
export function bufferText(value: bigint, length: number, call: TracedCall): string {
  if (length < 0 || Number.isNaN(length)) return pointerText(value);
  if (length === 0) return value === 0n ? 'NULL' : '""';
  const bytes = bytesAt(value, Math.min(length, STRING_LIMIT), call);
  return bytes ? quoted(bytes, length > STRING_LIMIT) : pointerText(value);
}

/** A NUL-terminated string; undefined when it cannot be read. Page by page: the next one may not exist. */
export function stringAt(value: bigint, call: TracedCall): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (let at = Number(value), total = 0; total < PATH_LIMIT;) {
    const part = bytesAt(BigInt(at), PAGE_BYTES - (at % PAGE_BYTES), call);
    if (!part) return undefined;
    const end = part.indexOf(0);
    parts.push(end < 0 ? part : part.subarray(0, end));
    if (end >= 0) break;
    at += part.length;
    total += part.length;
  }
  return Buffer.concat(parts);
}

export function stringText(value: bigint, call: TracedCall, limit = PATH_LIMIT): string {
  const bytes = value === 0n ? undefined : stringAt(value, call);
  return bytes ? quoted(bytes, false, limit) : pointerText(value);
}
