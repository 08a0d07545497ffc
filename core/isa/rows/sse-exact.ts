import { State } from '../../cpu/layout.js';
import { state32 } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { f32, f64 } from '../../cpu/wasm/float-expr.js';
import { f32x4, f64x2, v128 } from '../../cpu/wasm/simd-expr.js';
import type { FormatName } from '../../cpu/x87/vector.js';
import { allTrue, isNormal, lanesNormal } from './sse-support.js';

export type Operation = 'add' | 'subtract' | 'multiply' | 'divide';

/** One operation on scalars: floats, and the same as bits. */
export interface Scalars {
  readonly format: FormatName;
  readonly a: Expr;
  readonly b: Expr;
  readonly result: Expr;
  readonly aBits: Expr;
  readonly bBits: Expr;
  readonly resultBits: Expr;
}

/** All exceptions masked, to nearest, denormals as they are. */
export const isPlain = () => i32.eq(i32.and(state32(State.mxcsr), i32.const(0xffc0)), i32.const(0x1f80));
export const inexactIsNoted = () => i32.and(i32.shrU(state32(State.mxcsr), i32.const(5)), i32.const(1));

const isZero = (format: FormatName, bits: Expr) =>
  i64.eqz(format === 'single' ? i64.shl(bits, i64.const(33)) : i64.shl(bits, i64.const(1)));

/** The result is normal, or a zero that does not come from underflow. */
export function isOrdinaryResult(operation: Operation, s: Scalars): Expr {
  const { format } = s;
  const zero = isZero(format, s.resultBits);
  const cause =
    operation === 'multiply'
      ? i32.or(isZero(format, s.aBits), isZero(format, s.bBits))
      : operation === 'divide'
        ? isZero(format, s.aBits)
        : i32.const(1);
  return i32.or(isNormal(format, s.resultBits), i32.and(zero, cause));
}

const wide = (value: Expr) => f64.promote(value);

/** Whether the result of ordinary operands is exact. May say no of an exact one, never yes of an inexact one. */
export function isExact(operation: Operation, s: Scalars): Expr {
  if (operation === 'add' || operation === 'subtract') return sumIsExact(operation, s);
  if (s.format === 'single') return singleIsExact(operation, s);
  return operation === 'multiply'
    ? fitsProduct(s.aBits, s.bBits)
    : i32.and(fitsProduct(s.resultBits, s.bBits), f64.eq(f64.mul(s.result, s.b), s.a));
}

/** Knuth's two-sum: what rounding took away is itself a float. */
function sumIsExact(operation: Operation, { format, a, b, result }: Scalars): Expr {
  const { add, sub, neg, eq } = format === 'single' ? f32 : f64;
  const addend = operation === 'add' ? b : neg(b);
  const part = sub(result, a);
  return eq(add(sub(a, sub(result, part)), sub(addend, part)), sub(a, a));
}

/** Products of singles are exact as doubles. */
function singleIsExact(operation: Operation, { a, b, result }: Scalars): Expr {
  if (operation === 'multiply') return f64.eq(f64.mul(wide(a), wide(b)), wide(result));
  return f64.eq(f64.mul(wide(result), wide(b)), wide(a));
}

const LEADING_ONE = i64.const(2n ** 52n);
const trailingZeros = (bits: Expr) => i64.ctz(i64.or(bits, LEADING_ONE));

/** The significant bits of both doubles together are at most 53. */
const fitsProduct = (x: Expr, y: Expr) => i64.geU(i64.add(trailingZeros(x), trailingZeros(y)), i64.const(53));

const LANES = { single: f32x4, double: f64x2 } as const;
const ZEROES = v128.const64(0n);

/** Lanes of a packed operation whose result is normal, or a zero that does not come from underflow. */
export function ordinaryResults(
  operation: Operation,
  format: FormatName,
  a: Expr,
  b: Expr,
  result: Expr,
): Expr {
  const { eq } = LANES[format];
  const zero = eq(result, ZEROES);
  const fromZero = eq(a, ZEROES);
  const cause = operation === 'multiply' ? v128.or(fromZero, eq(b, ZEROES)) : fromZero;
  const sum = operation === 'add' || operation === 'subtract';
  return v128.or(lanesNormal(format, result), sum ? zero : v128.and(zero, cause));
}

/** Two-sum by lanes; other packed operations are not looked at. */
export function exactSums(operation: Operation, format: FormatName, a: Expr, b: Expr, result: Expr): Expr {
  if (operation !== 'add' && operation !== 'subtract') return i32.const(0);
  const { add, sub, neg, eq } = LANES[format];
  const addend = operation === 'add' ? b : neg(b);
  const part = sub(result, a);
  return allTrue(format, eq(add(sub(a, sub(result, part)), sub(addend, part)), ZEROES));
}
