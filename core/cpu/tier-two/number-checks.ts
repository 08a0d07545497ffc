import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import { f32x4, f64x2, i32x4, i64x2, v128 } from '../wasm/simd-expr.js';
import type { FormatName, Range } from './number-ranges.js';
import { LIMITS } from './number-ranges.js';
import { FLOATS } from './low-lanes.js';

/** Which range numbers are asked for. */
export type Need = 'tight' | 'loose';

export const rangeOf = (format: FormatName, need: Need): Range => LIMITS[format][need];

/** Where the exponent begins in the upper four bytes, shifted left by one; and its bias. */
const EXPONENT = { single: { at: 24, bias: 127 }, double: { at: 21, bias: 1023 } } as const;

/** The upper bytes without sign, from those of the smallest number on; and how many there are up to the largest one. */
function span(format: FormatName, need: Need): { first: number; count: number } {
  const { at, bias } = EXPONENT[format];
  const { least, most } = rangeOf(format, need);
  return { first: (bias + least) * 2 ** at, count: (most - least) * 2 ** at };
}

/** By the upper four bytes of a number, whether it lies in the range; a zero does not. */
export function isWithin(format: FormatName, need: Need, top: Expr): Expr {
  const { first, count } = span(format, need);
  return i32.ltU(i32.sub(i32.shl(top, i32.const(1)), i32.const(first | 0)), i32.const(count | 0));
}

export const isNonzero = (format: FormatName, value: Expr): Expr =>
  FLOATS[format].ne(value, format === 'single' ? SINGLE_ZERO : DOUBLE_ZERO);
const SINGLE_ZERO = FLOATS.single.reinterpret(i32.const(0));
const DOUBLE_ZERO = FLOATS.double.const(0);

const all32 = (bits: number) => v128.const64((BigInt(bits >>> 0) << 32n) | BigInt(bits >>> 0));
const NOTHING = v128.const64(0n);

/** Whether all lanes of all vectors lie in the range. */
export function areWithin(format: FormatName, need: Need, vectors: readonly Expr[]): Expr {
  if (format === 'double') {
    const within = vectors.map((value) => doublesWithin(need, value)).reduce(v128.and);
    return i32.eq(i64x2.bitmask(within), i32.const(3));
  }
  const farthest = vectors.map((value) => distances(need, value)).reduce(i32x4.maxS);
  return i32.eqz(i32x4.bitmask(i32x4.gtS(farthest, farthestIn(need))));
}

const LEAST_SIGNED = -(2 ** 31);
/** How far singles lie above the smallest one, the least number standing for 0: so signed comparisons do, of which there are instructions. */
const distances = (need: Need, value: Expr): Expr =>
  i32x4.sub(i32x4.add(value, value), all32((span('single', need).first + LEAST_SIGNED) | 0));
const farthestIn = (need: Need): Expr => all32((span('single', need).count - 1 + LEAST_SIGNED) | 0);

function doublesWithin(need: Need, value: Expr): Expr {
  const { least, most } = rangeOf('double', need);
  const power = (exponent: number) => v128.const64(BigInt(exponent + 1023) << 52n);
  const magnitude = f64x2.abs(value);
  return v128.and(f64x2.ge(magnitude, power(least)), f64x2.lt(magnitude, power(most)));
}

/** The same for vectors with zeroes among them. */
export function areWithinOrZero(format: FormatName, need: Need, vectors: readonly Expr[]): Expr {
  const each = vectors.map((value) => {
    if (format === 'double') return v128.or(doublesWithin(need, value), f64x2.eq(value, NOTHING));
    const beyond = i32x4.gtS(distances(need, value), farthestIn(need));
    return v128.or(v128.not(beyond), f32x4.eq(value, NOTHING));
  });
  const mask = each.reduce(v128.and);
  return format === 'double'
    ? i32.eq(i64x2.bitmask(mask), i32.const(3))
    : i32.eq(i32x4.bitmask(mask), i32.const(15));
}
