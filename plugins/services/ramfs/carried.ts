import type { Inode } from './inode.js';

/** An open file. */
export interface Handle {
  readonly inode: number;
  readonly flags: number;
  /** Who opened it: calls on a handle carry no ids. */
  readonly uid: number;
  readonly gid: number;
  /** The name it was opened by, for rename and link. */
  readonly parent: number;
  readonly name: string;
}

/** Everything but the bytes, as plain data. */
export interface CarriedFiles {
  readonly inodes: readonly (Omit<Inode, 'entries'> & {
    readonly entries?: [string, { inode: number; sequence: number }][];
  })[];
  readonly handles: readonly (readonly [number, Handle])[];
  readonly nextHandle: number;
  readonly vault?: readonly number[];
}
