import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import { Access, FileType, Mode } from './flags.js';
import type { Node, Stat } from './types.js';

/** The ids that decide about files (fsuid, fsgid). */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

const ANY_EXECUTE = 0o111;

export const isSuperuser = (who: Credentials): boolean => who.uid === 0;

export const inGroup = (who: Credentials, gid: number): boolean =>
  who.gid === gid || who.groups.includes(gid);

function granted(who: Credentials, { mode, uid, gid }: Stat): number {
  if (isSuperuser(who)) {
    const executable = (mode & ANY_EXECUTE) !== 0 || (mode & FileType.MASK) === FileType.DIRECTORY;
    return Access.READ | Access.WRITE | (executable ? Access.EXECUTE : 0);
  }
  if (who.uid === uid) return (mode >> 6) & 7;
  return (inGroup(who, gid) ? mode >> 3 : mode) & 7;
}

/** EACCES unless all bits of `mask` (see Access) are granted. */
export function requireAccess(who: Credentials, node: Pick<Node, 'stat'>, mask: number): void {
  if ((granted(who, node.stat()) & mask) !== mask) fail(Errno.EACCES);
}

export function requireOwner(who: Credentials, stat: Stat): void {
  if (!isSuperuser(who) && who.uid !== stat.uid) fail(Errno.EPERM);
}

/** In a sticky directory only the owner of the entry or of the directory removes an entry. */
export function requireRemovable(who: Credentials, directory: Node, victim: Node): void {
  requireAccess(who, directory, Access.WRITE | Access.EXECUTE);
  const stat = directory.stat();
  if ((stat.mode & Mode.STICKY) === 0 || isSuperuser(who) || who.uid === stat.uid) return;
  if (victim.stat().uid !== who.uid) fail(Errno.EPERM);
}
