import { i32 } from '../../wasm/expr.js';
import type { FunctionBuilder, Library } from '../library.js';
import { one32, TOP_BIT, zero32, zero64 } from '../library.js';
import { a, b, Class, control, Exception, OPERAND_A, r } from '../scratch.js';
import { beginBinary, beginUnary, early, fsw, isEmpty, stAddress, Status, unpackSt } from '../stack.js';
import { Transcendental } from './index.js';

/** From this exponent on the trigonometric functions leave their argument alone and set C2. */
const OUT_OF_RANGE = 63;

const computed = (f: FunctionBuilder, operation: number) =>
  f.do(f.call('transcendental', i32.const(operation)));
const clearC2 = () => fsw.set(i32.and(fsw.get(), i32.const(~Status.C2)));

/** fsin fcos fsincos fptan fpatan f2xm1 fyl2x fyl2xp1: everything but the series themselves. */
export function defineTranscendental(library: Library): void {
  defineUnary(library);
  defineBinary(library);
  defineTrigonometry(library);
  definePair(library);
}

/** The result as it is, rounded, in ST(st). */
function store(f: FunctionBuilder, st: number): void {
  f.do(f.call('round'), f.call('pack80', stAddress(i32.const(st))));
}

function defineUnary(library: Library): void {
  library.define('x87Exponential', [], [], (f) => {
    beginUnary(f);
    f.if(i32.eqz(f.call('nan80')), () => computed(f, Transcendental.exponential));
    f.do(f.call('finish', zero32, zero32));
  });
}

/** Of ST(0) and ST(1), into ST(1), popped. */
function defineBinary(library: Library): void {
  for (const name of ['timesLogarithm', 'timesLogarithmOnePlus', 'angle'] as const) {
    library.define(name, [], [], (f) => {
      beginBinary(f, one32, one32);
      f.if(i32.eqz(f.call('nan80')), () => computed(f, Transcendental[name]));
      f.do(f.call('finish', one32, one32));
    });
  }
}

/** Takes ST(0) apart; returns after an empty register or an argument that is too large. */
function angleOperand(f: FunctionBuilder): void {
  f.do(f.call('begin'), clearC2());
  unpackSt(f, OPERAND_A, zero32);
  f.do(b.class.set(i32.const(Class.zero)));
  const finite = i32.eq(a.class.get(), i32.const(Class.finite));
  f.if(i32.and(finite, i32.geS(a.exponent.get(), i32.const(OUT_OF_RANGE))), () => {
    f.do(control.flags.set(zero32), f.call('commit'));
    f.do(fsw.set(i32.or(fsw.get(), i32.const(Status.C2))));
    f.return();
  });
}

function defineTrigonometry(library: Library): void {
  for (const name of ['sine', 'cosine'] as const) {
    library.define(name, [], [], (f) => {
      f.if(isEmpty(zero32), () => {
        f.do(f.call('begin'), clearC2(), f.call('stackUnderflow', zero32, zero32));
        f.return();
      });
      angleOperand(f);
      f.if(i32.eqz(f.call('nan80')), () => computed(f, Transcendental[name]));
      f.do(f.call('finish', zero32, zero32));
    });
  }
}

/** Two results: the first replaces ST(0), the second is pushed. */
function definePair(library: Library): void {
  for (const [name, first, second] of [
    ['sineAndCosine', Transcendental.sine, Transcendental.cosine],
    ['tangentAndOne', Transcendental.tangent, undefined],
  ] as const) {
    library.define(name, [], [], (f) => {
      pairFaults(f);
      angleOperand(f);
      const nan = f.let(f.call('nan80'));
      f.if(i32.eqz(nan), () => computed(f, first));
      f.if(early(), () => {
        f.do(f.call('commit'));
        f.return();
      });
      const quiet = f.let(i32.eq(r.class.get(), i32.const(Class.quiet)));
      store(f, 0);
      f.if(i32.eqz(quiet), () => (second === undefined ? setOne(f) : computed(f, second)));
      f.do(f.call('makeRoom'));
      store(f, 0);
      f.do(f.call('commit'));
    });
  }
}

function setOne(f: FunctionBuilder): void {
  f.do(r.class.set(i32.const(Class.finite)), r.sign.set(zero32), r.exponent.set(zero32));
  f.do(r.high.set(TOP_BIT), r.low.set(zero64));
}

/** An empty ST(0), or no room for the second result: both results are the default NaN. */
function pairFaults(f: FunctionBuilder): void {
  const empty = f.let(isEmpty(zero32));
  const full = f.let(i32.eqz(isEmpty(i32.const(-1))));
  f.if(i32.or(empty, full), () => {
    f.do(f.call('begin'), clearC2());
    f.do(control.flags.set(i32.const(Exception.IE | Status.SF)));
    f.do(control.roundedUp.set(i32.and(full, i32.eqz(empty))));
    f.if(i32.eqz(early()), () => {
      f.do(f.call('makeRoom'), f.call('defaultNan', zero32), f.call('defaultNan', one32));
    });
    f.do(f.call('commit'));
    f.return();
  });
}
