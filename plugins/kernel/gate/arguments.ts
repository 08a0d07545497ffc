import { UPPER_TABLE } from '../files/file-table.js';

const TWO_32 = 2 ** 32;
const UPPER_TABLE_HIGH = 1 << 30;
/** Upper halves of the numbers from -2^53 to 2^53. */
const EXACT_HIGH = 2 ** 21;

/**
 * A register, given as unsigned halves, as a number: small values as they are, negative two's complement as negative numbers, a
 * descriptor of the upper table (bit 62) as `UPPER_TABLE + n`. Anything else becomes NaN, which no pointer or length check passes.
 */
export function toArgument(low: number, high: number): number {
  const signedHigh = high | 0;
  if (signedHigh >= -EXACT_HIGH && signedHigh < EXACT_HIGH) return signedHigh * TWO_32 + low;
  const untagged = ((high ^ UPPER_TABLE_HIGH) >>> 0) * TWO_32 + low;
  return untagged < UPPER_TABLE ? UPPER_TABLE + untagged : NaN;
}

/** The low 32 bits, as C's `unsigned int`. */
export const toU32 = (argument: number): number =>
  Number.isNaN(argument) ? 0 : Number(BigInt.asUintN(32, BigInt(argument)));

/** The low 32 bits, as C's `int`. */
export const toI32 = (argument: number): number => toU32(argument) | 0;
