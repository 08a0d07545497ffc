import type { Emitter } from '../../cpu/emitter/emitter.js';
import { toState32, zero } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { f64x2, i32x4, i64x2, i8x16 } from '../../cpu/wasm/simd-expr.js';
import { LANES_A } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { laneByLane, packedIntegerLanes } from './sse-convert.js';
import type { ShiftOperation } from './sse-integer.js';
import { plain, shifted, shifts } from './sse-integer.js';
import { implicitAddress } from './sse-move.js';
import { asVector, setRegister } from './sse-support.js';
import type { Binary } from './sse-support.js';
import type { X87Tuple } from './x87-support.js';
import { notWaiting, reportPending, waiting } from './x87-support.js';

const ALL_FULL = 0xff;
const EXPONENT_ONES = 0xffff;

/** Every MMX instruction makes the x87 stack full and puts its top at 0, some even when they then fault. */
function enterMmx(e: Emitter): void {
  e.body.do(toState32(State.top, zero));
  e.body.do(toState32(State.ftw, i32.const(ALL_FULL)));
}

function leaveMmx(e: Emitter): void {
  e.body.do(toState32(State.top, zero));
  e.body.do(toState32(State.ftw, zero));
}

/** Writes an MMX register, or memory; registers get an exponent of all ones. */
export function writeMmx(e: Emitter, i: number, value: Expr): void {
  const kept = e.let(value);
  e.write(i, kept);
  enterMmx(e);
  if (!e.isMemory(i)) e.body.do(i32.store16(e.registerAddress(i), i32.const(EXPONENT_ONES), 8));
}

const copy: Meaning = (e) => writeMmx(e, 0, e.read(1));
const read: Meaning = (e) => {
  e.body.do(toState32(State.top, zero));
  e.write(0, e.read(1));
  enterMmx(e);
};
const store: Meaning = (e) => {
  e.body.do(toState32(State.top, zero));
  copy(e);
};

const low = (value: Expr) => i64x2.extract(value, 0);
const vectorOf = (bits: Expr) => asVector(bits);

/** destination = destination op source, through the low half of a vector. */
const lanes =
  (compute: Binary, half: 0 | 1 = 0): Meaning =>
  (e) => {
    const b = e.read(1);
    const [x, y] = [e.let(vectorOf(e.read(0))), e.let(vectorOf(b))];
    writeMmx(e, 0, i64x2.extract(compute(x, y), half));
  };

/** Both operands side by side, narrowed into one. */
const packs =
  (narrow: Binary): Meaning =>
  (e) => {
    const b = e.read(1);
    const both = e.let(i64x2.replace(vectorOf(e.read(0)), 1, b));
    writeMmx(e, 0, low(narrow(both, both)));
  };

/** Unpacking the high halves is unpacking the low halves of vectors, upper part. */
function meaningOf(name: string, compute: Binary): Meaning {
  if (name.startsWith('PACK')) return packs(compute);
  if (!name.startsWith('PUNPCKH')) return lanes(compute);
  return lanes(plain.find(([other]) => other === name.replace('KH', 'KL'))![2], 1);
}

/** Interleaving the low halves reads half of a memory operand. */
const operandOf = (name: string) => (name.startsWith('PUNPCKL') ? 'Qd' : 'Qq');

const integer = plain
  .filter(([name]) => !name.endsWith('QDQ'))
  .map(([name, opcode, compute]): X87Tuple => [
    `${name}_Pq_${operandOf(name)}`,
    `np 0f ${opcode} /r`,
    meaningOf(name, compute),
    { sizes: 64 },
  ]);

const shiftRows = (operation: ShiftOperation): X87Tuple[] => {
  const by =
    (count: (e: Emitter) => Expr): Meaning =>
    (e) => {
      const distance = e.let(count(e));
      writeMmx(e, 0, low(shifted(operation, e.let(vectorOf(e.read(0))), distance)));
    };
  return [
    [`${operation.name}_Pq_Qq`, `np 0f ${operation.opcode} /r`, by((e) => e.read(1))],
    [`${operation.name}_Nq_Ib`, `np 0f ${operation.immediate}`, by((e) => e.immediate(8))],
  ];
};

const immediate = (e: Emitter) => e.let(i32.wrap(e.immediate(8)));
const wordOffset = (e: Emitter) => i32.shl(i32.and(immediate(e), i32.const(3)), i32.const(1));

const insertWord: Meaning = (e) => {
  const word = e.let(i32.wrap(e.read(1)));
  enterMmx(e);
  const at = e.let(e.registerAddress(0));
  e.body.do(i32.store16(i32.add(at, wordOffset(e)), word));
  e.body.do(i32.store16(at, i32.const(EXPONENT_ONES), 8));
};

const extractWord: Meaning = (e) => {
  e.write(0, e.let(i64.load16u(i32.add(e.registerAddress(1), wordOffset(e)))));
  enterMmx(e);
};

const shuffleWords: Meaning = (e) => {
  const value = e.read(1);
  const control = immediate(e);
  e.body.do(i64.store(zero, value, LANES_A));
  const word = (i: number) => {
    const choice = i32.shl(i32.and(i32.shrU(control, i32.const(i * 2)), i32.const(3)), i32.const(1));
    return i64.shl(i64.load16u(choice, LANES_A), i64.const(i * 16));
  };
  writeMmx(e, 0, [0, 1, 2, 3].map(word).reduce(i64.or));
};

const maskedStore: Meaning = (e) => {
  enterMmx(e);
  const [bytes, selected] = [e.read(0), e.read(1)];
  const mask = e.let(low(i8x16.shrS(vectorOf(selected), i32.const(7))));
  const host = e.translate(implicitAddress(e), 8, 'modify');
  const kept = i64.and(i64.load(host), i64.xor(mask, i64.const(-1)));
  e.body.do(i64.store(host, i64.or(kept, i64.and(bytes, mask))));
  e.commit(host);
};

const toVector: Meaning = (e) => {
  setRegister(e, 0, vectorOf(e.read(1)));
  enterMmx(e);
};

/** The source of a conversion to vector registers: only an MMX register has to do with the x87 state. */
function readForVector(e: Emitter): Expr {
  if (e.isMemory(1)) return e.read(1);
  reportPending(e);
  enterMmx(e);
  return e.read(1);
}

/** Integers of an MMX register (or memory) to floats in a vector register. */
const singlesFromIntegers: Meaning = (e) => {
  const value = e.let(vectorOf(readForVector(e)));
  const lanesOfTwo = [0, 1].map((i) => i64.extendS(i32x4.extract(value, i)));
  const results = laneByLane(e, lanesOfTwo, (lane) => e.helper('fromInteger.single', lane));
  const [x, y] = results as [Expr, Expr];
  e.body.do(i64.store(e.registerAddress(0), i64.or(x, i64.shl(y, i64.const(32)))));
};

const doublesFromIntegers: Meaning = (e) =>
  setRegister(e, 0, f64x2.convertLowI32S(vectorOf(readForVector(e))));

const toIntegers =
  (format: 'single' | 'double', truncate: boolean): Meaning =>
  (e) => {
    const value = format === 'double' ? e.readVector(1) : e.let(vectorOf(e.read(1)));
    enterMmx(e);
    writeMmx(e, 0, low(packedIntegerLanes(e, { format, truncate, lanes: 2 }, value)));
  };

const moves: readonly X87Tuple[] = [
  ['MOVD_Py_Ey', 'np 0f 6e /r', (e) => copyWide(e)],
  ['MOVD_Ey_Py', 'np 0f 7e /r', read],
  ['MOVQ_Pq_Qq', 'np 0f 6f /r', copy],
  ['MOVQ_Qq_Pq', 'np 0f 7f /r', store],
  ['MOVNTQ_Mq_Pq', 'np 0f e7 /r', read],
  ['MOVDQ2Q_Pq_Uq', 'f2 0f d6 /r', copy],
  ['MOVQ2DQ_Vq_Nq', 'f3 0f d6 /r', toVector],
  [
    'PMOVMSKB_Gd_Nq',
    'np 0f d7 /r',
    (e) => {
      e.write(0, i64.extendU(i8x16.bitmask(vectorOf(e.read(1)))));
      enterMmx(e);
    },
  ],
  ['MASKMOVQ_Pq_Nq', 'np 0f f7 /r', maskedStore],
  ['PINSRW_Pq_Ew_Ib', 'np 0f c4 /r', insertWord],
  ['PEXTRW_Gd_Nq_Ib', 'np 0f c5 /r', extractWord],
  ['PSHUFW_Pq_Qq_Ib', 'np 0f 70 /r', shuffleWords],
  ['EMMS', 'np 0f 77', leaveMmx],
];

/** 32 bits are zero-extended. */
function copyWide(e: Emitter): void {
  const value = e.read(1);
  enterMmx(e);
  const at = e.let(e.registerAddress(0));
  e.body.do(i64.store(at, value));
  e.body.do(i32.store16(at, i32.const(EXPONENT_ONES), 8));
}

const conversions: readonly X87Tuple[] = [
  ['CVTTPS2PI_Pq_Wq', 'np 0f 2c /r', toIntegers('single', true)],
  ['CVTPS2PI_Pq_Wq', 'np 0f 2d /r', toIntegers('single', false)],
  ['CVTTPD2PI_Pq_Wpd', '66 0f 2c /r', toIntegers('double', true), { aligned: true }],
  ['CVTPD2PI_Pq_Wpd', '66 0f 2d /r', toIntegers('double', false), { aligned: true }],
];

/** MMX, and what SSE and SSE2 added on its registers. */
export const mmxRows: readonly Row[] = [
  ...waiting([...integer, ...shifts.flatMap(shiftRows), ...moves, ...conversions]),
  ...notWaiting([
    ['CVTPI2PS_Vps_Qq', 'np 0f 2a /r', singlesFromIntegers, { sizes: 64 }],
    ['CVTPI2PD_Vpd_Qq', '66 0f 2a /r', doublesFromIntegers, { sizes: 64 }],
  ]),
];
