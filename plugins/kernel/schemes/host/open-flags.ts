import { Open as Redox } from '../../../../core/abi/flags.js';
import { Open as Linux } from '../../linux-abi/vfs/flags.js';

const SAME: readonly (readonly [number, number])[] = [
  [Redox.CREAT, Linux.CREAT],
  [Redox.EXCL, Linux.EXCL],
  [Redox.TRUNC, Linux.TRUNC],
  [Redox.DIRECTORY, Linux.DIRECTORY],
  [Redox.NOFOLLOW, Linux.NOFOLLOW],
];

const isSet = (flags: number, bit: number): boolean => (flags & bit) !== 0;

/** Redox's open flags as the VFS takes them. What asks for neither reading nor writing reads. */
export function toVfsFlags(flags: number): number {
  const access = isSet(flags, Redox.WRONLY)
    ? isSet(flags, Redox.RDONLY)
      ? Linux.RDWR
      : Linux.WRONLY
    : Linux.RDONLY;
  const rest = SAME.filter(([redox]) => isSet(flags, redox)).reduce((sum, [, linux]) => sum | linux, 0);
  return access | rest;
}
