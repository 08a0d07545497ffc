import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32, toU32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { openFileOf } from '../files/linux-files.js';
import { processOf, systemOf } from '../system.js';
import {
  changeMode,
  changeOwner,
  changeTimes,
  requireWritableMount,
  truncatePath,
} from '../vfs/change-attributes.js';
import type { Attributes } from '../vfs/change-attributes.js';
import {
  makeDirectory,
  makeLink,
  makeNode,
  makeSymlink,
  remove,
  rename as renameAt,
} from '../vfs/change-names.js';
import { fail } from '../vfs/failure.js';
import { At, Mode, writes } from '../vfs/flags.js';
import { asDirectory, pathOf } from '../vfs/location.js';
import { readPathArgument } from './user-strings.js';
import { pathAt } from './path-at.js';

const UTIME_NOW = 0x3fff_ffff;
const UTIME_OMIT = 0x3fff_fffe;
const NS_PER_S = 1_000_000_000n;

const vfsOf = (context: Context) => ({
  vfs: systemOf(context).vfs,
  caller: systemOf(context).callerOf(context),
});

export const mkdir: Handler = (kernel, context, path, mode) => mkdirat(kernel, context, At.FDCWD, path, mode);
export const mkdirat: Handler = (_kernel, context, dirfd, path, mode) => {
  const { vfs, caller } = vfsOf(context);
  makeDirectory(vfs, caller, pathAt(context, dirfd, path), mode);
  return 0;
};

export const mknod: Handler = (kernel, context, path, mode, dev) =>
  mknodat(kernel, context, At.FDCWD, path, mode, dev);
export const mknodat: Handler = (_kernel, context, dirfd, path, mode, dev) => {
  const { vfs, caller } = vfsOf(context);
  makeNode(vfs, caller, pathAt(context, dirfd, path), mode, toU32(dev));
  return 0;
};

export const symlink: Handler = (kernel, context, target, path) =>
  symlinkat(kernel, context, target, At.FDCWD, path);
export const symlinkat: Handler = (_kernel, context, target, dirfd, path) => {
  const { vfs, caller } = vfsOf(context);
  makeSymlink(vfs, caller, readPathArgument(context, target), pathAt(context, dirfd, path));
  return 0;
};

export const link: Handler = (kernel, context, from, to) =>
  linkat(kernel, context, At.FDCWD, from, At.FDCWD, to, 0);
export const linkat: Handler = (_kernel, context, fromFd, from, toFd, to, flags = 0) => {
  const { vfs, caller } = vfsOf(context);
  const source = { ...pathAt(context, fromFd, from, flags), noFollow: (flags & At.SYMLINK_FOLLOW) === 0 };
  makeLink(vfs, caller, source, pathAt(context, toFd, to));
  return 0;
};

export const unlink: Handler = (kernel, context, path) => unlinkat(kernel, context, At.FDCWD, path, 0);
export const rmdir: Handler = (kernel, context, path) =>
  unlinkat(kernel, context, At.FDCWD, path, At.REMOVEDIR);
export const unlinkat: Handler = (_kernel, context, dirfd, path, flags) => {
  if (flags & ~At.REMOVEDIR) return -Errno.EINVAL;
  const { vfs, caller } = vfsOf(context);
  remove(vfs, caller, pathAt(context, dirfd, path), flags);
  return 0;
};

export const rename: Handler = (kernel, context, from, to) =>
  renameat2(kernel, context, At.FDCWD, from, At.FDCWD, to, 0);
export const renameat: Handler = (kernel, context, fromFd, from, toFd, to) =>
  renameat2(kernel, context, fromFd, from, toFd, to, 0);
export const renameat2: Handler = (_kernel, context, fromFd, from, toFd, to, flags = 0) => {
  const { vfs, caller } = vfsOf(context);
  renameAt(vfs, caller, pathAt(context, fromFd, from), pathAt(context, toFd, to), flags);
  return 0;
};

export const chdir: Handler = (_kernel, context, path) => {
  const { vfs, caller } = vfsOf(context);
  processOf(context).cwd = vfs.directory(caller, pathAt(context, At.FDCWD, path));
  return 0;
};

export const fchdir: Handler = (_kernel, context, fd) => {
  const { location } = openFileOf(context, fd).file;
  processOf(context).cwd = asDirectory(location ?? fail(Errno.ENOTDIR));
  return 0;
};

export const getcwd: Handler = (_kernel, context, pointer, size) => {
  const bytes = Buffer.from(`${pathOf(processOf(context).cwd)}\0`, 'latin1');
  if (bytes.length > size) return -Errno.ERANGE;
  context.user.write(pointer, bytes);
  return bytes.length;
};

/** What a path or a descriptor leads to, for changes of its attributes. */
function target(context: Context, dirfd: number, path: number, flags: number): Attributes {
  const { vfs, caller } = vfsOf(context);
  const location = vfs.find(caller, pathAt(context, dirfd, path, flags));
  requireWritableMount(location);
  return location.node;
}

function openTarget(context: Context, fd: number): Attributes {
  const { file } = openFileOf(context, fd);
  if (!file.location) return fail(Errno.EINVAL);
  requireWritableMount(file.location);
  return {
    stat: () => file.stat(),
    change: (change) => (file.change ? file.change(change) : fail(Errno.EINVAL)),
  };
}

export const chmod: Handler = (_kernel, context, path, mode) =>
  setMode(context, target(context, At.FDCWD, path, 0), mode);
export const fchmod: Handler = (_kernel, context, fd, mode) =>
  setMode(context, openTarget(context, fd), mode);
export const fchmodat: Handler = (_kernel, context, dirfd, path, mode) =>
  setMode(context, target(context, dirfd, path, 0), mode);

function setMode(context: Context, attributes: Attributes, mode: number): number {
  changeMode(systemOf(context).callerOf(context), attributes, mode & Mode.ALL);
  return 0;
}

export const chown: Handler = (_kernel, context, path, uid, gid) =>
  setOwner(context, target(context, At.FDCWD, path, 0), uid, gid);
export const lchown: Handler = (_kernel, context, path, uid, gid) =>
  setOwner(context, target(context, At.FDCWD, path, At.SYMLINK_NOFOLLOW), uid, gid);
export const fchown: Handler = (_kernel, context, fd, uid, gid) =>
  setOwner(context, openTarget(context, fd), uid, gid);
export const fchownat: Handler = (_kernel, context, dirfd, path, uid, gid, flags = 0) =>
  setOwner(context, target(context, dirfd, path, flags), uid, gid);

function setOwner(context: Context, attributes: Attributes, uid: number, gid: number): number {
  changeOwner(systemOf(context).callerOf(context), attributes, toI32(uid), toI32(gid));
  return 0;
}

export const truncate: Handler = (_kernel, context, path, size) => {
  if (!(size >= 0)) return -Errno.EINVAL;
  const { vfs, caller } = vfsOf(context);
  truncatePath(vfs, caller, pathAt(context, At.FDCWD, path), size);
  return 0;
};

export const ftruncate: Handler = (_kernel, context, fd, size) => {
  const { file, description } = openFileOf(context, fd);
  if (!(size >= 0) || !writes(description.flags) || !file.change) return -Errno.EINVAL;
  file.change({ size });
  return 0;
};

export const fallocate: Handler = (_kernel, context, fd, mode, offset, length) => {
  const { file, description } = openFileOf(context, fd);
  if (mode !== 0) return -Errno.EOPNOTSUPP;
  if (!(offset >= 0 && length > 0)) return -Errno.EINVAL;
  if (!writes(description.flags) || !file.change) return -Errno.EBADF;
  if (file.stat().size < offset + length) file.change({ size: offset + length });
  return 0;
};

export const fsync: Handler = (_kernel, context, fd) => syncFile(context, fd, false);
export const fdatasync: Handler = (_kernel, context, fd) => syncFile(context, fd, true);
export const sync: Handler = () => 0;

function syncFile(context: Context, fd: number, dataOnly: boolean): number {
  const { file } = openFileOf(context, fd);
  if (!file.sync) return -Errno.EINVAL;
  file.sync(dataOnly);
  return 0;
}

// All access is equally quick: there is nothing to advise about.
export const fadvise64: Handler = (_kernel, context, fd) => (context.files?.has(fd) ? 0 : -Errno.EBADF);
export const readahead: Handler = (_kernel, context, fd) => (context.files?.has(fd) ? 0 : -Errno.EBADF);
export const sync_file_range: Handler = (_kernel, context, fd) => syncFile(context, fd, true);
export const syncfs: Handler = (_kernel, context, fd) => syncFile(context, fd, false);

export const utimensat: Handler = (_kernel, context, dirfd, path, pointer, flags) => {
  const attributes = path === 0 ? openTarget(context, dirfd) : target(context, dirfd, path, flags);
  return setTimes(context, attributes, pointer === 0 ? undefined : context.user.read(pointer, 32), 1n);
};

export const utimes: Handler = (_kernel, context, path, pointer) =>
  setTimes(
    context,
    target(context, At.FDCWD, path, 0),
    pointer === 0 ? undefined : context.user.read(pointer, 32),
    1000n,
  );

export const futimesat: Handler = (_kernel, context, dirfd, path, pointer) =>
  setTimes(
    context,
    target(context, dirfd, path, 0),
    pointer === 0 ? undefined : context.user.read(pointer, 32),
    1000n,
  );

export const utime: Handler = (_kernel, context, path, pointer) => {
  const attributes = target(context, At.FDCWD, path, 0);
  if (pointer === 0) return setTimes(context, attributes, undefined, 1n);
  const bytes = context.user.read(pointer, 16);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const pairs = new Uint8Array(32);
  [0, 8].forEach((at, index) =>
    new DataView(pairs.buffer).setBigInt64(index * 16, view.getBigInt64(at, true), true),
  );
  return setTimes(context, attributes, pairs, 1n);
};

/** Two (seconds, fraction) pairs: access and modification time; `unitNs` is what the fraction counts. */
function setTimes(
  context: Context,
  attributes: Attributes,
  pairs: Uint8Array | undefined,
  unitNs: bigint,
): number {
  const caller = systemOf(context).callerOf(context);
  const nowNs = BigInt(
    Math.floor(systemOf(context).kernel.parts.bootTimeNs + systemOf(context).kernel.nowNs()),
  );
  if (!pairs) {
    changeTimes(caller, attributes, { toNow: true, atimeNs: nowNs, mtimeNs: nowNs });
    return 0;
  }
  const [atimeNs, mtimeNs] = [decodeTime(pairs, 0, unitNs, nowNs), decodeTime(pairs, 16, unitNs, nowNs)];
  if (atimeNs === null || mtimeNs === null) return -Errno.EINVAL;
  changeTimes(caller, attributes, {
    toNow: false,
    ...(atimeNs === undefined ? {} : { atimeNs }),
    ...(mtimeNs === undefined ? {} : { mtimeNs }),
  });
  return 0;
}

/** Undefined leaves a time alone; null is no time. */
function decodeTime(pairs: Uint8Array, at: number, unitNs: bigint, nowNs: bigint): bigint | undefined | null {
  const view = new DataView(pairs.buffer, pairs.byteOffset);
  const fraction = view.getBigInt64(at + 8, true);
  if (unitNs === 1n && fraction === BigInt(UTIME_NOW)) return nowNs;
  if (unitNs === 1n && fraction === BigInt(UTIME_OMIT)) return undefined;
  if (fraction < 0n || fraction * unitNs >= NS_PER_S) return null;
  return view.getBigInt64(at, true) * NS_PER_S + fraction * unitNs;
}
