import type { ParsedRow } from '../../core/isa/row.js';

const BITS: Record<string, bigint> = { c: 1n, p: 4n, a: 0x10n, z: 0x40n, s: 0x80n, o: 0x800n };

/** Bits of rflags by their letters. */
export const flagMask = (letters = '') =>
  [...letters].reduce((mask, letter) => mask | (BITS[letter] ?? 0n), 0n);

/** Flags of rflags that the row leaves undefined. */
export const undefinedFlags = (row: ParsedRow) => flagMask(row.undefined);
