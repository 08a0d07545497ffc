import { State } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { one32, zero32 } from './library.js';
import { b, Class, control, Exception, field32, OPERAND_A, OPERAND_B, PRECOMPUTATION } from './scratch.js';

/** Bits of the status word. */
export const Status = { SF: 0x40, ES: 0x80, C0: 0x100, C1: 0x200, C2: 0x400, C3: 0x4000, B: 0x8000 } as const;
const EXCEPTIONS = 0x3f;

export const fcw = field32(State.fcw);
export const fsw = field32(State.fsw);
export const ftw = field32(State.ftw);
export const top = field32(State.top);

const DEFAULT_NAN = i64.const(0xc000_0000_0000_0000n);
const DEFAULT_NAN_HEAD = i32.const(0xffff);

/** Exponents of the extended format, and what unmasked overflow and underflow shift them by. */
const EXTENDED = { minExponent: -16382, maxExponent: 16383, wrap: 24576 } as const;

const physical = (st: Expr) => i32.and(i32.add(top.get(), st), i32.const(7));
const tagBit = (st: Expr) => i32.shl(one32, physical(st));
/** Address of ST(st). */
export const stAddress = (st: Expr) => i32.add(i32.shl(physical(st), i32.const(4)), i32.const(State.x87));
export const isEmpty = (st: Expr) => i32.eqz(i32.and(ftw.get(), tagBit(st)));
export const markFull = (st: Expr) => ftw.set(i32.or(ftw.get(), tagBit(st)));
export const markEmpty = (st: Expr) => ftw.set(i32.and(ftw.get(), i32.xor(tagBit(st), i32.const(-1))));

/** Exceptions of this instruction that are not masked. */
export const unmaskedOf = (mask: number) =>
  i32.and(i32.and(control.flags.get(), control.unmasked.get()), i32.const(mask));
export const early = () => unmaskedOf(PRECOMPUTATION);

export const unpackSt = (f: FunctionBuilder, operand: typeof OPERAND_A | typeof OPERAND_B, st: Expr) =>
  f.do(f.call('unpack80', i32.const(operand), stAddress(st)));

/** Begins an instruction on ST(0), which ends here where that is empty. */
export function beginOnTop(f: FunctionBuilder): void {
  f.do(f.call('begin'));
  f.if(isEmpty(zero32), () => {
    f.do(f.call('stackUnderflow', zero32, zero32));
    f.return();
  });
}

/** Begins an instruction on ST(0) alone, and takes it apart. */
export function beginUnary(f: FunctionBuilder): void {
  beginOnTop(f);
  unpackSt(f, OPERAND_A, zero32);
  f.do(b.class.set(i32.const(Class.zero)));
}

/** Begins an instruction on ST(0) and ST(1), and takes them apart. It ends here where one is empty. */
export function beginBinary(f: FunctionBuilder, destination: Expr, pops: Expr): void {
  f.do(f.call('begin'));
  f.if(i32.or(isEmpty(zero32), isEmpty(one32)), () => {
    f.do(f.call('stackUnderflow', destination, pops));
    f.return();
  });
  unpackSt(f, OPERAND_A, zero32);
  unpackSt(f, OPERAND_B, one32);
}

export function defineStack(library: Library): void {
  defineBegin(library);
  defineCommit(library);
  definePop(library);
  defineDefaultNan(library);
  defineUnderflow(library);
  definePush(library);
}

/** begin(): rounding and masks of the control word, the extended format, no exceptions. */
function defineBegin(library: Library): void {
  library.define('format.extended', [], [], (f) => {
    f.do(control.precision.set(i32.const(64)));
    f.do(control.minExponent.set(i32.const(EXTENDED.minExponent)));
    f.do(control.maxExponent.set(i32.const(EXTENDED.maxExponent)));
  });
  library.define('begin', [], [], (f) => {
    const word = f.let(fcw.get());
    const at = (place: number, mask: number) => i32.and(i32.shrU(word, i32.const(place)), i32.const(mask));
    f.do(control.rounding.set(at(10, 3)), control.unmasked.set(i32.xor(at(0, 63), i32.const(63))));
    f.do(control.flushToZero.set(zero32), control.denormalsAreZero.set(zero32));
    f.do(control.flags.set(zero32), control.roundedUp.set(zero32));
    f.do(control.wrapExponent.set(i32.const(EXTENDED.wrap)));
    f.do(f.call('format.extended'));
  });
  /** The precision that PC asks of arithmetic: 24, 53 or 64 bits. */
  library.define('precisionControl', [], [], (f) => {
    const pc = f.let(i32.and(i32.shrU(fcw.get(), i32.const(8)), i32.const(3)));
    f.if(i32.eqz(pc), () => f.do(control.precision.set(i32.const(24))));
    f.if(i32.eq(pc, i32.const(2)), () => f.do(control.precision.set(i32.const(53))));
  });
}

/** commit(): exceptions of this instruction into the status word, with C1 and the summary bits. */
function defineCommit(library: Library): void {
  /** ES and B say whether an exception is pending. */
  library.define('summarize', [], [], (f) => {
    const masks = i32.and(fcw.get(), i32.const(EXCEPTIONS));
    const pending = i32.and(i32.and(fsw.get(), i32.const(EXCEPTIONS)), i32.xor(masks, i32.const(EXCEPTIONS)));
    const summary = i32.mul(i32.ne(pending, zero32), i32.const(Status.ES | Status.B));
    f.do(fsw.set(i32.or(i32.and(fsw.get(), i32.const(~(Status.ES | Status.B))), summary)));
  });
  library.define('commit', [], [], (f) => {
    const kept = i32.and(fsw.get(), i32.const(~Status.C1));
    const up = i32.mul(control.roundedUp.get(), i32.const(Status.C1));
    f.do(fsw.set(i32.or(i32.or(kept, up), control.flags.get())));
    f.do(f.call('summarize'));
  });
}

/** pop(count i32) */
function definePop(library: Library): void {
  library.define('pop', ['i32'], [], (f) => {
    const left = f.variable(f.argument(0));
    f.body.loop((again) => {
      f.if(left.get(), () => {
        f.do(markEmpty(zero32), top.set(physical(one32)));
        left.set(i32.sub(left.get(), one32));
        f.body.br(again);
      });
    });
  });
}

/** defaultNan(st i32) */
function defineDefaultNan(library: Library): void {
  library.define('defaultNan', ['i32'], [], (f) => {
    const to = f.let(stAddress(f.argument(0)));
    f.do(i64.store(to, DEFAULT_NAN), i32.store16(to, DEFAULT_NAN_HEAD, 8), markFull(f.argument(0)));
  });
}

/** stackUnderflow(destination i32, pops i32): an operand is empty; masked, the result is the default NaN. */
function defineUnderflow(library: Library): void {
  library.define('stackUnderflow', ['i32', 'i32'], [], (f) => {
    f.do(control.flags.set(i32.const(Exception.IE | Status.SF)), control.roundedUp.set(zero32));
    f.if(i32.eqz(early()), () => {
      f.do(f.call('defaultNan', f.argument(0)));
      f.do(f.call('pop', f.argument(1)));
    });
    f.do(f.call('commit'));
  });
}

/**
 * push() => 1 when there was room: ST(0) is then a new register for the caller to fill. Otherwise the overflow is dealt
 * with, exceptions committed.
 */
function definePush(library: Library): void {
  const below = i32.const(-1);
  library.define('makeRoom', [], [], (f) => f.do(top.set(physical(below)), markFull(zero32)));
  library.define('push', [], ['i32'], (f) => {
    f.if(isEmpty(below), () => {
      f.do(f.call('makeRoom'));
      f.return(one32);
    });
    f.do(control.flags.set(i32.const(Exception.IE | Status.SF)), control.roundedUp.set(one32));
    f.if(i32.eqz(early()), () => {
      f.do(f.call('makeRoom'));
      f.do(f.call('defaultNan', zero32));
    });
    f.do(f.call('commit'));
    return zero32;
  });
}
