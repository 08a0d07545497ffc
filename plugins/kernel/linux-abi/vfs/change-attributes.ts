import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import { Access, FileType, Mode } from './flags.js';
import { isDirectory } from './location.js';
import type { Location } from './location.js';
import { inGroup, isSuperuser, requireAccess, requireOwner } from './permissions.js';
import type { Credentials } from './permissions.js';
import type { AttributeChange, Stat } from './types.js';
import type { Caller, PathAt, Vfs } from './vfs.js';

/** Something with attributes: a node, or the handle of an open file, whose name may be gone. */
export interface Attributes {
  stat(): Stat;
  change(change: AttributeChange): void;
}

export function requireWritableMount({ mount }: Location): void {
  if (mount.readOnly) fail(Errno.EROFS);
}

export function changeMode(who: Credentials, target: Attributes, mode: number): void {
  const stat = target.stat();
  requireOwner(who, stat);
  if ((stat.mode & FileType.MASK) === FileType.SYMLINK) fail(Errno.EOPNOTSUPP);
  const dropsSetgid = !isSuperuser(who) && !inGroup(who, stat.gid);
  target.change({ mode: mode & Mode.ALL & (dropsSetgid ? ~Mode.SETGID : -1) });
}

/** -1 leaves an id as it is. */
export function changeOwner(who: Credentials, target: Attributes, uid: number, gid: number): void {
  const stat = target.stat();
  const uidStays = uid === -1 || uid === stat.uid;
  const gidAllowed = gid === -1 || (who.uid === stat.uid && (gid === stat.gid || inGroup(who, gid)));
  if (!isSuperuser(who) && !(uidStays && gidAllowed)) fail(Errno.EPERM);
  const owner = { ...(uid === -1 ? {} : { uid }), ...(gid === -1 ? {} : { gid }) };
  target.change({ ...owner, ...clearedSetIds(stat) });
}

function clearedSetIds({ mode }: Stat): AttributeChange {
  const isRegular = (mode & FileType.MASK) === FileType.REGULAR;
  if (!isRegular || (mode & (Mode.SETUID | Mode.SETGID)) === 0) return {};
  const keepsSetgid = (mode & 0o010) === 0;
  return { mode: mode & Mode.ALL & ~Mode.SETUID & (keepsSetgid ? -1 : ~Mode.SETGID) };
}

export interface NewTimes {
  readonly atimeNs?: bigint;
  readonly mtimeNs?: bigint;
  /** Both are UTIME_NOW: who may write may do it. */
  readonly toNow?: boolean;
}

export function changeTimes(who: Credentials, target: Attributes, { toNow, ...times }: NewTimes): void {
  const stat = target.stat();
  const owns = isSuperuser(who) || who.uid === stat.uid;
  if (!owns && !toNow) fail(Errno.EPERM);
  if (!owns) requireAccess(who, { stat: () => stat }, Access.WRITE);
  target.change(times);
}

/** truncate(2). */
export function truncatePath(vfs: Vfs, caller: Caller, at: PathAt, size: number): void {
  const location = vfs.find(caller, at);
  if (isDirectory(location.node)) fail(Errno.EISDIR);
  if (location.node.type !== FileType.REGULAR || size < 0) fail(Errno.EINVAL);
  requireAccess(caller, location.node, Access.WRITE);
  requireWritableMount(location);
  location.node.change({ size });
}
