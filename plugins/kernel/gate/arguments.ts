import { UPPER_TABLE } from '../files/file-table.js';

const UPPER_TABLE_BIT = 1n << 62n;

/**
 * A register as a number: small values as they are, negative two's complement as negative numbers, a descriptor of
 * the upper table (bit 62) as `UPPER_TABLE + n`. Anything else becomes NaN, which no pointer or length check passes.
 */
export function toArgument(value: bigint): number {
  const signed = BigInt.asIntN(64, value);
  if (signed >= -(2n ** 53n) && signed < 2n ** 53n) return Number(signed);
  const untagged = BigInt.asUintN(64, value) ^ UPPER_TABLE_BIT;
  return untagged < BigInt(UPPER_TABLE) ? UPPER_TABLE + Number(untagged) : NaN;
}

/** The low 32 bits, as C's `unsigned int`. */
export const toU32 = (argument: number): number =>
  Number.isNaN(argument) ? 0 : Number(BigInt.asUintN(32, BigInt(argument)));

/** The low 32 bits, as C's `int`. */
export const toI32 = (argument: number): number => toU32(argument) | 0;
