import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import { f64, truncateSaturated } from '../wasm/float-expr.js';
import type { FunctionBuilder, Library, Variable } from './library.js';
import { nonzero, one32, TOP_BIT, zero32, zero64 } from './library.js';

/**
 * Arithmetic on extended numbers that are zero or normal, rounded to nearest: in registers, without the control block. A number is its
 * significand (i64) and its head (i32): sign and exponent in the low 16 bits, as in memory. Above them answers have what happened.
 */
export const Head = {
  sign: 0x8000,
  exponent: 0x7fff,
  /** The last rounding went away from zero. */
  roundedUp: 0x1_0000,
  inexact: 0x2_0000,
  /** Not the ordinary case: nothing else of the answer counts. */
  refused: -(2 ** 31),
} as const;

export const BIAS = 16383;
export const PRECISIONS = [64, 53] as const;
export type Precision = (typeof PRECISIONS)[number];

const [one64, LOW_BITS] = [i64.const(1), i64.const(63)];
/** Exponents so far from the borders that no rounding comes near an overflow or underflow. */
const [FIRST, LAST] = [2, 0x7ffc];

export const exponentOf = (head: Expr) => i32.and(head, i32.const(Head.exponent));
const signOf = (head: Expr) => i32.and(head, i32.const(Head.sign));

/** What is computed, before rounding; `low` continues `high`. */
interface Wide {
  readonly high: Variable;
  readonly low: Variable;
  readonly exponent: Variable;
}

export function defineQuick(library: Library): void {
  for (const precision of PRECISIONS) {
    defineAdd(library, precision);
    defineMultiply(library, precision);
    defineDivide(library, precision);
    defineRoot(library, precision);
  }
  defineToFloat(library, 'quick.toDouble', 53, 11);
  defineToFloat(library, 'quick.toSingle', 24, 8);
  defineIntegers(library);
  defineOrder(library);
}

function answer(f: FunctionBuilder, high: Expr, head: Expr): void {
  f.do(high);
  f.return(head);
}

const refuse = (f: FunctionBuilder) => answer(f, zero64, i32.const(Head.refused));

/** The same sum, with its leading bit in bit 63. */
function normalize(f: FunctionBuilder, { high, low, exponent }: Wide): void {
  const shift = f.let(i64.clz(high.get()));
  const carried = i64.shrU(i64.shrU(low.get(), one64), i64.xor(shift, LOW_BITS));
  high.set(i64.or(i64.shl(high.get(), shift), carried));
  low.set(i64.shl(low.get(), shift));
  exponent.set(i32.sub(exponent.get(), i32.wrap(shift)));
}

/** To nearest, ties to even: whether to go up, and whether anything was cut off. */
function roundWide(f: FunctionBuilder, { high, low, exponent }: Wide, precision: number): Expr {
  const ulp = i64.const(1n << BigInt(64 - precision));
  const rest =
    precision === 64
      ? low.get()
      : f.let(i64.or(i64.shl(high.get(), i64.const(precision)), i64.extendU(nonzero(low.get()))));
  const kept = precision === 64 ? high.get() : f.let(i64.and(high.get(), i64.sub(zero64, ulp)));
  const odd = precision === 64 ? kept : i64.shrU(kept, i64.const(64 - precision));
  const beyond = i64.or(i64.extendU(nonzero(i64.shl(rest, one64))), odd);
  const up = f.let(i64.and(i64.and(i64.shrU(rest, LOW_BITS), beyond), one64));
  const flags = f.let(i32.or(i32.shl(i32.wrap(up), i32.const(16)), i32.shl(nonzero(rest), i32.const(17))));
  high.set(i64.add(kept, precision === 64 ? up : i64.shl(up, i64.const(64 - precision))));
  f.if(i64.eqz(high.get()), () => {
    high.set(TOP_BIT);
    exponent.set(i32.add(exponent.get(), one32));
  });
  return flags;
}

/** Rounds and answers, unless the exponent comes near a border. */
function finish(f: FunctionBuilder, wide: Wide, sign: Expr, precision: number): Expr {
  const { high, exponent } = wide;
  const flags = roundWide(f, wide, precision);
  const near = i32.geU(i32.sub(exponent.get(), i32.const(FIRST)), i32.const(LAST - FIRST));
  f.if(near, () => refuse(f));
  f.do(high.get());
  return i32.or(i32.or(sign, exponent.get()), flags);
}

const OPERANDS = ['i64', 'i32', 'i64', 'i32'] as const;
const NUMBER = ['i64', 'i32'] as const;

/** quick.add.*: sums; a difference has the sign of its second operand turned before. */
function defineAdd(library: Library, precision: Precision): void {
  library.define(`quick.add.${precision}`, OPERANDS, NUMBER, (f) => {
    const [a, aHead, b, bHead] = [0, 1, 2, 3].map((i) => f.argument(i)) as [Expr, Expr, Expr, Expr];
    f.if(i64.geS(i64.and(a, b), zero64), () => addZero(f, precision));
    const distance = f.let(i32.sub(exponentOf(aHead), exponentOf(bHead)));
    const swap = f.let(i32.or(i32.ltS(distance, zero32), i32.and(i32.eqz(distance), i64.ltU(a, b))));
    const [big, small] = [f.let(select(swap, b, a)), f.let(select(swap, a, b))];
    const head = f.let(select(swap, bHead, aHead));
    const away = f.let(i64.extendU(select(swap, i32.sub(zero32, distance), distance)));
    const [high, low] = [f.variable(i64.shrU(small, away)), f.variable(zero64)];
    low.set(i64.shl(i64.shl(small, one64), i64.xor(i64.and(away, LOW_BITS), LOW_BITS)));
    f.if(i64.gtU(away, LOW_BITS), () => shiftFar(high, low, small, away));
    const wide = { high, low, exponent: f.variable(exponentOf(head)) };
    f.if(
      i32.eqz(signOf(i32.xor(aHead, bHead))),
      () => addParts(f, wide, big),
      () => subtractParts(f, wide, big),
    );
    return finish(f, wide, signOf(head), precision);
  });
}

/** One operand is zero: the answer is the other one, if it needs no rounding. */
function addZero(f: FunctionBuilder, precision: Precision): void {
  const [a, aHead, b, bHead] = [0, 1, 2, 3].map((i) => f.argument(i)) as [Expr, Expr, Expr, Expr];
  const other = f.let(i64.or(a, b));
  if (precision !== 64) f.if(nonzero(i64.shl(other, i64.const(precision))), () => refuse(f));
  f.if(i64.eqz(other), () => answer(f, zero64, i32.and(signOf(aHead), bHead)));
  const head = select(i64.eqz(a), bHead, aHead);
  answer(f, other, i32.and(head, i32.const(0xffff)));
}

/** The smaller operand lies 64 bits or more below the larger one: what counts is one half, and whether there is more. */
function shiftFar(high: Variable, low: Variable, small: Expr, away: Expr): void {
  const rest = i64.shl(i64.shl(small, one64), i64.xor(i64.and(away, LOW_BITS), LOW_BITS));
  const shifted = i64.or(i64.shrU(small, i64.and(away, LOW_BITS)), i64.extendU(nonzero(rest)));
  high.set(zero64);
  low.set(select(i64.geU(away, i64.const(128)), one64, shifted));
}

function addParts(f: FunctionBuilder, { high, low, exponent }: Wide, big: Expr): void {
  high.set(i64.add(high.get(), big));
  f.if(i64.ltU(high.get(), big), () => {
    const sticky = i64.and(low.get(), one64);
    const carried = i64.shl(high.get(), LOW_BITS);
    low.set(i64.or(i64.or(i64.shrU(low.get(), one64), sticky), carried));
    high.set(i64.or(i64.shrU(high.get(), one64), TOP_BIT));
    exponent.set(i32.add(exponent.get(), one32));
  });
}

function subtractParts(f: FunctionBuilder, wide: Wide, big: Expr): void {
  const { high, low, exponent } = wide;
  high.set(i64.sub(i64.sub(big, high.get()), i64.extendU(nonzero(low.get()))));
  low.set(i64.sub(zero64, low.get()));
  f.if(i64.eqz(high.get()), () => {
    f.if(i64.eqz(low.get()), () => answer(f, zero64, zero32));
    high.set(low.get());
    low.set(zero64);
    exponent.set(i32.sub(exponent.get(), i32.const(64)));
  });
  normalize(f, wide);
}

function defineMultiply(library: Library, precision: Precision): void {
  library.define(`quick.multiply.${precision}`, OPERANDS, NUMBER, (f) => {
    const [a, aHead, b, bHead] = [0, 1, 2, 3].map((i) => f.argument(i)) as [Expr, Expr, Expr, Expr];
    const sign = f.let(signOf(i32.xor(aHead, bHead)));
    f.if(i64.geS(i64.and(a, b), zero64), () => answer(f, zero64, sign));
    const exponents = i32.add(exponentOf(aHead), exponentOf(bHead));
    const wide = {
      high: f.variable(productHigh(f, a, b)),
      low: f.variable(i64.mul(a, b)),
      exponent: f.variable(i32.sub(exponents, i32.const(BIAS - 1))),
    };
    normalize(f, wide);
    return finish(f, wide, sign, precision);
  });
}

const LOW_HALF = i64.const(0xffff_ffffn);
const bits32 = i64.const(32);

/** The upper 64 bits of a product. */
function productHigh(f: FunctionBuilder, a: Expr, b: Expr): Expr {
  const [a0, b0] = [f.let(i64.and(a, LOW_HALF)), f.let(i64.and(b, LOW_HALF))];
  const [a1, b1] = [f.let(i64.shrU(a, bits32)), f.let(i64.shrU(b, bits32))];
  const middle = f.let(i64.add(i64.mul(a1, b0), i64.shrU(i64.mul(a0, b0), bits32)));
  const other = f.let(i64.add(i64.mul(a0, b1), i64.and(middle, LOW_HALF)));
  return i64.add(i64.add(i64.mul(a1, b1), i64.shrU(middle, bits32)), i64.shrU(other, bits32));
}

/** quick.divide.*: the quotient of ordinary numbers; a divisor of zero is refused. */
function defineDivide(library: Library, precision: Precision): void {
  library.define(`quick.divide.${precision}`, OPERANDS, NUMBER, (f) => {
    const [a, aHead, b, bHead] = [0, 1, 2, 3].map((i) => f.argument(i)) as [Expr, Expr, Expr, Expr];
    const sign = f.let(signOf(i32.xor(aHead, bHead)));
    f.if(i64.geS(b, zero64), () => refuse(f));
    f.if(i64.geS(a, zero64), () => answer(f, zero64, sign));
    const halved = f.let(i64.geU(a, b));
    const top = select(halved, i64.shrU(a, one64), a);
    const bottom = select(halved, i64.shl(a, LOW_BITS), zero64);
    const [quotient, rest] = [f.variable(zero64), f.variable(zero64)];
    f.do(f.call('divideWide', top, bottom, b));
    f.body.popInto(rest.local);
    f.body.popInto(quotient.local);
    const left = f.let(i64.sub(b, rest.get()));
    const roundBit = select(i64.geU(rest.get(), left), TOP_BIT, zero64);
    const sticky = i64.extendU(i32.and(nonzero(rest.get()), i64.ne(rest.get(), left)));
    const difference = i32.sub(exponentOf(aHead), exponentOf(bHead));
    const exponent = f.variable(i32.add(i32.add(difference, i32.const(BIAS - 1)), halved));
    return finish(
      f,
      { high: quotient, low: f.variable(i64.or(roundBit, sticky)), exponent },
      sign,
      precision,
    );
  });
}

/** quick.squareRoot.* (significand, head): a root in doubles, corrected by what is left. */
function defineRoot(library: Library, precision: Precision): void {
  library.define(`quick.squareRoot.${precision}`, NUMBER, NUMBER, (f) => {
    const [value, head] = [f.argument(0), f.argument(1)];
    f.if(i64.eqz(value), () => answer(f, value, signOf(head)));
    f.if(signOf(head), () => refuse(f));
    const even = f.let(i64.extendU(i32.eqz(i32.and(i32.sub(exponentOf(head), i32.const(BIAS)), one32))));
    // The root of high:zeroes lies in [2^63, 2^64).
    const high = f.let(i64.shrU(value, even));
    const low = f.let(i64.and(i64.shl(value, LOW_BITS), i64.sub(zero64, even)));
    const { root, restHigh, rest } = rootOf(f, high, low);
    const halves = i32.shrS(i32.sub(exponentOf(head), i32.const(BIAS)), one32);
    // Never exactly in the middle: more is left than the root if, and only if, it lies above.
    const above = i32.or(nonzero(restHigh.get()), i64.gtU(rest.get(), root.get()));
    const inexact = i64.extendU(nonzero(i64.or(restHigh.get(), rest.get())));
    const below = i64.or(select(above, TOP_BIT, zero64), inexact);
    const wide = {
      high: root,
      low: f.variable(below),
      exponent: f.variable(i32.add(halves, i32.const(BIAS))),
    };
    return finish(f, wide, zero32, precision);
  });
}

interface Root {
  readonly root: Variable;
  readonly restHigh: Variable;
  readonly rest: Variable;
}

/** The whole root of a number of 128 bits, between 2^63 and 2^64, and what is left: one step of Newton's, and one up or down. */
function rootOf(f: FunctionBuilder, high: Expr, low: Expr): Root {
  const halved = f64.convertI64S(i64.shrU(high, one64));
  const estimate = f64.mul(f64.sqrt(f64.add(halved, halved)), f64.const(2 ** 31));
  const root = f.variable(i64.shl(truncateSaturated.i64(estimate), one64));
  const [restHigh, rest] = [f.variable(zero64), f.variable(zero64)];
  const leave = () => {
    const square = f.let(root.get());
    const squareLow = f.let(i64.mul(square, square));
    const borrow = i64.extendU(i64.ltU(low, squareLow));
    restHigh.set(i64.sub(i64.sub(high, productHigh(f, square, square)), borrow));
    rest.set(i64.sub(low, squareLow));
  };
  leave();
  const scaled = i64.or(i64.shl(restHigh.get(), i64.const(48)), i64.shrU(rest.get(), i64.const(16)));
  const step = f64.div(f64.mul(f64.convertI64S(scaled), f64.const(2 ** 16)), twice(root));
  root.set(i64.add(root.get(), truncateSaturated.i64(f64.floor(step))));
  leave();
  settle(f, { root, restHigh, rest });
  return { root, restHigh, rest };
}

/** Twice the root, as a double. */
const twice = (root: Variable) => f64.mul(f64.convertI64S(i64.shrU(root.get(), one64)), f64.const(4));

/** The root may be off by one. */
function settle(f: FunctionBuilder, { root, restHigh, rest }: Root): void {
  const doubled = () => i64.or(i64.shl(root.get(), one64), one64);
  f.if(i64.ltS(restHigh.get(), zero64), () => {
    root.set(i64.sub(root.get(), one64));
    const sum = f.let(i64.add(rest.get(), doubled()));
    const carry = i64.extendU(i64.ltU(sum, rest.get()));
    restHigh.set(i64.add(i64.add(restHigh.get(), i64.shrU(root.get(), LOW_BITS)), carry));
    rest.set(sum);
  });
  const above = i32.and(nonzero(restHigh.get()), i64.geU(rest.get(), doubled()));
  f.if(i32.or(i64.gtU(restHigh.get(), one64), above), () => {
    const difference = f.let(i64.sub(rest.get(), doubled()));
    const borrow = i64.extendU(i64.ltU(rest.get(), doubled()));
    restHigh.set(i64.sub(i64.sub(restHigh.get(), i64.shrU(root.get(), LOW_BITS)), borrow));
    rest.set(difference);
    root.set(i64.add(root.get(), one64));
  });
}

/** (significand, head) => bits, and what happened. */
function defineToFloat(library: Library, name: string, precision: number, exponentBits: number): void {
  const bias = 2 ** (exponentBits - 1) - 1;
  library.define(name, NUMBER, NUMBER, (f) => {
    const head = f.argument(1);
    const sign = f.let(i64.shl(i64.extendU(signOf(head)), i64.const(exponentBits + precision - 16)));
    f.if(i64.eqz(f.argument(0)), () => answer(f, sign, zero32));
    const high = f.variable(f.argument(0));
    const exponent = f.variable(i32.sub(exponentOf(head), i32.const(BIAS - bias)));
    const flags = roundWide(f, { high, low: f.variable(zero64), exponent }, precision);
    const near = i32.geU(i32.sub(exponent.get(), i32.const(FIRST)), i32.const(2 * bias - 1 - FIRST));
    f.if(near, () => refuse(f));
    const fraction = i64.shrU(i64.shl(high.get(), one64), i64.const(65 - precision));
    const placed = i64.shl(i64.extendU(exponent.get()), i64.const(precision - 1));
    f.do(i64.or(i64.or(sign, placed), fraction));
    return flags;
  });
}

function defineIntegers(library: Library): void {
  library.define('quick.fromInteger', ['i64'], NUMBER, (f) => {
    const value = f.argument(0);
    f.if(i64.eqz(value), () => answer(f, zero64, zero32));
    const negative = f.let(i64.ltS(value, zero64));
    const magnitude = f.let(select(negative, i64.sub(zero64, value), value));
    const shift = f.let(i64.clz(magnitude));
    f.do(i64.shl(magnitude, shift));
    const exponent = i32.sub(i32.const(BIAS + 63), i32.wrap(shift));
    return i32.or(i32.shl(negative, i32.const(15)), exponent);
  });
  /** (significand, head, bits of the integer, rounding as in the control word) => integer, and what happened. */
  library.define('quick.toInteger', ['i64', 'i32', 'i32', 'i32'], NUMBER, (f) => {
    const [value, head] = [f.argument(0), f.argument(1)];
    f.if(i64.eqz(value), () => answer(f, zero64, zero32));
    const away = f.let(i64.extendS(i32.sub(i32.const(BIAS + 63), exponentOf(head))));
    f.if(i64.ltS(away, one64), () => refuse(f));
    const far = f.let(i64.gtU(away, LOW_BITS));
    const whole = f.let(select(far, zero64, i64.shrU(value, away)));
    const near = f.let(i64.shl(i64.shl(value, one64), i64.xor(i64.and(away, LOW_BITS), LOW_BITS)));
    const rest = f.let(select(far, select(i64.eq(away, i64.const(64)), value, one64), near));
    const sign = i32.shrU(signOf(head), i32.const(15));
    const up = f.let(roundsUp(f, rest, i32.and(i32.wrap(whole), one32), f.let(sign)));
    const rounded = f.let(i64.add(whole, i64.extendU(up)));
    const limit = i64.shl(one64, i64.extendU(i32.sub(f.argument(2), one32)));
    f.if(i64.geU(rounded, limit), () => refuse(f));
    f.do(select(signOf(head), i64.sub(zero64, rounded), rounded));
    return i32.or(i32.shl(up, i32.const(16)), i32.shl(nonzero(rest), i32.const(17)));
  });
}

/** By argument 3: 0 nearest, 1 down, 2 up, 3 to zero. */
function roundsUp(f: FunctionBuilder, rest: Expr, odd: Expr, negative: Expr): Expr {
  const mode = f.argument(3);
  const is = (which: number) => i32.eq(mode, i32.const(which));
  const half = i64.eq(rest, TOP_BIT);
  const nearest = i32.or(i64.gtU(rest, TOP_BIT), i32.and(half, odd));
  const directed = i32.or(i32.and(is(1), negative), i32.and(is(2), i32.eqz(negative)));
  return select(i32.eqz(mode), nearest, i32.and(directed, nonzero(rest)));
}

/** quick.order (a, head, b, head) => of the first to the second: 1 less, 2 equal, 4 greater. */
function defineOrder(library: Library): void {
  library.define('quick.order', OPERANDS, ['i32'], (f) => {
    const [a, aHead, b, bHead] = [0, 1, 2, 3].map((i) => f.argument(i)) as [Expr, Expr, Expr, Expr];
    f.if(i64.eqz(i64.or(a, b)), () => f.return(i32.const(2)));
    const ranked = (significand: Expr, head: Expr) => {
      const magnitude = i32.add(exponentOf(head), i32.eqz(i64.eqz(significand)));
      return f.let(select(signOf(head), i32.sub(zero32, magnitude), magnitude));
    };
    const difference = f.let(i32.sub(ranked(a, aHead), ranked(b, bHead)));
    const larger = i32.sub(i64.gtU(a, b), i64.ltU(a, b));
    const byFraction = select(signOf(aHead), i32.sub(zero32, larger), larger);
    const found = f.let(select(difference, difference, byFraction));
    const unequal = select(i32.ltS(found, zero32), one32, i32.const(4));
    return select(found, unequal, i32.const(2));
  });
}
