import { State } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { Emitter, GprSize } from './emitter.js';
import { state64, toState64 } from './emitter.js';

export type FlagOperation = 'add' | 'sub';

/** Of a tier that computes flags where they are asked for. */
export interface DeferredFlags {
  /** The flags follow from an operation on two operands, zero-extended from their size. */
  defer(operation: FlagOperation, size: GprSize, a: Expr, b: Expr): void;
  /** All flag words are about to be written. */
  replaced(): void;
  /** A condition code, where it can be had from what the flags follow from. */
  condition(code: number): Expr | undefined;
}

const CF = i64.const(-(2n ** 63n));
const BIT62 = i64.const(2n ** 62n);
const AF = i64.const(8);
const zero64 = i64.const(0);
const one64 = i64.const(1);

/** ZF, SF and PF from a result of the operand size. */
export function resultFlags(e: Emitter, result: Expr): void {
  const signed = e.let(e.signed(result));
  e.body.do(toState64(State.zeroResult, signed));
  e.body.do(toState64(State.signResult, signed));
}

/** CF, OF and AF from a vector with the carry (or borrow) out of each bit, clean above the operand size. */
export function carryFlags(e: Emitter, carries: Expr): void {
  const top = e.size === 64 ? carries : i64.or(carries, i64.shl(carries, i64.const(64 - e.size)));
  e.body.do(toState64(State.carries, top));
}

export const addCarries = (a: Expr, b: Expr, sum: Expr) =>
  i64.or(i64.and(a, b), i64.and(i64.or(a, b), not(sum)));

export const subCarries = (a: Expr, b: Expr, difference: Expr) =>
  i64.or(i64.and(not(a), b), i64.and(not(i64.xor(a, b)), difference));

export const not = (value: Expr) => i64.xor(value, i64.const(-1));

/** Of `sum`, which is that of `a` and `b` alone. */
export function addFlags(e: Emitter, a: Expr, b: Expr, sum: Expr): void {
  if (e.deferredFlags) return e.deferredFlags.defer('add', e.size as GprSize, a, b);
  sumFlags(e, a, b, sum);
}

/** The same where something may have been carried in. */
export function sumFlags(e: Emitter, a: Expr, b: Expr, sum: Expr): void {
  carryFlags(e, e.let(addCarries(a, b, sum)));
  resultFlags(e, sum);
}

export function subFlags(e: Emitter, a: Expr, b: Expr, difference: Expr): void {
  if (e.deferredFlags) return e.deferredFlags.defer('sub', e.size as GprSize, a, b);
  differenceFlags(e, a, b, difference);
}

/** The same where something may have been borrowed. */
export function differenceFlags(e: Emitter, a: Expr, b: Expr, difference: Expr): void {
  carryFlags(e, e.let(subCarries(a, b, difference)));
  resultFlags(e, difference);
}

/** CF = OF = 0. */
export function logicFlags(e: Emitter, result: Expr): void {
  // As if zero were subtracted.
  if (e.deferredFlags) return e.deferredFlags.defer('sub', e.size as GprSize, result, zero64);
  e.body.do(toState64(State.carries, zero64));
  resultFlags(e, result);
}

/** Conditions and bits as i64 0 or 1 (`cf`) or as an i32 truth value. */
export const cf = () => i64.shrU(state64(State.carries), i64.const(63));
const cfTrue = () => i64.ltS(state64(State.carries), zero64);
const zfTrue = () => i64.eqz(state64(State.zeroResult));
const sfTrue = () => i64.ltS(state64(State.signResult), zero64);
const pfTrue = () => i32.eqz(i32.and(i32.popcnt(i32.load8u(i32.const(0), State.signResult)), i32.const(1)));
/** The sign bit is OF. */
const overflow = (e: Emitter) => {
  const carries = e.let(state64(State.carries));
  return i64.xor(carries, i64.shl(carries, one64));
};
const ofTrue = (e: Emitter) => i64.ltS(overflow(e), zero64);
const lessTrue = (e: Emitter) => i64.ltS(i64.xor(overflow(e), state64(State.signResult)), zero64);

/** Condition codes 0..15 as in Jcc: O NO B AE E NE BE A S NS P NP L GE LE G. */
export function condition(e: Emitter, code: number): Expr {
  return e.deferredFlags?.condition(code) ?? fromWords(e, code);
}

function fromWords(e: Emitter, code: number): Expr {
  const even = [
    () => ofTrue(e),
    () => cfTrue(),
    () => zfTrue(),
    () => i32.or(cfTrue(), zfTrue()),
    () => sfTrue(),
    () => pfTrue(),
    () => lessTrue(e),
    () => i32.or(lessTrue(e), zfTrue()),
  ][code >> 1]!();
  return code & 1 ? i32.eqz(even) : even;
}

/** Sets CF and OF from i32 truth values, leaves AF (undefined where this is used, kept where it is defined). */
export function setCarryAndOverflow(e: Emitter, carry: Expr, over: Expr): void {
  const carried = e.let(carry);
  const high = i64.extendU(i32.or(bit(carried, 1), i32.xor(carried, over)));
  const kept = i64.and(state64(State.carries), AF);
  e.body.do(toState64(State.carries, i64.or(i64.shl(high, i64.const(62)), kept)));
}

/** Sets CF from an i32 truth value and leaves the others, OF too. */
export function setCarry(e: Emitter, carry: Expr): void {
  const kept = e.let(carry);
  setCarryAndOverflow(e, kept, ofTrue(e));
}

/** Sets OF from an i32 truth value and leaves the others. */
export function setOverflow(e: Emitter, over: Expr): void {
  setCarryAndOverflow(e, e.let(cfTrue()), over);
}

/** inc and dec: everything but CF. */
export function keepCarry(e: Emitter, over: Expr, auxiliary: Expr, result: Expr): void {
  const old = e.let(state64(State.carries));
  const flipped = i64.xor(i64.shrU(old, one64), select(over, BIT62, zero64));
  const high = i64.or(i64.and(old, CF), i64.and(flipped, BIT62));
  e.body.do(toState64(State.carries, i64.or(high, i64.and(auxiliary, AF))));
  resultFlags(e, result);
}

const bit = (condition: Expr, at: number) => i32.shl(condition, i32.const(at));

/** CF PF AF ZF SF (bits 0 2 4 6 7) as lahf has them, i32. */
export function lowFlags(e: Emitter): Expr {
  const auxiliary = i32.and(i32.wrap(state64(State.carries)), i32.const(8));
  const parts = [
    cfTrue(),
    bit(pfTrue(), 2),
    i32.shl(auxiliary, i32.const(1)),
    bit(zfTrue(), 6),
    bit(sfTrue(), 7),
  ];
  return e.let(parts.reduce((a, b) => i32.or(a, b)));
}

/** The whole of rflags as i64. */
export function flagsImage(e: Emitter): Expr {
  const status = i32.or(lowFlags(e), bit(ofTrue(e), 11));
  return e.let(i64.or(i64.or(i64.extendU(status), state64(State.systemFlags)), i64.const(2)));
}

/** SF ZF AF PF CF from an i32 image; OF as given (i32 truth value). */
export function setStatusFlags(e: Emitter, image: Expr, over: Expr): void {
  replaceFlags(e);
  const at = (place: number) => i32.and(i32.shrU(image, i32.const(place)), i32.const(1));
  const overflowed = e.let(over);
  e.body.do(toState64(State.zeroResult, i64.extendU(i32.eqz(at(6)))));
  const sign = i64.shl(i64.extendU(at(7)), i64.const(63));
  e.body.do(toState64(State.signResult, i64.or(sign, i64.extendU(i32.eqz(at(2))))));
  const high = i64.extendU(i32.or(bit(at(0), 1), i32.xor(at(0), overflowed)));
  const auxiliary = i64.extendU(i32.shl(at(4), i32.const(3)));
  e.body.do(toState64(State.carries, i64.or(i64.shl(high, i64.const(62)), auxiliary)));
}

/** Before a meaning writes all flag words. */
export const replaceFlags = (e: Emitter): void => e.deferredFlags?.replaced();

export const overflowFlag = ofTrue;
