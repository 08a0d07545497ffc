import { EventFlag, Mode } from '../../../../core/abi/flags.js';
import type { Scheme } from './scheme.js';

/** A device that keeps nothing: one handle serves everybody, writes vanish, reads are made by `make`. */
export const sink = (name: string, make: (length: number) => Uint8Array): Scheme => ({
  openat: () => ({ id: 0 }),
  read: (_id, length) => make(length),
  write: (_id, bytes) => bytes.length,
  fsize: () => 0,
  ftruncate: () => {},
  fcntl: () => 0,
  fevent: (_id, mask) => mask & (EventFlag.READ | EventFlag.WRITE),
  fpath: () => `/scheme/${name}/`,
  fstat: () => ({ mode: Mode.CHR + 0o666, blksize: 4096, nlink: 1 }),
});
