import type { Location } from './location.js';

/** Times are nanoseconds since 1970; `rdev` and `dev` are in the kernel's new_encode_dev form; `blocks` are 512 bytes. */
export interface Stat {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly btimeNs: bigint;
}

/** Sizes in blocks of `bsize`; `type` is the magic number of statfs(2). */
export interface StatFs {
  readonly type: number;
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** Only what is present changes. `mode` has permission bits only. */
export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly atimeNs?: bigint;
  readonly mtimeNs?: bigint;
}

/** A new object's permission bits and owner. */
export interface NewNode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** An open regular file or simple device. Nothing here waits. Positions are bytes; failures are SysFailure. */
export interface FileHandle {
  readonly kind: 'file';
  /** False for devices: position is ignored. */
  readonly seekable: boolean;
  /** Bytes read; 0 at the end. */
  read(into: Uint8Array, position: number): number;
  write(from: Uint8Array, position: number): number;
  /** Writes at the end, atomically with finding it. */
  append(from: Uint8Array): number;
  stat(): Stat;
  change(change: AttributeChange): void;
  sync(dataOnly: boolean): void;
  close(): void;
}

/** Something that waits, and so is the kernel's: a terminal, a pipe, a description reached through /proc/self/fd. */
export interface Foreign {
  readonly kind: 'foreign';
  readonly what: unknown;
}

export type Openable = FileHandle | Foreign;

export const foreign = (what: unknown): Foreign => ({ kind: 'foreign', what });

/** An object of a file system. `type` is one of FileType. */
export interface Node {
  readonly type: number;
  stat(): Stat;
  change(change: AttributeChange): void;
  /** Never called on directories and symlinks. Permissions have been checked. O_TRUNC is the file system's to obey. */
  open(flags: number): Openable;
  /** Beyond the mode bits: what the host, for instance, would refuse. */
  access?(mask: number): void;
  /** Keeps the object reachable whatever happens to its name; the answer lets go. */
  hold?(): () => void;
}

export interface Symlink extends Node {
  readlink(): string;
  /** A link of /proc that leads to an object rather than to a path. */
  follow?(): Location | undefined;
}

export interface DirectoryEntry {
  readonly name: string;
  /** A FileType. */
  readonly type: number;
  ino(): number;
}

/**
 * Names are checked: no slash, no NUL, neither `.` nor `..`, 255 bytes at most. The VFS has looked up what it hands over, so
 * implementations decide existence only where another process may interfere.
 */
export interface Directory extends Node {
  /** Undefined at the root of the file system. */
  readonly parent: Directory | undefined;
  readonly name: string;
  readonly removed: boolean;
  lookup(name: string): Node | undefined;
  list(): DirectoryEntry[];
  create(name: string, init: NewNode, flags: number): { node: Node; opened: Openable };
  mknod(name: string, init: NewNode, rdev: number): Node;
  mkdir(name: string, init: NewNode): Node;
  symlink(name: string, target: string, init: NewNode): Node;
  link(name: string, node: Node): void;
  unlink(name: string): void;
  rmdir(name: string): void;
  rename(name: string, to: Directory, newName: string, flags: number): void;
  /** A file without a name (O_TMPFILE). */
  createUnnamed?(init: NewNode, flags: number): { node: Node; opened: Openable };
}

export interface FileSystem {
  /** As in /proc/mounts. */
  readonly name: string;
  readonly root: Node;
  /** Names live here and nowhere else, so directories may be made to hang mounts below. */
  readonly ownsNames?: boolean;
  statfs(node: Node): StatFs;
}
