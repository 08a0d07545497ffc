import type { Stat, StatFs } from '../vfs/types.js';

const NS_PER_S = 1_000_000_000n;
const NAME_MAX = 255;
const STATX_BASIC_AND_BTIME = 0xfff;

const major = (dev: number) => (dev >>> 8) & 0xfff;
const minor = (dev: number) => (dev & 0xff) | ((dev >>> 12) & 0xfff00);

/** struct stat of x86-64, 144 bytes. */
export function encodeStat(stat: Stat): Uint8Array {
  const bytes = new Uint8Array(144);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(stat.dev), true);
  view.setBigUint64(8, BigInt(stat.ino), true);
  view.setBigUint64(16, BigInt(stat.nlink), true);
  view.setUint32(24, stat.mode, true);
  view.setUint32(28, stat.uid, true);
  view.setUint32(32, stat.gid, true);
  view.setBigUint64(40, BigInt(stat.rdev), true);
  view.setBigInt64(48, BigInt(stat.size), true);
  view.setBigInt64(56, BigInt(stat.blksize), true);
  view.setBigInt64(64, BigInt(stat.blocks), true);
  [stat.atimeNs, stat.mtimeNs, stat.ctimeNs].forEach((ns, index) => {
    view.setBigInt64(72 + index * 16, ns / NS_PER_S, true);
    view.setBigInt64(80 + index * 16, ns % NS_PER_S, true);
  });
  return bytes;
}

/** struct statx, 256 bytes (linux/stat.h). */
export function encodeStatx(stat: Stat): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, STATX_BASIC_AND_BTIME, true);
  view.setUint32(4, stat.blksize, true);
  view.setUint32(16, stat.nlink, true);
  view.setUint32(20, stat.uid, true);
  view.setUint32(24, stat.gid, true);
  view.setUint16(28, stat.mode, true);
  view.setBigUint64(32, BigInt(stat.ino), true);
  view.setBigUint64(40, BigInt(stat.size), true);
  view.setBigUint64(48, BigInt(stat.blocks), true);
  [stat.atimeNs, stat.btimeNs, stat.ctimeNs, stat.mtimeNs].forEach((ns, index) => {
    view.setBigInt64(64 + index * 16, ns / NS_PER_S, true);
    view.setUint32(72 + index * 16, Number(ns % NS_PER_S), true);
  });
  [major(stat.rdev), minor(stat.rdev), major(stat.dev), minor(stat.dev)].forEach((number, index) =>
    view.setUint32(128 + index * 4, number, true),
  );
  return bytes;
}

/** struct statfs, 120 bytes. */
export function encodeStatfs({ type, bsize, blocks, bfree, bavail, files, ffree }: StatFs): Uint8Array {
  const bytes = new Uint8Array(120);
  const view = new DataView(bytes.buffer);
  [type, bsize, blocks, bfree, bavail, files, ffree].forEach((value, index) =>
    view.setBigUint64(index * 8, BigInt(value), true),
  );
  view.setBigInt64(64, BigInt(NAME_MAX), true);
  view.setBigInt64(72, BigInt(bsize), true);
  return bytes;
}
