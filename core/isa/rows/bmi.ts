import type { Emitter, GprSize } from '../../cpu/emitter/emitter.js';
import { toState64 } from '../../cpu/emitter/emitter.js';
import {
  addCarries,
  cf,
  logicFlags,
  not,
  overflowFlag,
  setCarry,
  setCarryAndOverflow,
  setOverflow,
} from '../../cpu/emitter/flags.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { swapBytes } from './data.js';
import { highUnsigned } from './multiply.js';

const RDX = 2;
const zero = i64.const(0);
const one = i64.const(1);
const never = i32.const(0);
const byte = (value: Expr, at = 0) => i64.and(i64.shrU(value, i64.const(at)), i64.const(0xff));
const sizeOf = (e: Emitter) => e.size as GprSize;

/** CF = the source is zero, ZF = the count is. */
const counts =
  (count: (e: Emitter, source: Expr) => Expr): Meaning =>
  (e) => {
    const source = e.read(1);
    const result = e.let(count(e, source));
    e.write(0, result);
    setCarry(e, i64.eqz(source));
    e.body.do(toState64(State.zeroResult, result));
  };

/** A bit above the operand ends the count where the operand has none. */
const trailing = (e: Emitter, source: Expr) =>
  i64.ctz(e.size === 64 ? source : i64.or(source, i64.const(1n << BigInt(e.size))));
const leading = (e: Emitter, source: Expr) => i64.sub(i64.clz(source), i64.const(64 - e.size));

const COUNT = { flags: 'zc', undefined: 'osap' };
const counting: Row[] = [
  {
    ...COUNT,
    name: 'TZCNT_Gv_Ev',
    encoding: 'f3 0f bc /r',
    does: counts(trailing),
    cpuid: 'BMI1',
    hot: '32r 64r',
  },
  { ...COUNT, name: 'LZCNT_Gv_Ev', encoding: 'f3 0f bd /r', does: counts(leading), cpuid: 'LZCNT' },
];

const moveSwapped: Meaning = (e) => e.write(0, e.let(swapBytes(e, e.read(1))));
const swapping: Row[] = [
  { name: 'MOVBE_Gv_Mv', encoding: 'nfx 0f 38 f0 /r', does: moveSwapped, cpuid: 'MOVBE' },
  { name: 'MOVBE_Mv_Gv', encoding: 'nfx 0f 38 f1 /r', does: moveSwapped, cpuid: 'MOVBE' },
];

/** Adds with one flag as carry in and out, and leaves the others. */
const addsWith =
  (carryIn: (e: Emitter) => Expr, setCarryOut: (e: Emitter, carry: Expr) => void): Meaning =>
  (e) => {
    const b = e.read(1);
    const a = e.read(0);
    const sum = e.let(e.trim(i64.add(i64.add(a, b), carryIn(e))));
    e.write(0, sum);
    const top = i64.shrU(addCarries(a, b, sum), i64.const(e.size - 1));
    setCarryOut(e, e.let(i32.and(i32.wrap(top), i32.const(1))));
  };

const adding: Row[] = [
  { name: 'ADCX_Gy_Ey', encoding: '66 0f 38 f6 /r', does: addsWith(cf, setCarry), flags: 'c', cpuid: 'ADX' },
  {
    name: 'ADOX_Gy_Ey',
    encoding: 'f3 0f 38 f6 /r',
    does: addsWith((e) => i64.extendU(overflowFlag(e)), setOverflow),
    flags: 'o',
    cpuid: 'ADX',
  },
];

/** SF and ZF from the result, OF = 0, CF as given. */
function finish(e: Emitter, result: Expr, carry: Expr = never): void {
  const kept = e.let(carry);
  e.write(0, result);
  logicFlags(e, result);
  setCarryAndOverflow(e, kept, never);
}

const LOGIC = { flags: 'oszc', undefined: 'ap' };
const vex = (map: string, prefix: string, rest: string) => `vex.lz.${prefix}.${map} ${rest}`;

/** One bit operations on the lowest set bit. CF = the source is zero, or is not. */
const lowest =
  (compute: (source: Expr) => Expr, carryIfZero: boolean): Meaning =>
  (e) => {
    const source = e.read(1);
    const carry = carryIfZero ? i64.eqz(source) : i64.ne(source, zero);
    finish(e, e.let(e.trim(compute(source))), carry);
  };

const andNot: Meaning = (e) => {
  const b = e.read(2);
  finish(e, e.let(e.trim(i64.and(not(e.read(1)), b))));
};

/** The low `count` bits; all when there are no more. */
const lowBits = (value: Expr, count: Expr) =>
  select(i64.gtU(count, i64.const(63)), value, i64.and(value, i64.sub(i64.shl(one, count), one)));

const extractField: Meaning = (e) => {
  const source = e.read(1);
  const control = e.read(2);
  const start = e.let(byte(control));
  const shifted = e.let(select(i64.geU(start, i64.const(64)), zero, i64.shrU(source, start)));
  finish(e, e.let(lowBits(shifted, e.let(byte(control, 8)))));
};

const zeroHighBits: Meaning = (e) => {
  const source = e.read(1);
  const count = e.let(byte(e.read(2)));
  finish(e, e.let(lowBits(source, count)), i64.geU(count, i64.const(e.size)));
};

const bmi1: Row[] = [
  { ...LOGIC, name: 'ANDN_Gy_By_Ey', encoding: vex('0f38', 'np', 'f2 /r'), does: andNot },
  {
    ...LOGIC,
    name: 'BLSR_By_Ey',
    encoding: vex('0f38', 'np', 'f3 /1'),
    does: lowest((source) => i64.and(i64.sub(source, one), source), true),
  },
  {
    ...LOGIC,
    name: 'BLSMSK_By_Ey',
    encoding: vex('0f38', 'np', 'f3 /2'),
    does: lowest((source) => i64.xor(i64.sub(source, one), source), true),
  },
  {
    ...LOGIC,
    name: 'BLSI_By_Ey',
    encoding: vex('0f38', 'np', 'f3 /3'),
    does: lowest((source) => i64.and(i64.sub(zero, source), source), false),
  },
  {
    name: 'BEXTR_Gy_Ey_By',
    encoding: vex('0f38', 'np', 'f7 /r'),
    does: extractField,
    flags: 'ozc',
    undefined: 'sap',
  },
].map((row) => ({ ...row, cpuid: 'BMI1' }));

/** The upper half wins where both destinations are one register. */
const multiply: Meaning = (e) => {
  const b = e.read(2);
  const a = e.gpr(RDX, sizeOf(e));
  const low = e.let(i64.mul(a, b));
  const high = e.let(e.size === 64 ? highUnsigned(e, a, b) : i64.shrU(low, i64.const(32)));
  e.write(1, e.trim(low));
  e.write(0, high);
};

/** For each set bit of the mask, lowest first: (bit of the mask, bit of the same rank). */
function eachBit(e: Emitter, mask: Expr, visit: (found: Expr, rank: Expr) => void): void {
  const { body } = e;
  const [left, rank] = [body.temporary('i64'), body.temporary('i64')];
  body.set(left, mask);
  body.set(rank, one);
  body.block((out) => {
    body.loop((again) => {
      body.brIf(out, i64.eqz(body.get(left)));
      const found = e.let(i64.and(i64.sub(zero, body.get(left)), body.get(left)));
      visit(found, body.get(rank));
      body.set(rank, i64.shl(body.get(rank), one));
      body.set(left, i64.xor(body.get(left), found));
      body.br(again);
    });
  });
}

/** Bits move between where the mask has them and the low end. */
const movesBits =
  (deposit: boolean): Meaning =>
  (e) => {
    const mask = e.read(2);
    const source = e.read(1);
    const result = e.body.temporary('i64');
    e.body.set(result, zero);
    eachBit(e, mask, (found, rank) => {
      const [from, to] = deposit ? [rank, found] : [found, rank];
      const isSet = i64.ne(i64.and(source, from), zero);
      e.body.set(result, i64.or(e.body.get(result), select(isSet, to, zero)));
    });
    e.write(0, e.body.get(result));
  };

type Shift = (e: Emitter, value: Expr, count: Expr) => Expr;
const shifts =
  (compute: Shift): Meaning =>
  (e) => {
    const value = e.read(1);
    const count = i64.and(e.read(2), i64.const(e.size - 1));
    e.write(0, e.let(e.trim(compute(e, value, count))));
  };

const rotate: Meaning = (e) => {
  const value = e.read(1);
  const count = e.let(i64.and(e.immediate(8), i64.const(e.size - 1)));
  const narrow = () => i64.extendU(i32.rotr(i32.wrap(value), i32.wrap(count)));
  e.write(0, e.let(e.size === 64 ? i64.rotr(value, count) : narrow()));
};

const bmi2: Row[] = [
  { ...LOGIC, name: 'BZHI_Gy_Ey_By', encoding: vex('0f38', 'np', 'f5 /r'), does: zeroHighBits },
  { name: 'MULX_Gy_By_Ey', encoding: vex('0f38', 'f2', 'f6 /r'), does: multiply },
  { name: 'PDEP_Gy_By_Ey', encoding: vex('0f38', 'f2', 'f5 /r'), does: movesBits(true) },
  { name: 'PEXT_Gy_By_Ey', encoding: vex('0f38', 'f3', 'f5 /r'), does: movesBits(false) },
  { name: 'RORX_Gy_Ey_Ib', encoding: vex('0f3a', 'f2', 'f0 /r'), does: rotate },
  {
    name: 'SARX_Gy_Ey_By',
    encoding: vex('0f38', 'f3', 'f7 /r'),
    does: shifts((e, value, count) => i64.shrS(e.signed(value), count)),
  },
  { name: 'SHLX_Gy_Ey_By', encoding: vex('0f38', '66', 'f7 /r'), does: shifts((_, a, b) => i64.shl(a, b)) },
  { name: 'SHRX_Gy_Ey_By', encoding: vex('0f38', 'f2', 'f7 /r'), does: shifts((_, a, b) => i64.shrU(a, b)) },
].map((row) => ({ ...row, cpuid: 'BMI2' }));

/** Bit manipulation, byte order, and additions with a carry of their own. */
export const bmiRows: readonly Row[] = [...counting, ...swapping, ...adding, ...bmi1, ...bmi2];
