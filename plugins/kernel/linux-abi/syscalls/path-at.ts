import type { Context } from '../../contexts/context.js';
import { toI32 } from '../../gate/arguments.js';
import { openFileOf } from '../files/linux-files.js';
import { Errno } from '../../../../core/abi/errno.js';
import { At } from '../vfs/flags.js';
import { fail } from '../vfs/failure.js';
import type { PathAt } from '../vfs/vfs.js';
import { readPathArgument } from './user-strings.js';

/** The (dirfd, path, AT_* flags) of an *at call. */
export function pathAt(context: Context, dirfd: number, pointer: number, flags = 0): PathAt {
  const path = readPathArgument(context, pointer);
  const noFollow = (flags & At.SYMLINK_NOFOLLOW) !== 0;
  const emptyPath = (flags & At.EMPTY_PATH) !== 0;
  if (path.startsWith('/') || toI32(dirfd) === At.FDCWD) return { path, noFollow, emptyPath };
  const { location } = openFileOf(context, toI32(dirfd)).file;
  return { path, from: location ?? fail(Errno.ENOTDIR), noFollow, emptyPath };
}
