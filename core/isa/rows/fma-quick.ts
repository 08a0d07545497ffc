import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { bitselect, f64x2, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import { Negate } from '../../cpu/x87/fused.js';
import { lanesDenormal, lanesNormal } from './sse-support.js';

/** Lanes of x * y + z, rounded once, and for which lanes that holds: others are for the library. */
export interface Quick {
  readonly result: Expr;
  readonly known: Expr;
}

/** What to do with the signs of product and addend, by lane. */
export type Signs = readonly [even: number, odd: number];

const ZEROES = v128.const64(0n);
const ONES = v128.const64(1n);
const ALL = v128.const64(-1n);
const SIGN = 1n << 63n;
const SPLIT = v128.const64(0x41a0_0000_0200_0000n); // 2^27 + 1
const EXPONENT = v128.const64(0x7ff0_0000_0000_0000n);

const signBits = ([even, odd]: Signs, what: number) =>
  v128.const64(even & what ? SIGN : 0n, odd & what ? SIGN : 0n);

/** Sum and what its rounding took away, exactly (Knuth). */
function twoSum(e: Emitter, x: Expr, y: Expr): [sum: Expr, error: Expr] {
  const sum = e.let(f64x2.add(x, y));
  const part = e.let(f64x2.sub(sum, x));
  return [sum, e.let(f64x2.add(f64x2.sub(x, f64x2.sub(sum, part)), f64x2.sub(y, part)))];
}

/** Sum rounded to odd: rounding it again to fewer bits is as if the exact sum was rounded (Boldo and Melquiond). */
function oddSum(e: Emitter, x: Expr, y: Expr): Expr {
  const [sum, error] = twoSum(e, x, y);
  const even = i64x2.eq(v128.and(sum, ONES), ZEROES);
  const moves = v128.and(even, f64x2.ne(error, ZEROES));
  const outward = i64x2.eq(f64x2.gt(error, ZEROES), f64x2.gt(sum, ZEROES));
  return e.let(bitselect(i64x2.add(sum, bitselect(ONES, ALL, outward)), sum, moves));
}

/** Dekker's product: exact, as long as nothing overflows or underflows. */
function twoProduct(e: Emitter, x: Expr, y: Expr): [Expr, Expr] {
  const split = (value: Expr) => {
    const scaled = e.let(f64x2.mul(value, SPLIT));
    const high = e.let(f64x2.sub(scaled, f64x2.sub(scaled, value)));
    return [high, e.let(f64x2.sub(value, high))] as const;
  };
  const product = e.let(f64x2.mul(x, y));
  const [[x1, x0], [y1, y0]] = [split(x), split(y)];
  const first = f64x2.sub(f64x2.mul(x1, y1), product);
  const middle = f64x2.add(f64x2.add(first, f64x2.mul(x1, y0)), f64x2.mul(x0, y1));
  return [product, e.let(f64x2.add(middle, f64x2.mul(x0, y0)))];
}

/** The exponent is near enough to zero that neither products nor parts of them overflow or underflow. */
function within(value: Expr, reach: number): Expr {
  const bound = (exponent: number) => v128.const64(BigInt(1023 + exponent) << 52n);
  const exponent = v128.and(value, EXPONENT);
  return v128.and(i64x2.gtS(exponent, bound(-reach)), i64x2.ltS(exponent, bound(reach)));
}

function quickDoubles(e: Emitter, [x, y, z]: readonly Expr[], signs: Signs): Quick {
  const factor = e.let(v128.xor(x!, signBits(signs, Negate.product)));
  const addend = e.let(v128.xor(z!, signBits(signs, Negate.addend)));
  const [high, low] = twoProduct(e, factor, y!);
  const [thirdHigh, thirdLow] = twoSum(e, addend, low);
  const [sum, rest] = twoSum(e, high, thirdHigh);
  const result = e.let(f64x2.add(sum, oddSum(e, thirdLow, rest)));
  const fits = v128.or(within(addend, 800), f64x2.eq(addend, ZEROES));
  return { result, known: v128.and(v128.and(within(factor, 400), within(y!, 400)), fits) };
}

const HIGH_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const LOW_QWORDS = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const LOW_DWORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

/** Products of singles are exact in doubles. */
function quickSingles(e: Emitter, operands: readonly Expr[], signs: Signs): Quick {
  const upper = (value: Expr) => i8x16.shuffle(value, value, HIGH_HALF);
  const sumOf = (half: (value: Expr) => Expr) => {
    const [x, y, z] = operands.map((value) => e.let(f64x2.promoteLow(half(value)))) as [Expr, Expr, Expr];
    const product = e.let(v128.xor(f64x2.mul(x, y), signBits(signs, Negate.product)));
    return oddSum(e, product, e.let(v128.xor(z, signBits(signs, Negate.addend))));
  };
  const [low, high] = [sumOf((value) => value), sumOf(upper)];
  const result = e.let(i8x16.shuffle(f64x2.demoteZero(low), f64x2.demoteZero(high), LOW_QWORDS));
  const zero = i8x16.shuffle(f64x2.eq(low, ZEROES), f64x2.eq(high, ZEROES), LOW_DWORDS);
  const denormal = operands.map((value) => lanesDenormal('single', value)).reduce(v128.or);
  const ordinary = v128.or(lanesNormal('single', result), zero);
  return { result, known: v128.andNot(ordinary, denormal) };
}

export const quickLanes = { single: quickSingles, double: quickDoubles } as const;
