import { Errno } from '../../../../core/abi/errno.js';
import { DirectoryHandle } from './directory-handle.js';
import { fail } from './failure.js';
import { Access, FileType, Mode, Open, reads, writes } from './flags.js';
import { asDirectory, isDirectory } from './location.js';
import type { DirectoryLocation, Location } from './location.js';
import { isSuperuser, requireAccess } from './permissions.js';
import type { FileHandle, NewNode, Openable } from './types.js';
import type { Caller, PathAt, Vfs } from './vfs.js';
import type { Walked } from './walk.js';

/** What a new file description is made of. A `path` is O_PATH: a location and nothing else. */
export type Opened = { readonly location: Location } & (
  | { readonly kind: 'file'; readonly handle: FileHandle }
  | { readonly kind: 'directory'; readonly handle: DirectoryHandle }
  | { readonly kind: 'foreign'; readonly what: unknown }
  | { readonly kind: 'path'; readonly close: () => void }
);

const has = (flags: number, bits: number): boolean => (flags & bits) === bits;

/** open(2) and openat(2). `mode` counts when a file is created. */
export function openPath(vfs: Vfs, caller: Caller, at: PathAt, flags: number, mode = 0): Opened {
  if (has(flags, Open.PATH)) return openLocationOnly(vfs, caller, at, flags);
  if (has(flags, Open.TMPFILE)) return openUnnamed(vfs.directory(caller, at), caller, flags, mode);
  const exclusive = has(flags, Open.CREAT | Open.EXCL);
  const noFollow = exclusive || has(flags, Open.NOFOLLOW);
  const walked = has(flags, Open.CREAT)
    ? vfs.walk(caller, { ...at, noFollow })
    : { found: vfs.find(caller, { ...at, noFollow }) };
  if (!walked.found) return createFile(walked as Walked, caller, flags, mode);
  if (exclusive) fail(Errno.EEXIST);
  return openLocation(caller, walked.found, flags);
}

function openLocationOnly(vfs: Vfs, caller: Caller, at: PathAt, flags: number): Opened {
  const location = vfs.find(caller, { ...at, noFollow: has(flags, Open.NOFOLLOW) });
  if (has(flags, Open.DIRECTORY)) asDirectory(location);
  return { kind: 'path', location, close: location.node.hold?.() ?? (() => undefined) };
}

/** Opens what is already found; also what execve does with O_RDONLY. */
export function openLocation(caller: Caller, location: Location, flags: number): Opened {
  const { node } = location;
  if (node.type === FileType.SYMLINK) fail(has(flags, Open.DIRECTORY) ? Errno.ENOTDIR : Errno.ELOOP);
  if (node.type === FileType.SOCKET) fail(Errno.ENXIO);
  if (has(flags, Open.DIRECTORY)) asDirectory(location);
  if (isDirectory(node) && (writes(flags) || has(flags, Open.CREAT))) fail(Errno.EISDIR);
  requireOpen(caller, location, flags);
  if (isDirectory(node))
    return { kind: 'directory', location, handle: new DirectoryHandle(asDirectory(location)) };
  return opened(location, node.open(flags));
}

function requireOpen(caller: Caller, { node, mount }: Location, flags: number): void {
  const regular = node.type === FileType.REGULAR;
  const truncates = regular && has(flags, Open.TRUNC);
  const mask = (reads(flags) ? Access.READ : 0) | (writes(flags) || truncates ? Access.WRITE : 0);
  requireAccess(caller, node, mask);
  if (regular && (mask & Access.WRITE) !== 0 && mount.readOnly) fail(Errno.EROFS);
  if (has(flags, Open.NOATIME) && !isSuperuser(caller) && node.stat().uid !== caller.uid) fail(Errno.EPERM);
}

function opened(location: Location, openable: Openable): Opened {
  if (openable.kind === 'foreign') return { kind: 'foreign', location, what: openable.what };
  return { kind: 'file', location, handle: openable };
}

function createFile({ directory, name, slash }: Walked, caller: Caller, flags: number, mode: number): Opened {
  if (slash || has(flags, Open.DIRECTORY)) fail(slash ? Errno.EISDIR : Errno.EINVAL);
  requireNewEntry(caller, directory);
  const init = newNode(caller, directory, mode);
  const created = directory.node.create(name, init, flags & ~(Open.CREAT | Open.EXCL | Open.TRUNC));
  return opened({ ...directory, node: created.node, directory: directory.node, name }, created.opened);
}

function openUnnamed(directory: DirectoryLocation, caller: Caller, flags: number, mode: number): Opened {
  if (!writes(flags)) fail(Errno.EINVAL);
  requireNewEntry(caller, directory);
  if (!directory.node.createUnnamed) fail(Errno.EOPNOTSUPP);
  const created = directory.node.createUnnamed(newNode(caller, directory, mode), flags);
  const location = { ...directory, node: created.node, directory: directory.node, name: '(unnamed)' };
  return opened(location, created.opened);
}

export function requireNewEntry(caller: Caller, directory: DirectoryLocation): void {
  if (directory.node.removed) fail(Errno.ENOENT);
  requireAccess(caller, directory.node, Access.WRITE | Access.EXECUTE);
  if (directory.mount.readOnly) fail(Errno.EROFS);
}

/** Owner and mode of a new object: the umask applies, and a set-group-id directory hands down its group. */
export function newNode(caller: Caller, directory: DirectoryLocation, mode: number): NewNode {
  const parent = directory.node.stat();
  const inherits = (parent.mode & Mode.SETGID) !== 0;
  const gid = inherits ? parent.gid : caller.gid;
  return { mode: mode & Mode.ALL & ~caller.umask, uid: caller.uid, gid };
}
