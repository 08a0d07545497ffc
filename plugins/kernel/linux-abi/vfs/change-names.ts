import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import { At, FileType, Rename } from './flags.js';
import { isDirectory } from './location.js';
import type { DirectoryLocation, Location } from './location.js';
import { PATH_MAX_BYTES } from './names.js';
import { newNode, requireNewEntry } from './open.js';
import { isSuperuser, requireRemovable } from './permissions.js';
import type { Node } from './types.js';
import type { Caller, PathAt, Vfs } from './vfs.js';
import type { Walked } from './walk.js';

interface FreeName {
  readonly directory: DirectoryLocation;
  readonly name: string;
}

/** EEXIST unless the name is free; a trailing slash is for directories only. */
function freeName(vfs: Vfs, caller: Caller, at: PathAt, forDirectory: boolean): FreeName {
  const { found, slash, directory, name } = vfs.walk(caller, { ...at, noFollow: true });
  if (found) fail(Errno.EEXIST);
  if (slash && !forDirectory) fail(Errno.ENOENT);
  requireNewEntry(caller, directory);
  return { directory, name };
}

export function makeDirectory(vfs: Vfs, caller: Caller, at: PathAt, mode: number): void {
  const { directory, name } = freeName(vfs, caller, at, true);
  directory.node.mkdir(name, newNode(caller, directory, mode));
}

/** mknod(2). Device nodes are for the superuser. */
export function makeNode(vfs: Vfs, caller: Caller, at: PathAt, mode: number, rdev: number): Node {
  const type = mode & FileType.MASK || FileType.REGULAR;
  if (type === FileType.DIRECTORY) fail(Errno.EPERM);
  if (type === FileType.SYMLINK) fail(Errno.EINVAL);
  const { directory, name } = freeName(vfs, caller, at, false);
  if ((type === FileType.CHARACTER || type === FileType.BLOCK) && !isSuperuser(caller)) fail(Errno.EPERM);
  const init = newNode(caller, directory, mode);
  return directory.node.mknod(name, { ...init, mode: init.mode | type }, rdev);
}

export function makeSymlink(vfs: Vfs, caller: Caller, target: string, at: PathAt): void {
  if (target === '') fail(Errno.ENOENT);
  if (target.length >= PATH_MAX_BYTES) fail(Errno.ENAMETOOLONG);
  const { directory, name } = freeName(vfs, caller, at, false);
  directory.node.symlink(name, target, { ...newNode(caller, directory, 0), mode: 0o777 });
}

/** linkat(2): `from` names the existing object, and says whether a symlink is followed. */
export function makeLink(vfs: Vfs, caller: Caller, from: PathAt, to: PathAt): void {
  const existing = vfs.find(caller, from);
  const { directory, name } = freeName(vfs, caller, to, false);
  if (existing.mount !== directory.mount) fail(Errno.EXDEV);
  if (isDirectory(existing.node)) fail(Errno.EPERM);
  directory.node.link(name, existing.node);
}

/** unlinkat(2) with AT_REMOVEDIR or without. */
export function remove(vfs: Vfs, caller: Caller, at: PathAt, flags: number): void {
  const walked = vfs.walk(caller, { ...at, noFollow: true });
  const removesDirectory = (flags & At.REMOVEDIR) !== 0;
  const errnoOfLast = removesDirectory
    ? rmdirErrno
    : { dot: Errno.EISDIR, dotdot: Errno.EISDIR, root: Errno.EISDIR };
  if (walked.last !== 'name') fail(errnoOfLast[walked.last]);
  const victim = victimOf(caller, walked, removesDirectory);
  if (removesDirectory) walked.directory.node.rmdir(walked.name);
  else if (isDirectory(victim.node)) fail(Errno.EISDIR);
  else walked.directory.node.unlink(walked.name);
}

const rmdirErrno = { dot: Errno.EINVAL, dotdot: Errno.ENOTEMPTY, root: Errno.EBUSY } as const;

function victimOf(caller: Caller, { directory, found, name }: Walked, wantsDirectory: boolean): Location {
  if (!found) fail(Errno.ENOENT);
  requireRemovable(caller, directory.node, found.node);
  if (directory.mount.readOnly) fail(Errno.EROFS);
  if (wantsDirectory && !isDirectory(found.node)) fail(Errno.ENOTDIR);
  refuseMountPoint(directory, name);
  return found;
}

function refuseMountPoint({ mount, node }: DirectoryLocation, name: string): void {
  if (mount.children.get(node)?.has(name)) fail(Errno.EBUSY);
}

/** renameat2(2). */
export function rename(vfs: Vfs, caller: Caller, from: PathAt, to: PathAt, flags = 0): void {
  if ((flags & ~(Rename.NOREPLACE | Rename.EXCHANGE)) !== 0 || flags === 3) fail(Errno.EINVAL);
  const source = vfs.walk(caller, { ...from, noFollow: true });
  const target = vfs.walk(caller, { ...to, noFollow: true });
  if (source.last !== 'name' || target.last !== 'name') fail(Errno.EBUSY);
  if (source.directory.mount !== target.directory.mount) fail(Errno.EXDEV);
  const moved = victimOf(caller, source, false);
  requireNewEntry(caller, target.directory);
  if (target.slash && !target.found && !isDirectory(moved.node)) fail(Errno.ENOTDIR);
  if (target.found) requireReplaceable(caller, moved, target, flags);
  else if ((flags & Rename.EXCHANGE) !== 0) fail(Errno.ENOENT);
  refuseOwnInside(moved, target.directory);
  source.directory.node.rename(source.name, target.directory.node, target.name, flags);
}

function requireReplaceable(caller: Caller, moved: Location, target: Walked, flags: number): void {
  if ((flags & Rename.NOREPLACE) !== 0) fail(Errno.EEXIST);
  const replaced = victimOf(caller, target, false);
  if ((flags & Rename.EXCHANGE) !== 0) return;
  if (isDirectory(moved.node) && !isDirectory(replaced.node)) fail(Errno.ENOTDIR);
  if (!isDirectory(moved.node) && isDirectory(replaced.node)) fail(Errno.EISDIR);
}

/** EINVAL for moving a directory into itself. */
function refuseOwnInside({ node }: Location, target: DirectoryLocation): void {
  for (let at: DirectoryLocation['node'] | undefined = target.node; at; at = at.parent)
    if (at === node) fail(Errno.EINVAL);
}
