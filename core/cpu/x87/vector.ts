import { State } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import { f32, f64, truncateSaturated } from '../wasm/float-expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { one32, zero32, zero64 } from './library.js';
import {
  a,
  b,
  Class,
  control,
  Exception,
  LANES_A,
  LANES_B,
  LANES_RESULT,
  laneFlags,
  OPERAND_A,
  OPERAND_B,
  PRECOMPUTATION,
} from './scratch.js';
import { isNan, raise } from './unpack.js';

/** Arithmetic on the slow path, by number. */
export const LaneOperation = {
  add: 0,
  multiply: 1,
  subtract: 2,
  divide: 3,
  squareRoot: 4,
  /** Even lanes subtract, odd lanes add. */
  alternate: 5,
} as const;

export const Format = {
  single: { bits: 32, precision: 24, minExponent: -126, maxExponent: 127 },
  double: { bits: 64, precision: 53, minExponent: -1022, maxExponent: 1023 },
} as const;
export type FormatName = keyof typeof Format;

/** An unmasked overflow or underflow leaves no result behind, so any shift into range will do. */
const ANY_WRAP = 0x1_0000;

const mxcsr = () => i32.load(zero32, State.mxcsr);
const bits = (value: Expr, at: number, mask: number) =>
  i32.and(i32.shrU(value, i32.const(at)), i32.const(mask));

/** What MXCSR does: exact results and exceptions of SSE arithmetic, one lane at a time. */
export function defineVector(library: Library): void {
  defineControl(library);
  for (const name of ['single', 'double'] as const) {
    defineLane(library, name);
    defineLanes(library, name);
    defineRelation(library, name);
    defineMinMax(library, name);
    defineCompareLanes(library, name);
    defineFromInteger(library, name);
  }
  defineNarrowAndWiden(library);
  defineToInteger(library);
}

function defineControl(library: Library): void {
  library.define('vectorControl', [], [], (f) => {
    const value = f.let(mxcsr());
    f.do(control.rounding.set(bits(value, 13, 3)), control.flushToZero.set(bits(value, 15, 1)));
    f.do(control.denormalsAreZero.set(bits(value, 6, 1)));
    f.do(control.unmasked.set(i32.xor(bits(value, 7, 0x3f), i32.const(0x3f))));
    f.do(control.flags.set(zero32), laneFlags.set(zero32));
    f.do(control.wrapExponent.set(i32.const(ANY_WRAP)));
  });
  for (const name of ['single', 'double'] as const) {
    const format = Format[name];
    library.define(`format.${name}`, [], [], (f) => {
      f.do(control.precision.set(i32.const(format.precision)));
      f.do(control.minExponent.set(i32.const(format.minExponent)));
      f.do(control.maxExponent.set(i32.const(format.maxExponent)));
    });
  }
  /** An exception that comes before the computation keeps all lanes from being computed: nothing else is known of them. */
  library.define('dropLateFlags', [], [], (f) => {
    const early = i32.and(i32.and(laneFlags.get(), control.unmasked.get()), i32.const(PRECOMPUTATION));
    f.if(early, () => f.do(laneFlags.set(i32.and(laneFlags.get(), i32.const(PRECOMPUTATION)))));
  });
  /** noteFlags() => nonzero when an exception is not masked; MXCSR has the flags either way. */
  library.define('noteFlags', [], ['i32'], (f) => {
    f.do(i32.store(zero32, i32.or(mxcsr(), laneFlags.get()), State.mxcsr));
    return i32.and(laneFlags.get(), control.unmasked.get());
  });
  library.define('vectorFaults', [], ['i32'], (f) => {
    f.do(f.call('dropLateFlags'));
    return f.call('noteFlags');
  });
}

const unpackName = (name: FormatName) => `unpack${Format[name].bits}`;
const packName = (name: FormatName) => `pack${Format[name].bits}`;

function unpackBoth(f: FunctionBuilder, name: FormatName, first: Expr, second: Expr): void {
  f.do(control.flags.set(zero32));
  f.do(f.call(unpackName(name), i32.const(OPERAND_A), first));
  f.do(f.call(unpackName(name), i32.const(OPERAND_B), second));
}

const noteLane = (f: FunctionBuilder) => f.do(laneFlags.set(i32.or(laneFlags.get(), control.flags.get())));

/** lane.single, lane.double (operation i32, a i64, b i64) => bits of a rounded result. */
function defineLane(library: Library, name: FormatName): void {
  library.define(`lane.${name}`, ['i32', 'i64', 'i64'], ['i64'], (f) => {
    const operation = f.argument(0);
    const is = (number: number) => i32.eq(operation, i32.const(number));
    const root = f.let(is(LaneOperation.squareRoot));
    unpackBoth(f, name, select(root, f.argument(2), f.argument(1)), f.argument(2));
    f.if(root, () => f.do(b.class.set(i32.const(Class.zero))));
    f.if(i32.eqz(f.call('nan')), () => {
      f.if(is(LaneOperation.subtract), () => f.do(b.sign.set(i32.eqz(b.sign.get()))));
      const add = i32.or(is(LaneOperation.add), is(LaneOperation.subtract));
      f.if(add, () => f.do(f.call('add')));
      f.if(is(LaneOperation.multiply), () => f.do(f.call('multiply')));
      f.if(is(LaneOperation.divide), () => f.do(f.call('divide')));
      f.if(root, () => f.do(f.call('squareRoot')));
      f.do(f.call('round'));
    });
    noteLane(f);
    return f.call(packName(name));
  });
}

const LOADS = { single: i64.load32u, double: i64.load };
const STORES = { single: i64.store32, double: i64.store };

/** lanes.single, lanes.double (operation i32, count i32): from the lane buffers into the result buffer. */
function defineLanes(library: Library, name: FormatName): void {
  library.define(`lanes.${name}`, ['i32', 'i32'], [], (f) => {
    f.do(f.call('vectorControl'), f.call(`format.${name}`));
    const operation = f.variable(f.argument(0));
    const alternates = f.let(i32.eq(f.argument(0), i32.const(LaneOperation.alternate)));
    f.if(alternates, () => operation.set(i32.const(LaneOperation.subtract)));
    eachLane(f, name, f.argument(1), (first, second) => {
      const value = f.let(f.call(`lane.${name}`, operation.get(), first, second));
      const other = i32.sub(i32.const(LaneOperation.subtract), operation.get());
      operation.set(select(alternates, other, operation.get()));
      return value;
    });
  });
}

type LaneResult = (first: Expr, second: Expr) => Expr;

/** From the lane buffers into the result buffer, the low `count` lanes. */
function eachLane(f: FunctionBuilder, name: FormatName, count: Expr, result: LaneResult): void {
  const bytes = i32.const(Format[name].bits / 8);
  const at = f.variable(zero32);
  f.body.loop((again) => {
    const value = result(LOADS[name](at.get(), LANES_A), LOADS[name](at.get(), LANES_B));
    f.do(STORES[name](at.get(), value, LANES_RESULT));
    at.set(i32.add(at.get(), bytes));
    f.body.brIf(again, i32.ltU(at.get(), i32.mul(count, bytes)));
  });
}

/** relation.* (a i64, b i64, quiet NaNs are invalid i32) => 1 less, 2 equal, 4 greater, 8 unordered; notes exceptions. */
function defineRelation(library: Library, name: FormatName): void {
  library.define(`relation.${name}`, ['i64', 'i64', 'i32'], ['i32'], (f) => {
    unpackBoth(f, name, f.argument(0), f.argument(1));
    const nan = i32.or(isNan(a.class.get()), isNan(b.class.get()));
    f.if(nan, () => {
      const signalling = i32.or(isSignalling(a.class.get()), isSignalling(b.class.get()));
      f.do(control.flags.set(select(i32.or(signalling, f.argument(2)), i32.const(Exception.IE), zero32)));
      noteLane(f);
      f.return(i32.const(8));
    });
    noteLane(f);
    const value = (number: typeof a, raw: Expr) =>
      f.let(select(i32.eqz(number.class.get()), f64.const(0), toDouble(name, raw)));
    const [first, second] = [value(a, f.argument(0)), value(b, f.argument(1))];
    const equal = i32.shl(f64.eq(first, second), i32.const(1));
    return i32.or(i32.or(f64.lt(first, second), equal), i32.shl(f64.gt(first, second), i32.const(2)));
  });
}

const isSignalling = (kind: Expr) => i32.eq(kind, i32.const(Class.signalling));
const toDouble = (name: FormatName, raw: Expr) =>
  name === 'double' ? f64.reinterpret(raw) : f64.promote(f32.reinterpret(i32.wrap(raw)));

/**
 * minimum.*, maximum.* (a i64, b i64) => bits: the second operand where either is NaN or both are zero.
 */
function defineMinMax(library: Library, name: FormatName): void {
  for (const [operation, wanted] of [
    ['minimum', 1],
    ['maximum', 4],
  ] as const) {
    library.define(`${operation}.${name}`, ['i64', 'i64'], ['i64'], (f) => {
      const relation = f.call(`relation.${name}`, f.argument(0), f.argument(1), one32);
      const first = f.let(i32.eq(relation, i32.const(wanted)));
      const cleared = (number: typeof a, raw: Expr) => {
        const sign = i64.and(raw, i64.const(-(2n ** BigInt(Format[name].bits - 1))));
        return select(i32.eqz(number.class.get()), sign, raw);
      };
      return select(first, cleared(a, f.argument(0)), cleared(b, f.argument(1)));
    });
    library.define(`${operation}Lanes.${name}`, ['i32'], [], (f) => {
      f.do(f.call('vectorControl'));
      eachLane(f, name, f.argument(0), (first, second) => f.call(`${operation}.${name}`, first, second));
    });
  }
}

/** By the low four bits of a predicate of cmpps: which relations make it true, a nibble each. */
const ACCEPTED = 0xf465_0b9a_7ced_8312n;
/** Predicates for which a quiet NaN is invalid, a bit each. */
const ORDERING = 0x9999_6666;

/** compareLanes.* (count i32, predicate i32 of five bits): all ones or zeroes by lane into the result buffer. */
function defineCompareLanes(library: Library, name: FormatName): void {
  library.define(`compareLanes.${name}`, ['i32', 'i32'], [], (f) => {
    const predicate = f.argument(1);
    const nibble = i64.extendU(i32.shl(i32.and(predicate, i32.const(15)), i32.const(2)));
    const accepted = f.let(i32.wrap(i64.shrU(i64.const(ACCEPTED), nibble)));
    const ordering = f.let(i32.and(i32.shrU(i32.const(ORDERING), predicate), one32));
    f.do(f.call('vectorControl'));
    eachLane(f, name, f.argument(0), (first, second) => {
      const relation = f.call(`relation.${name}`, first, second, ordering);
      const holds = i32.ne(i32.and(relation, i32.and(accepted, i32.const(15))), zero32);
      return i64.sub(zero64, i64.extendU(holds));
    });
  });
}

/** fromInteger.* (value i64) => bits of the rounded float. */
function defineFromInteger(library: Library, name: FormatName): void {
  library.define(`fromInteger.${name}`, ['i64'], ['i64'], (f) => {
    f.do(control.flags.set(zero32), f.call(`format.${name}`));
    f.do(f.call('unpackInteger', i32.const(OPERAND_A), f.argument(0)));
    f.do(f.call('operandToResult'));
    f.do(f.call('round'));
    noteLane(f);
    return f.call(packName(name));
  });
}

/** narrow (f64 bits) => f32 bits, widen (f32 bits) => f64 bits. */
function defineNarrowAndWiden(library: Library): void {
  for (const [name, from, to] of [
    ['narrow', 'double', 'single'],
    ['widen', 'single', 'double'],
  ] as const) {
    library.define(name, ['i64'], ['i64'], (f) => {
      f.do(control.flags.set(zero32), f.call(`format.${to}`));
      f.do(f.call(unpackName(from), i32.const(OPERAND_A), f.argument(0)));
      f.do(b.class.set(i32.const(Class.zero)));
      f.if(i32.eqz(f.call('nan')), () => f.do(f.call('operandToResult'), f.call('round')));
      noteLane(f);
      return f.call(packName(to));
    });
  }
}

/** toInteger32, toInteger64 (value f64, rounding i32) => i64; what does not fit gives the smallest integer. */
function defineToInteger(library: Library): void {
  for (const size of [32, 64] as const) {
    const limit = 2 ** (size - 1);
    library.define(`toInteger${size}`, ['f64', 'i32'], ['i64'], (f) => {
      const value = f.argument(0);
      const rounded = f.let(roundToInteger(value, f.argument(1)));
      const fits = i32.and(f64.ge(rounded, f64.const(-limit)), f64.lt(rounded, f64.const(limit)));
      f.do(control.flags.set(zero32));
      f.if(i32.eqz(fits), () => {
        f.do(raise(Exception.IE));
        noteLane(f);
        f.return(i64.const(-(2n ** BigInt(size - 1))));
      });
      f.if(f64.ne(rounded, value), () => f.do(raise(Exception.PE)));
      noteLane(f);
      return truncateSaturated.i64(rounded);
    });
  }
}

/** Rounding 0 nearest even, 1 down, 2 up, 3 to zero. */
export function roundToInteger(value: Expr, rounding: Expr): Expr {
  const is = (mode: number) => i32.eq(rounding, i32.const(mode));
  const downOrUp = select(is(1), f64.floor(value), f64.ceil(value));
  return select(is(0), f64.nearest(value), select(is(3), f64.trunc(value), downOrUp));
}
