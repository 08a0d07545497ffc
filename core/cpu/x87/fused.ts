import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import {
  copyToResult,
  invalid,
  isClass,
  normalize,
  setMagnitude,
  setResult,
  takeCarryIn,
} from './arithmetic.js';
import type { Wide } from './arithmetic.js';
import type { FunctionBuilder, Library } from './library.js';
import { nonzero, one32, QUIET_BIT, zero32, zero64 } from './library.js';
import {
  a,
  b,
  c,
  Class,
  control,
  Exception,
  laneFlags,
  OPERAND_A,
  OPERAND_B,
  OPERAND_C,
  r,
} from './scratch.js';
import { isNan } from './unpack.js';
import type { FormatName } from './vector.js';
import { Format } from './vector.js';

/** Bits of the last argument: the sign of the product, of the addend. */
export const Negate = { product: 1, addend: 2 } as const;

/**
 * fused.* (x i64, y i64, z i64, negate i32) => bits of x * y + z, rounded once. Behind `vectorControl`; exceptions are noted.
 */
export function defineFused(library: Library): void {
  defineNan(library);
  defineShiftWide(library);
  defineAddWide(library);
  defineProduct(library);
  for (const name of ['single', 'double'] as const) {
    library.define(`fused.${name}`, ['i64', 'i64', 'i64', 'i32'], ['i64'], (f) => {
      slowly(f, name);
      return f.call(`pack${Format[name].bits}`);
    });
  }
}

const negates = (f: FunctionBuilder, what: number) => i32.ne(i32.and(f.argument(3), i32.const(what)), zero32);

function slowly(f: FunctionBuilder, name: FormatName): void {
  const unpack = `unpack${Format[name].bits}`;
  f.do(control.flags.set(zero32), f.call(`format.${name}`));
  [OPERAND_A, OPERAND_B, OPERAND_C].forEach((to, i) => f.do(f.call(unpack, i32.const(to), f.argument(i))));
  f.if(i32.eqz(f.call('fusedNan')), () => {
    f.do(a.sign.set(i32.xor(a.sign.get(), negates(f, Negate.product))));
    f.do(c.sign.set(i32.xor(c.sign.get(), negates(f, Negate.addend))));
    f.do(f.call('fusedFinite'));
    f.do(f.call('round'));
  });
  f.do(laneFlags.set(i32.or(laneFlags.get(), control.flags.get())));
}

/** fusedNan(): if A, B or C is no number, the first of them is the result and the answer 1. */
function defineNan(library: Library): void {
  library.define('fusedNan', [], ['i32'], (f) => {
    const operands = [a, b, c];
    const any = operands.map((operand) => isNan(operand.class.get())).reduce(i32.or);
    f.if(i32.eqz(any), () => f.return(zero32));
    const signalling = operands.map((operand) => isClass(operand, Class.signalling)).reduce(i32.or);
    f.do(control.flags.set(select(signalling, i32.const(Exception.IE), zero32)));
    for (const operand of operands) {
      f.if(isNan(operand.class.get()), () => {
        setResult(f, Class.quiet, operand.sign.get());
        f.do(r.high.set(i64.or(operand.high.get(), QUIET_BIT)));
        f.return(one32);
      });
    }
    return one32;
  });
}

/** fusedFinite(): A * B + C before rounding, for operands that are no NaN. */
function defineProduct(library: Library): void {
  library.define('fusedFinite', [], [], (f) => {
    f.do(f.call('multiply'));
    f.if(isClass(r, Class.quiet), () => f.return());
    const opposite = f.let(i32.ne(r.sign.get(), c.sign.get()));
    f.if(isClass(r, Class.infinity), () => {
      f.if(i32.and(isClass(c, Class.infinity), opposite), () => invalid(f));
      f.return();
    });
    f.if(isClass(c, Class.infinity), () => {
      setResult(f, Class.infinity, c.sign.get());
      f.return();
    });
    f.if(isClass(c, Class.zero), () => {
      const down = i32.eq(control.rounding.get(), one32);
      f.if(i32.and(isClass(r, Class.zero), opposite), () => setResult(f, Class.zero, down));
      f.return();
    });
    f.if(isClass(r, Class.zero), () => {
      copyToResult(f, c);
      f.return();
    });
    f.do(f.call('addWide'));
  });
}

/** shiftWide (high i64, low i64, distance i32) => high, low; what falls out is kept in bit 0. */
function defineShiftWide(library: Library): void {
  library.define('shiftWide', ['i64', 'i64', 'i32'], ['i64', 'i64'], (f) => {
    const [high, low, distance] = [f.argument(0), f.argument(1), f.let(i64.extendU(f.argument(2)))];
    const answer = (top: Expr, bottom: Expr, lost: Expr) => {
      f.do(top);
      f.return(i64.or(bottom, i64.extendU(nonzero(lost))));
    };
    const back = f.let(i64.sub(i64.const(64), i64.and(distance, i64.const(63))));
    const rest = f.let(i64.and(distance, i64.const(63)));
    f.if(i64.eqz(distance), () => answer(high, low, zero64));
    f.if(i64.ltU(distance, i64.const(64)), () =>
      answer(
        i64.shrU(high, distance),
        i64.or(i64.shrU(low, distance), i64.shl(high, back)),
        i64.shl(low, back),
      ),
    );
    f.if(i64.eq(distance, i64.const(64)), () => answer(zero64, high, low));
    f.if(i64.ltU(distance, i64.const(128)), () =>
      answer(zero64, i64.shrU(high, rest), i64.or(low, i64.shl(high, back))),
    );
    f.do(zero64);
    return i64.const(1);
  });
}

/** addWide(): the result of a product, 128 bits wide, plus C, both finite and not zero. */
function defineAddWide(library: Library): void {
  library.define('addWide', [], [], (f) => {
    const distance = f.let(i32.sub(r.exponent.get(), c.exponent.get()));
    const wider = i32.or(i64.gtU(r.high.get(), c.high.get()), i64.eq(r.high.get(), c.high.get()));
    const productIsBigger = f.let(select(distance, i32.gtS(distance, zero32), wider));
    const pick = (x: Expr, y: Expr) => f.let(select(productIsBigger, x, y));
    const [bigHigh, bigLow] = [pick(r.high.get(), c.high.get()), pick(r.low.get(), zero64)];
    const [smallHigh, smallLow] = [pick(c.high.get(), r.high.get()), pick(zero64, r.low.get())];
    const exponent = f.variable(pick(r.exponent.get(), c.exponent.get()));
    const same = f.let(i32.eq(r.sign.get(), c.sign.get()));
    f.do(r.sign.set(select(productIsBigger, r.sign.get(), c.sign.get())));
    const wide: Wide = { high: f.variable(zero64), low: f.variable(zero64), exponent };
    const magnitude = select(productIsBigger, distance, i32.sub(zero32, distance));
    f.do(f.call('shiftWide', smallHigh, smallLow, magnitude));
    f.body.popInto(wide.low.local);
    f.body.popInto(wide.high.local);
    f.if(
      same,
      () => addParts(f, wide, bigHigh, bigLow),
      () => subtractParts(f, wide, bigHigh, bigLow),
    );
    setMagnitude(f, wide);
  });
}

function addParts(f: FunctionBuilder, wide: Wide, bigHigh: Expr, bigLow: Expr): void {
  const { high, low } = wide;
  low.set(i64.add(low.get(), bigLow));
  const carry = f.let(i64.extendU(i64.ltU(low.get(), bigLow)));
  const sum = f.let(i64.add(high.get(), bigHigh));
  const overflows = i32.or(i64.ltU(sum, bigHigh), i64.ltU(i64.add(sum, carry), sum));
  high.set(i64.add(sum, carry));
  f.if(overflows, () => takeCarryIn(f, wide));
}

function subtractParts(f: FunctionBuilder, wide: Wide, bigHigh: Expr, bigLow: Expr): void {
  const { high, low } = wide;
  const borrow = f.let(i64.extendU(i64.ltU(bigLow, low.get())));
  low.set(i64.sub(bigLow, low.get()));
  high.set(i64.sub(i64.sub(bigHigh, high.get()), borrow));
  f.if(i64.eqz(i64.or(high.get(), low.get())), () => {
    setResult(f, Class.zero, i32.eq(control.rounding.get(), one32));
    f.return();
  });
  normalize(f, wide);
}
