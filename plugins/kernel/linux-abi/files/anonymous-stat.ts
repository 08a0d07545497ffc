import type { Stat } from '../vfs/types.js';

/** The stat of something without a place in any file system. */
export const anonymousStat = (mode: number, ino: number, rdev = 0): Stat => ({
  dev: 0xf,
  ino,
  mode,
  nlink: 1,
  uid: 0,
  gid: 0,
  rdev,
  size: 0,
  blksize: 4096,
  blocks: 0,
  atimeNs: 0n,
  mtimeNs: 0n,
  ctimeNs: 0n,
  btimeNs: 0n,
});
