import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library, Variable } from './library.js';
import { nonzero, one32, QUIET_BIT, TOP_BIT, zero32, zero64 } from './library.js';
import type { NumberFields } from './scratch.js';
import { a, b, Class, control, Exception, r } from './scratch.js';
import { isNan } from './unpack.js';

const LOW32 = i64.const(0xffff_ffffn);
const low32 = (value: Expr) => i64.and(value, LOW32);
const high32 = (value: Expr) => i64.shrU(value, i64.const(32));

export const isClass = (number: NumberFields, kind: number) => i32.eq(number.class.get(), i32.const(kind));
const notFinite = (number: NumberFields) => i32.ne(number.class.get(), i32.const(Class.finite));

/** NaN, infinity or zero operands are answered by `special`, which returns 1 when it did. */
export function defineArithmetic(library: Library): void {
  defineNan(library);
  defineCopy(library);
  defineMultiplyHigh(library);
  defineAdd(library);
  defineMultiply(library);
  defineDivideWide(library);
  defineDivide(library);
}

export function invalid(f: FunctionBuilder): void {
  f.do(control.flags.set(i32.const(Exception.IE)));
  setNan(f, one32, i64.or(TOP_BIT, QUIET_BIT));
}

function setNan(f: FunctionBuilder, sign: Expr, significand: Expr): void {
  f.do(r.class.set(i32.const(Class.quiet)));
  f.do(r.sign.set(sign));
  f.do(r.high.set(i64.or(significand, QUIET_BIT)));
}

export function setResult(f: FunctionBuilder, kind: number, sign: Expr): void {
  f.do(r.class.set(i32.const(kind)), r.sign.set(sign));
}

/**
 * nan(): if A or B is no number, the result is a quiet NaN and the answer 1. MXCSR arithmetic prefers the first operand;
 * x87 (`nan80`) a quiet one before a signalling one, then the larger significand, then the positive.
 */
function defineNan(library: Library): void {
  library.define('invalid', [], [], (f) => invalid(f));
  library.define('nan', [], ['i32'], (f) => {
    noteSignalling(f);
    f.if(isNan(a.class.get()), () => returnNan(f, a));
    f.if(isNan(b.class.get()), () => returnNan(f, b));
    return zero32;
  });
  library.define('nan80', [], ['i32'], (f) => {
    const unsupported = i32.or(isClass(a, Class.unsupported), isClass(b, Class.unsupported));
    f.if(unsupported, () => {
      invalid(f);
      f.return(one32);
    });
    noteSignalling(f);
    f.if(i32.eqz(isNan(b.class.get())), () => {
      f.if(isNan(a.class.get()), () => returnNan(f, a));
      f.return(zero32);
    });
    f.if(i32.eqz(isNan(a.class.get())), () => returnNan(f, b));
    f.if(i32.ltU(a.class.get(), b.class.get()), () => returnNan(f, a));
    f.if(i32.gtU(a.class.get(), b.class.get()), () => returnNan(f, b));
    f.if(i64.gtU(a.high.get(), b.high.get()), () => returnNan(f, a));
    f.if(i64.ltU(a.high.get(), b.high.get()), () => returnNan(f, b));
    f.if(a.sign.get(), () => returnNan(f, b));
    returnNan(f, a);
    return zero32;
  });
}

/** A NaN comes before a denormal operand, so DE does not happen. */
function noteSignalling(f: FunctionBuilder): void {
  const nan = i32.or(isNan(a.class.get()), isNan(b.class.get()));
  const signalling = i32.or(isClass(a, Class.signalling), isClass(b, Class.signalling));
  f.if(nan, () => f.do(control.flags.set(select(signalling, i32.const(Exception.IE), zero32))));
}

function returnNan(f: FunctionBuilder, number: NumberFields): void {
  setNan(f, number.sign.get(), number.high.get());
  f.return(one32);
}

/** (x i64, y i64) => high half of the 128-bit product; the low half is x * y. */
function defineMultiplyHigh(library: Library): void {
  library.define('multiplyHigh', ['i64', 'i64'], ['i64'], (f) => {
    const [x, y] = [f.argument(0), f.argument(1)];
    const [x0, x1, y0, y1] = [low32(x), high32(x), low32(y), high32(y)].map((part) => f.let(part)) as [
      Expr,
      Expr,
      Expr,
      Expr,
    ];
    const middle = f.let(i64.add(i64.mul(x1, y0), high32(i64.mul(x0, y0))));
    const middle2 = f.let(i64.add(i64.mul(x0, y1), low32(middle)));
    return i64.add(i64.mul(x1, y1), i64.add(high32(middle), high32(middle2)));
  });
}

/** operandToResult(): A, which is no NaN, before rounding. */
function defineCopy(library: Library): void {
  library.define('operandToResult', [], [], (f) => {
    copyToResult(f, a);
    f.do(r.class.set(a.class.get()));
  });
}

/** addFinite(): A + B, both finite; `add`: any A and B that are no NaN. */
function defineAdd(library: Library): void {
  library.define('align', ['i64', 'i32'], ['i64', 'i64'], (f) => {
    const [significand, distance] = [f.argument(0), f.let(i64.extendU(f.argument(1)))];
    const back = f.let(i64.sub(i64.const(64), i64.and(distance, i64.const(63))));
    f.if(i64.eqz(distance), () => returnPair(f, significand, zero64));
    f.if(i64.ltU(distance, i64.const(64)), () =>
      returnPair(f, i64.shrU(significand, distance), i64.shl(significand, back)),
    );
    f.if(i64.eq(distance, i64.const(64)), () => returnPair(f, zero64, significand));
    f.if(i64.ltU(distance, i64.const(128)), () => {
      const lost = i64.extendU(nonzero(i64.shl(significand, back)));
      returnPair(f, zero64, i64.or(i64.shrU(significand, distance), lost));
    });
    f.do(zero64);
    return i64.const(1);
  });
  library.define('addFinite', [], [], addFinite);
  library.define('add', [], [], (f) => {
    const special = i32.or(notFinite(a), notFinite(b));
    f.if(i32.eqz(special), () => {
      f.do(f.call('addFinite'));
      f.return();
    });
    const opposite = f.let(i32.ne(a.sign.get(), b.sign.get()));
    f.if(isClass(a, Class.infinity), () => {
      f.if(
        i32.and(isClass(b, Class.infinity), opposite),
        () => invalid(f),
        () => setResult(f, Class.infinity, a.sign.get()),
      );
      f.return();
    });
    f.if(isClass(b, Class.infinity), () => {
      setResult(f, Class.infinity, b.sign.get());
      f.return();
    });
    f.if(i32.and(isClass(a, Class.zero), isClass(b, Class.zero)), () => {
      setResult(f, Class.zero, select(opposite, roundsDown(), a.sign.get()));
      f.return();
    });
    f.if(
      isClass(a, Class.zero),
      () => copyToResult(f, b),
      () => copyToResult(f, a),
    );
  });
}

function returnPair(f: FunctionBuilder, high: Expr, low: Expr): void {
  f.do(high);
  f.return(low);
}

const roundsDown = () => i32.eq(control.rounding.get(), one32);

export function copyToResult(f: FunctionBuilder, from: NumberFields): void {
  f.do(r.class.set(i32.const(Class.finite)), r.sign.set(from.sign.get()));
  f.do(r.exponent.set(from.exponent.get()), r.high.set(from.high.get()), r.low.set(zero64));
}

function addFinite(f: FunctionBuilder): void {
  const aBigger = f.let(
    select(
      i32.eq(a.exponent.get(), b.exponent.get()),
      i64.geU(a.high.get(), b.high.get()),
      i32.gtS(a.exponent.get(), b.exponent.get()),
    ),
  );
  const pick = (of: (n: NumberFields) => Expr) => f.let(select(aBigger, of(a), of(b)));
  const other = (of: (n: NumberFields) => Expr) => f.let(select(aBigger, of(b), of(a)));
  const exponent = f.variable(pick((n) => n.exponent.get()));
  const wide: Wide = { high: f.variable(zero64), low: f.variable(zero64), exponent };
  const { high, low } = wide;
  const big = pick((n) => n.high.get());
  const distance = i32.sub(
    exponent.get(),
    other((n) => n.exponent.get()),
  );
  f.do(
    f.call(
      'align',
      other((n) => n.high.get()),
      distance,
    ),
  );
  f.body.popInto(localOf(low));
  f.body.popInto(localOf(high));
  f.do(r.class.set(i32.const(Class.finite)), r.sign.set(pick((n) => n.sign.get())));
  f.if(
    i32.eq(a.sign.get(), b.sign.get()),
    () => {
      high.set(i64.add(high.get(), big));
      f.if(i64.ltU(high.get(), big), () => takeCarryIn(f, wide));
    },
    () => {
      high.set(i64.sub(i64.sub(big, high.get()), i64.extendU(nonzero(low.get()))));
      low.set(i64.sub(zero64, low.get()));
      f.if(i64.eqz(i64.or(high.get(), low.get())), () => {
        setResult(f, Class.zero, roundsDown());
        f.return();
      });
      normalize(f, wide);
    },
  );
  setMagnitude(f, wide);
}

const localOf = (variable: Variable) => variable.local;

/** A significand of 128 bits, with the exponent of its top bit. */
export type Wide = Readonly<Record<'high' | 'low' | 'exponent', Variable>>;

export function setMagnitude(f: FunctionBuilder, { high, low, exponent }: Wide): void {
  f.do(r.exponent.set(exponent.get()), r.high.set(high.get()), r.low.set(low.get()));
}

/** A sum had one bit more: it becomes the top bit, and what falls out is kept in bit 0. */
export function takeCarryIn(f: FunctionBuilder, { high, low, exponent }: Wide): void {
  const sticky = f.let(i64.and(low.get(), i64.const(1)));
  low.set(i64.or(i64.or(i64.shrU(low.get(), i64.const(1)), i64.shl(high.get(), i64.const(63))), sticky));
  high.set(i64.or(i64.shrU(high.get(), i64.const(1)), TOP_BIT));
  exponent.set(i32.add(exponent.get(), one32));
}

/** Moves the first bit that is set, and one is, to the top. */
export function normalize(f: FunctionBuilder, { high, low, exponent }: Wide): void {
  f.if(i64.eqz(high.get()), () => {
    high.set(low.get());
    low.set(zero64);
    exponent.set(i32.sub(exponent.get(), i32.const(64)));
  });
  const shift = f.let(i64.clz(high.get()));
  f.if(nonzero(shift), () => {
    const carried = i64.shrU(low.get(), i64.sub(i64.const(64), shift));
    high.set(i64.or(i64.shl(high.get(), shift), carried));
    low.set(i64.shl(low.get(), shift));
    exponent.set(i32.sub(exponent.get(), i32.wrap(shift)));
  });
}

const productSign = () => i32.xor(a.sign.get(), b.sign.get());
const either = (kind: number) => i32.or(isClass(a, kind), isClass(b, kind));

function defineMultiply(library: Library): void {
  library.define('multiply', [], [], (f) => {
    const sign = f.let(productSign());
    f.if(either(Class.infinity), () => {
      f.if(
        either(Class.zero),
        () => invalid(f),
        () => setResult(f, Class.infinity, sign),
      );
      f.return();
    });
    f.if(either(Class.zero), () => {
      setResult(f, Class.zero, sign);
      f.return();
    });
    const high = f.variable(f.call('multiplyHigh', a.high.get(), b.high.get()));
    const low = f.variable(i64.mul(a.high.get(), b.high.get()));
    const exponent = f.variable(i32.add(i32.add(a.exponent.get(), b.exponent.get()), one32));
    normalize(f, { high, low, exponent });
    setResult(f, Class.finite, sign);
    setMagnitude(f, { high, low, exponent });
  });
}

/**
 * (high i64, low i64, divisor i64) => quotient, remainder, for high < divisor and a divisor with its top bit set: Knuth's
 * algorithm D with two digits of 32 bits.
 */
function defineDivideWide(library: Library): void {
  library.define('divideDigit', ['i64', 'i64', 'i64'], ['i64', 'i64'], (f) => {
    const [rest, digit, divisor] = [f.argument(0), f.argument(1), f.argument(2)];
    const top = f.let(high32(divisor));
    const bottom = f.let(low32(divisor));
    const quotient = f.variable(i64.divU(rest, top));
    const partial = f.variable(i64.sub(rest, i64.mul(quotient.get(), top)));
    f.body.block((done) => {
      f.body.loop((again) => {
        const tooBig = i64.gtU(high32(quotient.get()), zero64);
        const trial = i64.or(i64.shl(partial.get(), i64.const(32)), digit);
        f.body.brIf(done, i32.eqz(i32.or(tooBig, i64.gtU(i64.mul(quotient.get(), bottom), trial))));
        quotient.set(i64.sub(quotient.get(), i64.const(1)));
        partial.set(i64.add(partial.get(), top));
        f.body.brIf(again, i64.eqz(high32(partial.get())));
      });
    });
    const shifted = i64.or(i64.shl(rest, i64.const(32)), digit);
    f.do(quotient.get());
    return i64.sub(shifted, i64.mul(quotient.get(), divisor));
  });
  library.define('divideWide', ['i64', 'i64', 'i64'], ['i64', 'i64'], (f) => {
    const [high, low, divisor] = [f.argument(0), f.argument(1), f.argument(2)];
    const rest = f.variable(zero64);
    const [first, second] = [f.variable(zero64), f.variable(zero64)];
    f.do(f.call('divideDigit', high, high32(low), divisor));
    f.body.popInto(localOf(rest));
    f.body.popInto(localOf(first));
    f.do(f.call('divideDigit', rest.get(), low32(low), divisor));
    f.body.popInto(localOf(rest));
    f.body.popInto(localOf(second));
    f.do(i64.or(i64.shl(first.get(), i64.const(32)), second.get()));
    return rest.get();
  });
}

function defineDivide(library: Library): void {
  library.define('divide', [], [], (f) => {
    const sign = f.let(productSign());
    f.if(i32.and(i32.eq(a.class.get(), b.class.get()), notFinite(a)), () => {
      invalid(f);
      f.return();
    });
    f.if(isClass(a, Class.infinity), () => {
      setResult(f, Class.infinity, sign);
      f.return();
    });
    f.if(i32.or(isClass(a, Class.zero), isClass(b, Class.infinity)), () => {
      setResult(f, Class.zero, sign);
      f.return();
    });
    f.if(isClass(b, Class.zero), () => {
      f.do(control.flags.set(i32.const(Exception.ZE)));
      setResult(f, Class.infinity, sign);
      f.return();
    });
    divideFinite(f);
    setResult(f, Class.finite, sign);
  });
}

function divideFinite(f: FunctionBuilder): void {
  const divisor = f.let(b.high.get());
  const dividend = f.let(a.high.get());
  const halved = f.let(i64.geU(dividend, divisor));
  const high = select(halved, i64.shrU(dividend, i64.const(1)), dividend);
  const low = select(halved, i64.shl(dividend, i64.const(63)), zero64);
  const [quotient, rest] = [f.variable(zero64), f.variable(zero64)];
  f.do(f.call('divideWide', high, low, divisor));
  f.body.popInto(localOf(rest));
  f.body.popInto(localOf(quotient));
  const half = f.let(i64.sub(divisor, rest.get()));
  const roundBit = select(i64.geU(rest.get(), half), TOP_BIT, zero64);
  const sticky = i64.extendU(i32.and(nonzero(rest.get()), i64.ne(rest.get(), half)));
  const difference = i32.sub(a.exponent.get(), b.exponent.get());
  f.do(r.high.set(quotient.get()), r.low.set(i64.or(roundBit, sticky)));
  f.do(r.exponent.set(i32.sub(difference, i32.eqz(halved))));
}
