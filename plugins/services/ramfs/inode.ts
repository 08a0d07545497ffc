import { DirentKind } from '../../../core/abi/dirent.js';
import { Errno } from '../../../core/abi/errno.js';
import { Mode } from '../../../core/abi/flags.js';
import { PosixError } from '../runtime/posix-error.js';

export interface Time {
  readonly sec: number;
  readonly nsec: number;
}

export interface Entry {
  readonly inode: number;
  /** Grows with every entry of the directory: a cursor that survives removals. */
  readonly sequence: number;
}

/** A file, directory or symbolic link. Contents of files lie in a memory object of the same size. */
export interface Inode {
  readonly number: number;
  /** Type and permission bits. */
  mode: number;
  uid: number;
  gid: number;
  links: number;
  size: number;
  modified: Time;
  accessed: Time;
  changed: Time;
  /** Descriptor of the memory object; made with the first byte. */
  object?: number;
  target?: string;
  readonly entries?: Map<string, Entry>;
  parent: number;
  nextSequence: number;
}

export const isDirectory = ({ mode }: Inode): boolean => (mode & Mode.TYPE) === Mode.DIR;
export const isLink = ({ mode }: Inode): boolean => (mode & Mode.TYPE) === Mode.SYMLINK;

export const entriesOf = (inode: Inode): Map<string, Entry> => {
  if (!inode.entries) throw new PosixError(Errno.ENOTDIR);
  return inode.entries;
};

const KINDS: Readonly<Record<number, number>> = {
  [Mode.DIR]: DirentKind.DIRECTORY,
  [Mode.FILE]: DirentKind.REGULAR,
  [Mode.SYMLINK]: DirentKind.SYMLINK,
};

export const direntKind = ({ mode }: Inode): number => KINDS[mode & Mode.TYPE] ?? DirentKind.UNSPECIFIED;

export const Access = { READ: 4, WRITE: 2, SEARCH: 1 } as const;

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
}

/** The first class that fits decides: owner, group, others. Root may do all. */
export function may({ mode, uid, gid }: Inode, who: Credentials, access: number): boolean {
  if (who.uid === 0) return true;
  const shift = who.uid === uid ? 6 : who.gid === gid ? 3 : 0;
  return ((mode >> shift) & access) === access;
}

export function demand(inode: Inode, who: Credentials, access: number): void {
  if (!may(inode, who, access)) throw new PosixError(Errno.EACCES);
}
