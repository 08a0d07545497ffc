import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { openFileOf } from '../files/linux-files.js';
import { systemOf } from '../system.js';
import { At } from '../vfs/flags.js';
import type { Stat } from '../vfs/types.js';
import { encodeStat, encodeStatfs, encodeStatx } from './stat-layout.js';
import { pathAt } from './path-at.js';
import { readPathArgument } from './user-strings.js';

export const stat: Handler = (_kernel, context, path, pointer) =>
  writeStat(context, statPath(context, At.FDCWD, path, 0), pointer);
export const lstat: Handler = (_kernel, context, path, pointer) =>
  writeStat(context, statPath(context, At.FDCWD, path, At.SYMLINK_NOFOLLOW), pointer);
export const fstat: Handler = (_kernel, context, fd, pointer) =>
  writeStat(context, openFileOf(context, fd).file.stat(), pointer);
export const newfstatat: Handler = (_kernel, context, dirfd, path, pointer, flags) =>
  writeStat(context, statPath(context, dirfd, path, flags), pointer);

export const statx: Handler = (_kernel, context, dirfd, path, flags, _mask, pointer) => {
  context.user.write(pointer, encodeStatx(statPath(context, dirfd, path, flags)));
  return 0;
};

function statPath(context: Context, dirfd: number, path: number, flags: number): Stat {
  const system = systemOf(context);
  // The descriptor itself may be something without a place, such as a pipe.
  if (flags & At.EMPTY_PATH && toI32(dirfd) !== At.FDCWD && readPathArgument(context, path) === '') {
    return openFileOf(context, dirfd).file.stat();
  }
  return system.vfs.stat(system.callerOf(context), pathAt(context, dirfd, path, flags));
}

function writeStat(context: Context, found: Stat, pointer: number): number {
  context.user.write(pointer, encodeStat(found));
  return 0;
}

export const statfs: Handler = (_kernel, context, path, pointer) => {
  const system = systemOf(context);
  const found = system.vfs.statfs(system.callerOf(context), pathAt(context, At.FDCWD, path));
  context.user.write(pointer, encodeStatfs(found));
  return 0;
};

export const fstatfs: Handler = (_kernel, context, fd, pointer) => {
  const { location } = openFileOf(context, fd).file;
  if (!location) return -Errno.ENOSYS;
  context.user.write(pointer, encodeStatfs(location.mount.fileSystem.statfs(location.node)));
  return 0;
};

export const access: Handler = (_kernel, context, path, mask) =>
  checkAccess(context, At.FDCWD, path, mask, 0);
export const faccessat: Handler = (_kernel, context, dirfd, path, mask) =>
  checkAccess(context, dirfd, path, mask, 0);
export const faccessat2: Handler = (_kernel, context, dirfd, path, mask, flags) =>
  checkAccess(context, dirfd, path, mask, flags);

function checkAccess(context: Context, dirfd: number, path: number, mask: number, flags: number): number {
  if (mask & ~7) return -Errno.EINVAL;
  const system = systemOf(context);
  system.vfs.access(system.callerOf(context), pathAt(context, dirfd, path, flags), mask);
  return 0;
}

export const readlink: Handler = (_kernel, context, path, pointer, size) =>
  readLinkAt(context, At.FDCWD, path, pointer, size);
export const readlinkat: Handler = (_kernel, context, dirfd, path, pointer, size) =>
  readLinkAt(context, dirfd, path, pointer, size);

function readLinkAt(context: Context, dirfd: number, path: number, pointer: number, size: number): number {
  if (!(size > 0)) return -Errno.EINVAL;
  const system = systemOf(context);
  const target = system.vfs.readlink(system.callerOf(context), {
    ...pathAt(context, dirfd, path),
    emptyPath: true,
  });
  const bytes = Buffer.from(target, 'latin1').subarray(0, size);
  context.user.write(pointer, bytes);
  return bytes.length;
}
