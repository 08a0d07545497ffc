import { Errno } from '../../../core/abi/errno.js';
import { PATH_MAX } from '../../../core/abi/flags.js';
import type { Context } from '../contexts/context.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A path argument as text, or a negated errno: ENAMETOOLONG above 4096 bytes, EINVAL where it is no UTF-8. */
export function readPath(context: Context, pointer: number, length: number): string | number {
  if (!(length >= 0)) return -Errno.EINVAL;
  if (length > PATH_MAX) return -Errno.ENAMETOOLONG;
  const bytes = context.user.read(pointer, length);
  try {
    return decoder.decode(bytes);
  } catch {
    return -Errno.EINVAL;
  }
}
