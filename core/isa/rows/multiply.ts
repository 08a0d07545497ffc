import type { Emitter, GprSize } from '../../cpu/emitter/emitter.js';
import { setCarryAndOverflow } from '../../cpu/emitter/flags.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const DE = 0;
const RAX = 0;
const RDX = 2;
const zero = i64.const(0);
const LOW32 = i64.const(0xffff_ffffn);

/** Upper 64 bits of an unsigned product, from four products of halves. */
/** Upper half of the 128-bit product. */
export function highUnsigned(e: Emitter, a: Expr, b: Expr): Expr {
  const low = (value: Expr) => i64.and(value, LOW32);
  const high = (value: Expr) => i64.shrU(value, i64.const(32));
  const [aLow, aHigh, bLow, bHigh] = [e.let(low(a)), e.let(high(a)), e.let(low(b)), e.let(high(b))];
  const cross = e.let(i64.add(i64.mul(aHigh, bLow), high(i64.mul(aLow, bLow))));
  const middle = e.let(i64.add(i64.mul(aLow, bHigh), low(cross)));
  return e.let(i64.add(i64.add(i64.mul(aHigh, bHigh), high(cross)), high(middle)));
}

function highSigned(e: Emitter, a: Expr, b: Expr): Expr {
  const unsigned = highUnsigned(e, a, b);
  const correction = (sign: Expr, other: Expr) => i64.and(i64.shrS(sign, i64.const(63)), other);
  return e.let(i64.sub(i64.sub(unsigned, correction(a, b)), correction(b, a)));
}

/** CF = OF = the upper half matters; the other flags are undefined and stay. */
function overflowFlags(e: Emitter, overflow: Expr): void {
  const kept = e.let(overflow);
  setCarryAndOverflow(e, kept, kept);
}

const multiply =
  (signed: boolean): Meaning =>
  (e) => {
    const size = e.size as GprSize;
    const b = e.let(signed ? e.readSigned(0) : e.read(0));
    const a = e.let(signed ? e.signed(e.gpr(RAX, size)) : e.gpr(RAX, size));
    const low = e.let(i64.mul(a, b));
    if (size === 64) return multiply64(e, a, b, low, signed);
    const high = e.let(signed ? i64.shrS(low, i64.const(size)) : i64.shrU(low, i64.const(size)));
    if (size === 8) e.setGpr(RAX, low, 16);
    else {
      e.setGpr(RAX, low, size);
      e.setGpr(RDX, high, size);
    }
    overflowFlags(e, signed ? i64.ne(e.signed(low), low) : i64.ne(high, zero));
  };

function multiply64(e: Emitter, a: Expr, b: Expr, low: Expr, signed: boolean): void {
  const high = signed ? highSigned(e, a, b) : highUnsigned(e, a, b);
  e.setGpr(RAX, low);
  e.setGpr(RDX, high);
  overflowFlags(e, i64.ne(high, signed ? i64.shrS(low, i64.const(63)) : zero));
}

/** Truncated product of two signed operands. */
const product =
  (first: number, second: number): Meaning =>
  (e) => {
    const a = e.let(e.readSigned(first));
    const b = e.let(e.readSigned(second));
    const low = e.let(i64.mul(a, b));
    const overflow =
      e.size === 64 ? i64.ne(highSigned(e, a, b), i64.shrS(low, i64.const(63))) : i64.ne(e.signed(low), low);
    const kept = e.let(overflow);
    e.write(0, e.trim(low));
    setCarryAndOverflow(e, kept, kept);
  };

const raiseDivide = (e: Emitter, condition: Expr) => e.body.if(condition, () => e.fault(DE));

/** Dividend of at most 64 bits: ax, dx:ax or edx:eax. */
function narrowDividend(e: Emitter): Expr {
  if (e.size === 8) return e.gpr(RAX, 16);
  const size = e.size as 16 | 32;
  return e.let(i64.or(i64.shl(e.gpr(RDX, size), i64.const(size)), e.gpr(RAX, size)));
}

function setQuotient(e: Emitter, quotient: Expr, remainder: Expr): void {
  const size = e.size as GprSize;
  if (size === 8) {
    const ah = i64.shl(e.trim(remainder), i64.const(8));
    e.setGpr(RAX, i64.or(e.trim(quotient), ah), 16);
    return;
  }
  e.setGpr(RAX, quotient, size);
  e.setGpr(RDX, remainder, size);
}

const divide: Meaning = (e) => {
  const divisor = e.read(0);
  raiseDivide(e, i64.eqz(divisor));
  if (e.size === 64) return divide128(e, e.gpr(RDX), e.gpr(RAX), divisor);
  const dividend = narrowDividend(e);
  const quotient = e.let(i64.divU(dividend, divisor));
  raiseDivide(e, i64.ne(e.trim(quotient), quotient));
  setQuotient(e, quotient, e.let(i64.remU(dividend, divisor)));
};

function divide128(e: Emitter, high: Expr, low: Expr, divisor: Expr): void {
  raiseDivide(e, i64.geU(high, divisor));
  const { quotient, remainder } = unsigned128(e, high, low, divisor);
  setQuotient(e, quotient, remainder);
}

/** (high:low) / divisor where the quotient fits; bit by bit unless `high` is zero. */
function unsigned128(e: Emitter, high: Expr, low: Expr, divisor: Expr): { quotient: Expr; remainder: Expr } {
  const { body } = e;
  const quotient = body.temporary('i64');
  const remainder = body.temporary('i64');
  const narrow = () => {
    body.set(quotient, i64.divU(low, divisor));
    body.set(remainder, i64.remU(low, divisor));
  };
  const wide = () => {
    body.set(quotient, low);
    body.set(remainder, high);
    divideSteps(e, { quotient, remainder }, divisor);
  };
  body.if(i64.eqz(high), narrow, wide);
  return { quotient: body.get(quotient), remainder: body.get(remainder) };
}

/** 64 steps of shift and subtract; the quotient grows where the dividend's low half leaves. */
function divideSteps(
  e: Emitter,
  at: {
    quotient: ReturnType<Emitter['body']['temporary']>;
    remainder: ReturnType<Emitter['body']['temporary']>;
  },
  divisor: Expr,
): void {
  const { body } = e;
  const steps = body.temporary('i32');
  const [quotient, remainder] = [body.get(at.quotient), body.get(at.remainder)];
  body.set(steps, i32.const(64));
  body.loop((again) => {
    const carried = body.let(i64.shrU(remainder, i64.const(63)));
    body.set(at.remainder, i64.or(i64.shl(remainder, i64.const(1)), i64.shrU(quotient, i64.const(63))));
    body.set(at.quotient, i64.shl(quotient, i64.const(1)));
    body.if(i32.or(i32.wrap(carried), i64.geU(remainder, divisor)), () => {
      body.set(at.remainder, i64.sub(remainder, divisor));
      body.set(at.quotient, i64.or(quotient, i64.const(1)));
    });
    body.set(steps, i32.sub(body.get(steps), i32.const(1)));
    body.brIf(again, body.get(steps));
  });
}

const divideSigned: Meaning = (e) => {
  const divisor = e.let(e.readSigned(0));
  raiseDivide(e, i64.eqz(divisor));
  if (e.size === 64) return divideSigned128(e, divisor);
  const dividend = e.let(
    e.size === 8
      ? i64.extend16(narrowDividend(e))
      : e.size === 16
        ? i64.extend32(narrowDividend(e))
        : narrowDividend(e),
  );
  const smallest = i64.eq(dividend, i64.const(-(2n ** 63n)));
  raiseDivide(e, i32.and(smallest, i64.eq(divisor, i64.const(-1))));
  const quotient = e.let(i64.divS(dividend, divisor));
  raiseDivide(e, i64.ne(e.signed(quotient), quotient));
  setQuotient(e, quotient, e.let(i64.remS(dividend, divisor)));
};

/** By magnitudes: the remainder has the sign of the dividend. */
function divideSigned128(e: Emitter, divisor: Expr): void {
  const [low, high] = [e.gpr(RAX), e.gpr(RDX)];
  const negative = e.let(i64.shrS(high, i64.const(63)));
  const opposite = e.let(i64.shrS(i64.xor(high, divisor), i64.const(63)));
  const flip = (value: Expr, mask: Expr) => i64.sub(i64.xor(value, mask), mask);
  const lowMagnitude = e.let(flip(low, negative));
  const borrow = i64.and(negative, i64.extendU(i64.eqz(low)));
  const highMagnitude = e.let(i64.add(i64.xor(high, negative), borrow));
  const divisorMagnitude = e.let(flip(divisor, i64.shrS(divisor, i64.const(63))));
  raiseDivide(e, i64.geU(highMagnitude, divisorMagnitude));
  const { quotient, remainder } = unsigned128(e, highMagnitude, lowMagnitude, divisorMagnitude);
  const limit = i64.sub(i64.const(2n ** 63n - 1n), opposite);
  raiseDivide(e, i64.gtU(quotient, limit));
  setQuotient(e, flip(quotient, opposite), flip(remainder, negative));
}

const MULTIPLIES = { flags: 'oc', undefined: 'szap' } as const;
const DIVIDES = { flags: '', undefined: 'oszapc' } as const;

export const multiplyRows: readonly Row[] = [
  { ...MULTIPLIES, name: 'MUL_Eb', encoding: 'f6 /4', does: multiply(false) },
  { ...MULTIPLIES, name: 'MUL_Ev', encoding: 'f7 /4', does: multiply(false), hot: '64r' },
  { ...MULTIPLIES, name: 'IMUL_Eb', encoding: 'f6 /5', does: multiply(true) },
  { ...MULTIPLIES, name: 'IMUL_Ev', encoding: 'f7 /5', does: multiply(true) },
  { ...MULTIPLIES, name: 'IMUL_Gv_Ev', encoding: '0f af /r', does: product(0, 1), hot: '32 64' },
  { ...MULTIPLIES, name: 'IMUL_Gv_Ev_Iz', encoding: '69 /r', does: product(1, 2), hot: '32r 64r' },
  { ...MULTIPLIES, name: 'IMUL_Gv_Ev_Ib', encoding: '6b /r', does: product(1, 2), hot: '32r 64r' },
  { ...DIVIDES, name: 'DIV_Eb', encoding: 'f6 /6', does: divide },
  { ...DIVIDES, name: 'DIV_Ev', encoding: 'f7 /6', does: divide, hot: '32r 64r' },
  { ...DIVIDES, name: 'IDIV_Eb', encoding: 'f6 /7', does: divideSigned },
  { ...DIVIDES, name: 'IDIV_Ev', encoding: 'f7 /7', does: divideSigned, hot: '32r' },
];
