import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { one32, zero32, zero64 } from './library.js';
import { a, b, Class, OPERAND_A, OPERAND_B, r } from './scratch.js';
import { early, fsw, isEmpty, Status, unpackSt } from './stack.js';

const isA = (kind: number) => i32.eq(a.class.get(), i32.const(kind));
const isB = (kind: number) => i32.eq(b.class.get(), i32.const(kind));
/** Exponents further apart are reduced in several instructions. */
const COMPLETE = 64;

/** remainder(nearest i32): fprem and fprem1. The quotient's low bits go to C0 C3 C1, C2 says that the reduction is partial. */
export function defineRemainder(library: Library): void {
  library.define('remainder', ['i32'], [], (f) => {
    f.do(f.call('begin'), fsw.set(i32.and(fsw.get(), i32.const(~Status.C2))));
    f.if(i32.or(isEmpty(zero32), isEmpty(one32)), () => {
      f.do(f.call('stackUnderflow', zero32, zero32));
      f.return();
    });
    unpackSt(f, OPERAND_A, zero32);
    unpackSt(f, OPERAND_B, one32);
    f.if(f.call('nan80'), () => finish(f));
    f.if(i32.or(isA(Class.infinity), isB(Class.zero)), () => {
      f.do(f.call('invalid'));
      finish(f);
    });
    f.do(f.call('operandToResult'));
    const conditions = f.variable(zero32);
    f.if(i32.and(isA(Class.finite), isB(Class.finite)), () => reduce(f, conditions.set.bind(conditions)));
    f.do(f.call('finish', zero32, zero32));
    f.if(early(), () => f.return());
    const cleared = i32.and(fsw.get(), i32.const(~(Status.C0 | Status.C1 | Status.C2 | Status.C3)));
    f.do(fsw.set(i32.or(cleared, conditions.get())));
  });
}

function finish(f: FunctionBuilder): void {
  f.do(f.call('finish', zero32, zero32));
  f.return();
}

function reduce(f: FunctionBuilder, setConditions: (bits: Expr) => void): void {
  const nearest = f.argument(0);
  const distance = f.let(i32.sub(a.exponent.get(), b.exponent.get()));
  const partial = f.let(i32.geS(distance, i32.const(COMPLETE)));
  const some = i32.or(i32.and(distance, i32.const(31)), i32.const(32));
  const steps = f.variable(select(partial, some, distance));
  const unit = f.let(i32.sub(distance, steps.get()));
  const rest = f.variable(a.high.get());
  const quotient = f.variable(zero64);
  const restExponent = f.variable(i32.add(b.exponent.get(), unit));
  f.if(
    i32.geS(distance, zero32),
    () => divideSteps(f, { steps, rest, quotient }),
    () => restExponent.set(a.exponent.get()),
  );
  f.do(r.class.set(i32.const(Class.finite)), r.sign.set(a.sign.get()));
  const negated = f.variable(zero32);
  f.if(i32.and(nearest, i32.eqz(partial)), () => {
    const upper = upperHalf(f, { distance, rest, quotient });
    f.if(upper, () => {
      negated.set(one32);
      takeFromDivisor(f, { distance, rest });
      quotient.set(i64.add(quotient.get(), i64.const(1)));
    });
  });
  f.if(negated.get(), () => f.do(r.sign.set(i32.eqz(a.sign.get()))));
  f.if(i64.eqz(rest.get()), () => f.do(r.class.set(i32.const(Class.zero)), r.sign.set(a.sign.get())));
  const shift = f.let(i64.clz(rest.get()));
  f.do(r.high.set(i64.shl(rest.get(), shift)), r.low.set(zero64));
  f.do(r.exponent.set(i32.sub(restExponent.get(), i32.wrap(shift))));
  const bit = (at: number, flag: number) =>
    i32.mul(i32.and(i32.wrap(i64.shrU(quotient.get(), i64.const(at))), one32), i32.const(flag));
  const bits = [bit(0, Status.C1), bit(1, Status.C3), bit(2, Status.C0)].reduce(i32.or);
  setConditions(select(partial, i32.const(Status.C2), bits));
}

type Variable = ReturnType<FunctionBuilder['variable']>;

/** Restoring division, one bit a step: steps + 1 bits of quotient. */
function divideSteps(
  f: FunctionBuilder,
  { steps, rest, quotient }: Record<'steps' | 'rest' | 'quotient', Variable>,
): void {
  const divisor = f.let(b.high.get());
  const carry = f.variable(zero32);
  f.body.block((done) => {
    f.body.loop((again) => {
      const fits = f.let(i32.or(carry.get(), i64.geU(rest.get(), divisor)));
      quotient.set(i64.or(i64.shl(quotient.get(), i64.const(1)), i64.extendU(fits)));
      f.if(fits, () => rest.set(i64.sub(rest.get(), divisor)));
      f.body.brIf(done, i32.eqz(steps.get()));
      steps.set(i32.sub(steps.get(), one32));
      carry.set(i64.ltS(rest.get(), zero64));
      rest.set(i64.shl(rest.get(), i64.const(1)));
      f.body.br(again);
    });
  });
}

interface Remains {
  readonly distance: Expr;
  readonly rest: Variable;
  readonly quotient: Variable;
}

/** Whether the rest is more than half of the divisor, or exactly half with an odd quotient. */
function upperHalf(f: FunctionBuilder, { distance, rest, quotient }: Remains): Expr {
  const divisor = f.let(b.high.get());
  const far = i32.ltS(distance, i32.const(-1));
  const below = i32.eq(distance, i32.const(-1));
  const complement = f.let(i64.sub(divisor, rest.get()));
  const odd = i32.wrap(i64.and(quotient.get(), i64.const(1)));
  const tie = i32.and(i64.eq(rest.get(), complement), odd);
  const atLevel = i32.or(i64.gtU(rest.get(), complement), tie);
  // One binary place below, the rest is at least a quarter of the divisor: half is its own significand.
  return f.let(select(far, zero32, select(below, i64.gtU(rest.get(), divisor), atLevel)));
}

/** rest = divisor - rest */
function takeFromDivisor(f: FunctionBuilder, { distance, rest }: { distance: Expr; rest: Variable }): void {
  const below = f.let(i32.eq(distance, i32.const(-1)));
  f.if(
    below,
    () => {
      // 2 * divisor - rest at the exponent of the rest; the rest is bigger than the divisor's significand.
      const excess = i64.sub(rest.get(), b.high.get());
      rest.set(i64.sub(b.high.get(), excess));
    },
    () => rest.set(i64.sub(b.high.get(), rest.get())),
  );
}
