import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { fail } from '../vfs/failure.js';

const PAGE_BYTES = 4096;
const MAX_STRING_BYTES = 128 * 1024;

/**
 * A NUL-terminated string of the program as one character a byte (names on Linux are bytes; the VFS keeps them so).
 * ENAMETOOLONG where it does not end within `limit` bytes.
 */
export function readBytesString(context: Context, pointer: number, limit: number): string {
  const parts: string[] = [];
  for (let at = pointer, total = 0; total <= limit;) {
    const chunk = context.user.read(at, PAGE_BYTES - (at % PAGE_BYTES));
    const end = chunk.indexOf(0);
    parts.push(Buffer.from(end < 0 ? chunk : chunk.subarray(0, end)).toString('latin1'));
    if (end >= 0) return parts.join('');
    at += chunk.length;
    total += chunk.length;
  }
  return fail(Errno.ENAMETOOLONG);
}

export const readString = (context: Context, pointer: number): string =>
  readBytesString(context, pointer, MAX_STRING_BYTES);

/** A path argument: 4096 bytes at most, ENOENT for the empty one is the callee's decision. */
export const readPathArgument = (context: Context, pointer: number): string =>
  readBytesString(context, pointer, PAGE_BYTES);
