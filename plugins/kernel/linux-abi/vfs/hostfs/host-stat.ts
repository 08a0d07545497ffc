import type { BigIntStats } from 'node:fs';
import type { Stat } from '../types.js';

const EXACT_BITS = 53n;

/** Inode numbers beyond 2^53 are folded: still stable, and as good as unique. */
function inodeNumber(ino: bigint): number {
  return Number(ino >> EXACT_BITS === 0n ? ino : BigInt.asUintN(53, ino ^ (ino >> EXACT_BITS)));
}

export function statOfHost(host: BigIntStats): Stat {
  return {
    dev: Number(host.dev),
    ino: inodeNumber(host.ino),
    mode: Number(host.mode),
    nlink: Number(host.nlink),
    uid: Number(host.uid),
    gid: Number(host.gid),
    rdev: Number(host.rdev),
    size: Number(host.size),
    blksize: Number(host.blksize),
    blocks: Number(host.blocks),
    atimeNs: host.atimeNs,
    mtimeNs: host.mtimeNs,
    ctimeNs: host.ctimeNs,
    btimeNs: host.birthtimeNs,
  };
}
