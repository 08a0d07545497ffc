import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { nonzero, one32, zero32, zero64 } from './library.js';
import { a, b, Class, control, Exception, OPERAND_A, OPERAND_B, r } from './scratch.js';
import {
  beginBinary,
  beginOnTop,
  beginUnary,
  early,
  fsw,
  isEmpty,
  markFull,
  stAddress,
  Status,
  unmaskedOf,
  unpackSt,
} from './stack.js';
import { isNan, raise } from './unpack.js';

/** Arithmetic by the reg field of d8: the reversed forms swap their operands. */
export const X87Operation = {
  add: 0,
  multiply: 1,
  subtract: 4,
  subtractReversed: 5,
  divide: 6,
  divideReversed: 7,
} as const;
/** In place of a stack number: the other operand has been unpacked already. */
export const FROM_MEMORY = -1;

/** Part of a relation: an unmasked exception forbids the pops. */
export const UNFINISHED = 16;

const is = (operation: Expr, number: number) => i32.eq(operation, i32.const(number));
const isA = (kind: number) => i32.eq(a.class.get(), i32.const(kind));
const isB = (kind: number) => i32.eq(b.class.get(), i32.const(kind));

/** x87 instructions over the register stack. Those that touch memory leave the access to the row. */
export function defineExtended(library: Library): void {
  defineArithmetic(library);
  defineUnary(library);
  defineLoads(library);
  defineRelation(library);
  defineFlagRelation(library);
  defineRoundToInteger(library);
  defineScale(library);
  defineExtract(library);
}

/** finish(destination i32, pops i32): rounds and stores the result unless an early exception forbids it. */
function defineArithmetic(library: Library): void {
  library.define('finish', ['i32', 'i32'], [], (f) => {
    f.if(i32.eqz(early()), () => {
      f.do(f.call('round'), f.call('pack80', stAddress(f.argument(0))));
      f.do(markFull(f.argument(0)), f.call('pop', f.argument(1)));
    });
    f.do(f.call('commit'));
  });
  /** arithmetic(operation i32, destination i32, other i32, pops i32), after `begin`. */
  library.define('arithmetic', ['i32', 'i32', 'i32', 'i32'], [], (f) => {
    const [operation, destination, other] = [f.argument(0), f.argument(1), f.argument(2)];
    const inStack = f.let(i32.geS(other, zero32));
    f.if(i32.or(isEmpty(destination), i32.and(inStack, isEmpty(other))), () => {
      f.do(f.call('stackUnderflow', destination, f.argument(3)));
      f.return();
    });
    const reversed = f.let(i32.and(operation, i32.and(i32.shrU(operation, i32.const(2)), one32)));
    f.do(f.call('unpack80', placeOf(reversed), stAddress(destination)));
    f.if(inStack, () => f.do(f.call('unpack80', placeOf(i32.eqz(reversed)), stAddress(other))));
    f.do(f.call('precisionControl'));
    f.if(i32.eqz(f.call('nan80')), () => compute(f, operation));
    f.do(f.call('finish', destination, f.argument(3)));
  });
}

const placeOf = (second: Expr) => select(second, i32.const(OPERAND_B), i32.const(OPERAND_A));

function compute(f: FunctionBuilder, operation: Expr): void {
  const subtracts = i32.eq(i32.and(operation, i32.const(6)), i32.const(X87Operation.subtract));
  const divides = i32.eq(i32.and(operation, i32.const(6)), i32.const(X87Operation.divide));
  f.if(subtracts, () => f.do(b.sign.set(i32.eqz(b.sign.get()))));
  f.if(i32.or(subtracts, is(operation, X87Operation.add)), () => f.do(f.call('add')));
  f.if(is(operation, X87Operation.multiply), () => f.do(f.call('multiply')));
  f.if(divides, () => f.do(f.call('divide')));
}

function defineUnary(library: Library): void {
  library.define('x87SquareRoot', [], [], (f) => {
    beginUnary(f);
    f.do(f.call('precisionControl'));
    f.if(i32.eqz(f.call('nan80')), () => f.do(f.call('squareRoot')));
    f.do(f.call('finish', zero32, zero32));
  });
  /** changeSign(and i32, xor i32): on the 16 bits that hold sign and exponent. */
  library.define('changeSign', ['i32', 'i32'], [], (f) => {
    beginOnTop(f);
    const at = f.let(stAddress(zero32));
    const head = i32.and(i32.load16u(at, 8), f.argument(0));
    f.do(i32.store16(at, i32.xor(head, f.argument(1)), 8), f.call('commit'));
  });
}

/** After unpacking into A: exact conversion of memory operands to extended, pushed. */
function defineLoads(library: Library): void {
  library.define('pushOperand', [], [], (f) => {
    f.do(b.class.set(i32.const(Class.zero)));
    const flags = f.let(control.flags.get());
    f.if(i32.eqz(isEmpty(i32.const(-1))), () => {
      f.do(f.call('push'));
      f.return();
    });
    f.do(control.flags.set(flags));
    f.if(i32.eqz(f.call('nan80')), () => f.do(f.call('operandToResult')));
    f.if(i32.eqz(unmaskedOf(Exception.IE)), () => {
      f.do(f.call('makeRoom'), f.call('pack80', stAddress(zero32)));
    });
    f.do(f.call('commit'));
  });
  for (const [name, unpack] of [
    ['loadSingle', 'unpack32'],
    ['loadDouble', 'unpack64'],
    ['loadInteger', 'unpackInteger'],
  ] as const) {
    library.define(name, ['i64'], [], (f) => {
      f.do(f.call('begin'), f.call(unpack, i32.const(OPERAND_A), f.argument(0)), f.call('pushOperand'));
    });
  }
  /** pushRaw(significand i64, head i32): bits as they are. */
  library.define('pushRaw', ['i64', 'i32'], [], (f) => {
    f.do(f.call('begin'));
    f.if(f.call('push'), () => {
      const to = f.let(stAddress(zero32));
      f.do(i64.store(to, f.argument(0)), i32.store16(to, f.argument(1), 8), f.call('commit'));
    });
  });
  /** pushStack(st i32) */
  library.define('pushStack', ['i32'], [], (f) => {
    f.do(f.call('begin'));
    const from = f.let(stAddress(f.argument(0)));
    f.if(isEmpty(f.argument(0)), () => {
      f.do(control.flags.set(i32.const(Exception.IE | Status.SF)));
      f.if(i32.eqz(early()), () => {
        f.do(f.call('makeRoom'), f.call('stackUnderflow', zero32, zero32));
        f.return();
      });
      f.do(f.call('commit'));
      f.return();
    });
    f.do(f.call('pushRaw', i64.load(from), i32.load16u(from, 8)));
  });
}

/**
 * relation(other i32, quiet NaNs are invalid i32) => of ST(0) to the other: 1 less, 2 equal, 4 greater, 8 unordered; plus 16
 * when an unmasked exception forbids the pops that follow. Exceptions are committed.
 */
function defineRelation(library: Library): void {
  library.define('order', [], ['i32'], (f) => {
    const bothZero = i32.and(isA(Class.zero), isB(Class.zero));
    f.if(bothZero, () => f.return(i32.const(2)));
    const signed = (number: typeof a) => f.let(select(number.sign.get(), i32.const(-1), one32));
    const rank = (number: typeof a) => f.let(i32.mul(number.class.get(), signed(number)));
    const [first, second] = [rank(a), rank(b)];
    f.if(i32.ltS(first, second), () => f.return(one32));
    f.if(i32.gtS(first, second), () => f.return(i32.const(4)));
    f.if(i32.eqz(isA(Class.finite)), () => f.return(i32.const(2)));
    const byExponent = i32.sub(a.exponent.get(), b.exponent.get());
    const byFraction = i32.sub(i64.gtU(a.high.get(), b.high.get()), i64.ltU(a.high.get(), b.high.get()));
    const difference = f.let(i32.mul(select(byExponent, byExponent, byFraction), signed(a)));
    f.if(i32.eqz(difference), () => f.return(i32.const(2)));
    return select(i32.ltS(difference, zero32), one32, i32.const(4));
  });
  library.define('relation', ['i32', 'i32'], ['i32'], (f) => {
    const inStack = f.let(i32.geS(f.argument(0), zero32));
    const empty = i32.or(isEmpty(zero32), i32.and(inStack, isEmpty(f.argument(0))));
    const answer = f.variable(i32.const(8));
    f.if(
      empty,
      () => f.do(control.flags.set(i32.const(Exception.IE | Status.SF))),
      () => {
        unpackSt(f, OPERAND_A, zero32);
        f.if(inStack, () => unpackSt(f, OPERAND_B, f.argument(0)));
        compareOperands(f, answer.set.bind(answer));
      },
    );
    f.if(early(), () => answer.set(i32.or(answer.get(), i32.const(UNFINISHED))));
    f.do(f.call('commit'));
    return answer.get();
  });
}

function compareOperands(f: FunctionBuilder, answer: (value: Expr) => void): void {
  const nan = i32.or(isNan(a.class.get()), isNan(b.class.get()));
  const either = (kind: number) => i32.or(isA(kind), isB(kind));
  f.if(
    nan,
    () => {
      const bad = i32.or(either(Class.signalling), either(Class.unsupported));
      f.do(control.flags.set(i32.or(bad, f.argument(1))));
    },
    () => answer(f.call('order')),
  );
}

/** The same for fcomi, which leaves C1 alone unless the stack is at fault. */
function defineFlagRelation(library: Library): void {
  library.define('flagRelation', ['i32', 'i32'], ['i32'], (f) => {
    const kept = f.let(i32.and(fsw.get(), i32.const(Status.C1)));
    const relation = f.let(f.call('relation', f.argument(0), f.argument(1)));
    const stackFault = i32.and(control.flags.get(), i32.const(Status.SF));
    f.if(i32.eqz(stackFault), () => f.do(fsw.set(i32.or(fsw.get(), kept))));
    return relation;
  });
}

/** integerPart() => of A, finite: magnitude rounded, exceptions noted; an exponent of at most 63. */
function defineRoundToInteger(library: Library): void {
  library.define('integerPart', [], ['i64'], (f) => {
    const [whole, rest] = [f.variable(zero64), f.variable(zero64)];
    f.do(f.call('align', a.high.get(), i32.sub(i32.const(63), a.exponent.get())));
    f.body.popInto(rest.local);
    f.body.popInto(whole.local);
    const odd = nonzero(i64.and(whole.get(), i64.const(1)));
    const away = f.let(f.call('roundsAway', rest.get(), odd, a.sign.get()));
    f.do(control.roundedUp.set(away));
    f.if(nonzero(rest.get()), () => f.do(raise(Exception.PE)));
    return i64.add(whole.get(), i64.extendU(away));
  });
  library.define('roundToInteger', [], [], (f) => {
    beginUnary(f);
    f.if(i32.eqz(f.call('nan80')), () => {
      f.do(f.call('operandToResult'));
      const fractional = i32.and(isA(Class.finite), i32.ltS(a.exponent.get(), i32.const(63)));
      f.if(i32.and(fractional, i32.eqz(early())), () => {
        const whole = f.let(f.call('integerPart'));
        f.do(r.class.set(select(nonzero(whole), i32.const(Class.finite), zero32)));
        f.do(r.high.set(i64.shl(whole, i64.clz(whole))));
        f.do(r.exponent.set(i32.wrap(i64.sub(i64.const(63), i64.clz(whole)))));
      });
    });
    f.if(i32.eqz(early()), () => f.do(f.call('pack80', stAddress(zero32))));
    f.do(f.call('commit'));
  });
}

const HUGE = 0x1_0000;

function defineScale(library: Library): void {
  library.define('scale', [], [], (f) => {
    beginBinary(f, zero32, zero32);
    f.if(i32.eqz(f.call('nan80')), () => scaleOperand(f));
    f.do(f.call('finish', zero32, zero32));
  });
}

function scaleOperand(f: FunctionBuilder): void {
  f.do(f.call('operandToResult'));
  f.if(
    isB(Class.infinity),
    () => {
      const wanted = select(b.sign.get(), i32.const(Class.zero), i32.const(Class.infinity));
      const opposite = select(b.sign.get(), i32.const(Class.infinity), i32.const(Class.zero));
      f.if(
        i32.eq(a.class.get(), opposite),
        () => f.do(f.call('invalid')),
        () => f.do(r.class.set(wanted)),
      );
    },
    () => f.if(isB(Class.finite), () => f.do(r.exponent.set(i32.add(a.exponent.get(), wholeOfB(f))))),
  );
}

/** B cut to an integer, at most 2^16 either way. */
function wholeOfB(f: FunctionBuilder): Expr {
  const shift = i64.extendS(i32.sub(i32.const(63), b.exponent.get()));
  const cut = i32.wrap(i64.shrU(b.high.get(), shift));
  const small = i32.ltS(b.exponent.get(), zero32);
  const large = i32.gtS(b.exponent.get(), i32.const(15));
  const magnitude = f.let(select(large, i32.const(HUGE), select(small, zero32, cut)));
  return select(b.sign.get(), i32.sub(zero32, magnitude), magnitude);
}

/** extract(): ST(0) becomes its exponent, its significand is pushed. */
function defineExtract(library: Library): void {
  library.define('extract', [], [], (f) => {
    f.do(f.call('begin'));
    f.if(isEmpty(zero32), () => {
      f.do(control.flags.set(i32.const(Exception.IE | Status.SF)));
      f.if(i32.eqz(early()), () => {
        f.do(f.call('makeRoom'), f.call('defaultNan', zero32), f.call('defaultNan', one32));
      });
      f.do(f.call('commit'));
      f.return();
    });
    beginUnary(f);
    f.if(i32.eqz(isEmpty(i32.const(-1))), () => {
      f.do(f.call('push'));
      f.if(i32.eqz(early()), () => f.do(f.call('defaultNan', one32)));
      f.return();
    });
    const exponent = f.let(a.exponent.get());
    const nan = f.let(f.call('nan80'));
    f.if(i32.eqz(nan), () => f.do(f.call('operandToResult')));
    f.if(isA(Class.zero), () => f.do(raise(Exception.ZE)));
    f.if(early(), () => {
      f.do(f.call('commit'));
      f.return();
    });
    f.do(f.call('makeRoom'));
    f.if(i32.eq(r.class.get(), i32.const(Class.finite)), () => f.do(r.exponent.set(zero32)));
    f.do(f.call('pack80', stAddress(zero32)));
    f.if(isA(Class.finite), () => {
      f.do(f.call('unpackInteger', i32.const(OPERAND_A), i64.extendS(exponent)), f.call('operandToResult'));
    });
    f.if(isA(Class.zero), () => {
      const wasZero = i32.and(control.flags.get(), i32.const(Exception.ZE));
      f.if(wasZero, () => f.do(r.class.set(i32.const(Class.infinity)), r.sign.set(one32)));
    });
    f.if(isA(Class.infinity), () => f.do(r.sign.set(zero32)));
    f.do(f.call('pack80', stAddress(one32)), f.call('commit'));
  });
}
