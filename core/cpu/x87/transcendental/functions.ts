import {
  arcTangent,
  BITS,
  divide,
  exponentialMinusOne,
  LN2,
  logOnePlus,
  multiply,
  ONE,
  PI,
  sineAndCosine,
} from './fixed.js';

/** (-1)^negative * significand * 2^(exponent - 63); zero and infinity have a kind of their own. */
export interface Operand {
  readonly kind: 'zero' | 'finite' | 'infinity';
  readonly negative: boolean;
  readonly exponent: number;
  /** Bit 63 is set. */
  readonly significand: bigint;
}

/** Whether a result stands for itself. Processors report some results as inexact that are not. */
export type Exactness = 'inexact' | 'exact' | 'exact but reported inexact';

/** A result before rounding: (-1)^negative * value * 2^exponent. */
export type Result =
  | {
      readonly kind: 'finite';
      readonly negative: boolean;
      readonly value: bigint;
      readonly exponent: number;
      readonly exactness: Exactness;
    }
  | { readonly kind: 'zero' | 'infinity'; readonly negative: boolean; readonly divideByZero?: true }
  | { readonly kind: 'invalid' };

/** Below this exponent the second term of every series is out of sight: f(x) is c * x, just not exactly. */
const TINY = -100;
/** What processors take for pi when they reduce arguments: 66 bits. */
const PI_66 = 0xc90f_daa2_2168_c234_cn;
const PI_66_SCALE = 66;

const REPORTED: Exactness = 'exact but reported inexact';

const invalid: Result = { kind: 'invalid' };
const zero = (negative: boolean): Result => ({ kind: 'zero', negative });
const infinity = (negative: boolean): Result => ({ kind: 'infinity', negative });

function finite(value: bigint, exponent = -BITS, negative = false, exactness: Exactness = 'inexact'): Result {
  if (value === 0n) return zero(negative);
  const below = value < 0n;
  return { kind: 'finite', negative: below !== negative, value: below ? -value : value, exponent, exactness };
}

/** The magnitude as a fixed-point number. */
function fixed({ significand, exponent }: Operand): bigint {
  const shift = BigInt(BITS + exponent - 63);
  return shift >= 0n ? significand << shift : significand >> -shift;
}

/** c * |x|, for a fixed-point c. */
const linear = ({ significand, exponent, negative }: Operand, factor: bigint): Result =>
  finite(significand * factor, exponent - 63 - BITS, negative);

const itself = ({ significand, exponent, negative }: Operand): Result =>
  finite(significand, exponent - 63, negative, REPORTED);

/** |x| modulo a quarter turn, nearest zero, and the number of the quarter. */
function reduce(x: Operand): { rest: bigint; quarter: number } {
  const shift = x.exponent - 63 + PI_66_SCALE + 1;
  // In units of 2^-67, where pi / 2 is a whole number.
  if (x.exponent < -1) return { rest: fixed(x), quarter: 0 };
  const units = BITS - PI_66_SCALE - 1;
  const scaled =
    shift >= 0 ? x.significand << BigInt(shift + units) : (x.significand << BigInt(units)) >> BigInt(-shift);
  const half = PI_66 << BigInt(units);
  const quarter = (scaled + half / 2n) / half;
  return { rest: scaled - quarter * half, quarter: Number(quarter & 3n) };
}

export function sine(x: Operand): Result {
  if (x.kind === 'infinity') return invalid;
  if (x.kind === 'zero') return zero(x.negative);
  if (x.exponent < TINY) return itself(x);
  const { rest, quarter } = reduce(x);
  const [sin, cos] = sineAndCosine(rest);
  const value = [sin, cos, -sin, -cos][quarter]!;
  return finite(value, -BITS, x.negative);
}

export function cosine(x: Operand): Result {
  if (x.kind === 'infinity') return invalid;
  if (x.kind === 'zero') return finite(ONE, -BITS, false, 'exact');
  if (x.exponent < TINY) return finite(ONE - 1n);
  const { rest, quarter } = reduce(x);
  const [sin, cos] = sineAndCosine(rest);
  return finite([cos, -sin, -cos, sin][quarter]!);
}

export function tangent(x: Operand): Result {
  if (x.kind === 'infinity') return invalid;
  if (x.kind === 'zero') return zero(x.negative);
  if (x.exponent < TINY) return itself(x);
  const { rest, quarter } = reduce(x);
  const [sin, cos] = sineAndCosine(rest);
  const value = quarter % 2 === 0 ? divide(sin, cos) : divide(-cos, sin);
  return finite(value, -BITS, x.negative);
}

/** 2^x - 1 for |x| <= 1; other arguments come back as they are, the manual does not define them. */
export function exponential(x: Operand): Result {
  if (x.kind === 'infinity') return x.negative ? finite(ONE, -BITS, true, 'exact') : infinity(false);
  if (x.kind === 'zero') return zero(x.negative);
  if (x.exponent < TINY) return linear(x, LN2);
  const isOne = x.exponent === 0 && x.significand === 1n << 63n;
  if (isOne) return finite(x.negative ? ONE / 2n : ONE, -BITS, x.negative, REPORTED);
  if (x.exponent >= 0) return itself(x);
  const argument = multiply(fixed(x), LN2);
  return finite(exponentialMinusOne(x.negative ? -argument : argument));
}

/** log2 of a positive finite number, fixed-point; exact for powers of two. */
function logarithm({ significand, exponent }: Operand): { value: bigint; exact: boolean } {
  if (significand === 1n << 63n) return { value: BigInt(exponent) << BigInt(BITS), exact: true };
  const upper = significand > 0xb504_f333_f9de_6484n;
  const whole = BigInt(exponent + (upper ? 1 : 0)) << BigInt(BITS);
  const mantissa = significand << BigInt(BITS - 63 - (upper ? 1 : 0));
  return { value: whole + divide(logOnePlus(mantissa - ONE), LN2), exact: false };
}

/** y * value, for a fixed-point value. */
function scaled(y: Operand, value: bigint, exactness: Exactness): Result {
  return finite(y.significand * value, y.exponent - 63 - BITS, y.negative, exactness);
}

/** y * log2(x) */
export function timesLogarithm(x: Operand, y: Operand): Result {
  if (x.kind === 'zero') {
    if (y.kind === 'zero') return invalid;
    if (y.kind === 'infinity') return infinity(!y.negative);
    return { kind: 'infinity', negative: !y.negative, divideByZero: true };
  }
  if (x.negative) return invalid;
  if (x.kind === 'infinity') return y.kind === 'zero' ? invalid : infinity(y.negative);
  const { value, exact } = logarithm(x);
  if (y.kind === 'infinity') return value === 0n ? invalid : infinity(y.negative !== value < 0n);
  if (y.kind === 'zero' || value === 0n) return zero(y.negative !== value < 0n);
  return scaled(y, value, exact ? REPORTED : 'inexact');
}

/** y * log2(1 + x); the manual leaves arguments beyond sqrt(2) - 1 open, processors answer x below -1. */
export function timesLogarithmOnePlus(x: Operand, y: Operand): Result {
  const negative = x.negative !== y.negative;
  if (x.kind === 'infinity' && x.negative) return invalid;
  if (x.kind === 'infinity' || y.kind === 'infinity') {
    return x.kind === 'zero' || y.kind === 'zero' ? invalid : infinity(negative);
  }
  if (x.kind === 'zero' || y.kind === 'zero') return zero(negative);
  if (x.exponent < TINY) {
    const factor = divide(ONE, LN2);
    return finite(x.significand * y.significand * factor, x.exponent + y.exponent - 126 - BITS, negative);
  }
  if (x.exponent >= 0 && x.negative) return itself(x);
  return scaled(y, x.exponent < -1 ? logarithmNearOne(x) : logarithm(plusOne(x)).value, 'inexact');
}

function logarithmNearOne(x: Operand): bigint {
  const argument = fixed(x);
  return divide(logOnePlus(x.negative ? -argument : argument), LN2);
}

/** 1 + x, rounded to 64 bits where x is so large that it does not matter. */
function plusOne(x: Operand): Operand {
  if (x.exponent > 64) return x;
  const argument = fixed(x);
  const sum = ONE + (x.negative ? -argument : argument);
  const exponent = sum.toString(2).length - 1 - BITS;
  return { ...x, negative: false, exponent, significand: sum >> BigInt(BITS + exponent - 63) };
}

/** The angle of the point (x, y). */
export function angle(x: Operand, y: Operand): Result {
  const { negative } = y;
  const turn = (value: bigint): Result => finite(value, -BITS, negative);
  if (y.kind === 'zero') return x.negative ? turn(PI) : zero(negative);
  if (x.kind === 'infinity') {
    if (y.kind !== 'infinity') return x.negative ? turn(PI) : zero(negative);
    return turn(x.negative ? (3n * PI) / 4n : PI / 4n);
  }
  if (x.kind === 'zero' || y.kind === 'infinity') return turn(PI / 2n);
  return angleOfFinite(x, y);
}

function angleOfFinite(x: Operand, y: Operand): Result {
  const { negative } = y;
  const distance = y.exponent - x.exponent;
  const quotient = (y.significand << 192n) / x.significand;
  if (distance < TINY) {
    if (x.negative) return finite(PI - 1n, -BITS, negative);
    return finite(quotient, distance - 192, negative);
  }
  if (distance > -TINY) return finite(PI / 2n + (x.negative ? 1n : -1n), -BITS, negative);
  const [a, b] = [x.significand, y.significand << BigInt(Math.max(distance, 0))];
  const divisor = a << BigInt(Math.max(-distance, 0));
  const steep = b > divisor;
  const ratio = steep ? divide(divisor, b) : divide(b, divisor);
  const acute = steep ? PI / 2n - arcTangent(ratio) : arcTangent(ratio);
  return finite(x.negative ? PI - acute : acute, -BITS, negative);
}
