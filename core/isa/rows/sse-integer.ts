import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i16x8, i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import type { Meaning, Row } from '../row.js';
import type { Binary, RowTuple } from './sse-support.js';
import { lanes, register, setRegister, source, sse } from './sse-support.js';

const ALIGNED = { aligned: true };
const HOT = { aligned: true, hot: 'r' };

const UPPER_HALVES = Array.from({ length: 8 }, (_, lane) => [lane * 4 + 2, lane * 4 + 3]).flat();

/** The upper 16 bits of the 32-bit products of 8 words. */
const multiplyHigh =
  (low: Binary, high: Binary): Binary =>
  (a, b) =>
    i8x16.shuffle(low(a, b), high(a, b), UPPER_HALVES);

const LOW_DWORDS = v128.const64(0xffff_ffffn);
const multiplyUnsigned: Binary = (a, b) => i64x2.mul(v128.and(a, LOW_DWORDS), v128.and(b, LOW_DWORDS));

/** Sums of absolute differences of 8 bytes, in the low word of each half. */
const sumOfDifferences: Binary = (a, b) => {
  const difference = i8x16.sub(i8x16.maxU(a, b), i8x16.minU(a, b));
  const fours = i32x4.pairwiseAddU(i16x8.pairwiseAddU(difference));
  return i64x2.add(v128.and(fours, LOW_DWORDS), i64x2.shrU(fours, i32.const(32)));
};

const interleave = (laneBytes: number, high: boolean): Binary => {
  const count = 8 / laneBytes;
  const start = high ? 8 : 0;
  const lane = (at: number) => Array.from({ length: laneBytes }, (_, i) => at + i);
  const picked = Array.from({ length: count }, (_, i) => start + i * laneBytes);
  const bytes = picked.flatMap((at) => [...lane(at), ...lane(at + 16)]);
  return (a, b) => i8x16.shuffle(a, b, bytes);
};

export const plain: readonly (readonly [string, string, Binary, boolean?])[] = [
  ['PADDB', 'fc', i8x16.add],
  ['PADDW', 'fd', i16x8.add],
  ['PADDD', 'fe', i32x4.add],
  ['PADDQ', 'd4', i64x2.add],
  ['PSUBB', 'f8', i8x16.sub],
  ['PSUBW', 'f9', i16x8.sub],
  ['PSUBD', 'fa', i32x4.sub],
  ['PSUBQ', 'fb', i64x2.sub],
  ['PADDSB', 'ec', i8x16.addSatS],
  ['PADDSW', 'ed', i16x8.addSatS],
  ['PADDUSB', 'dc', i8x16.addSatU],
  ['PADDUSW', 'dd', i16x8.addSatU],
  ['PSUBSB', 'e8', i8x16.subSatS],
  ['PSUBSW', 'e9', i16x8.subSatS],
  ['PSUBUSB', 'd8', i8x16.subSatU],
  ['PSUBUSW', 'd9', i16x8.subSatU],
  ['PAND', 'db', v128.and, true],
  ['PANDN', 'df', (a, b) => v128.andNot(b, a)],
  ['POR', 'eb', v128.or, true],
  ['PXOR', 'ef', v128.xor, true],
  ['PCMPEQB', '74', i8x16.eq, true],
  ['PCMPEQW', '75', i16x8.eq],
  ['PCMPEQD', '76', i32x4.eq],
  ['PCMPGTB', '64', i8x16.gtS],
  ['PCMPGTW', '65', i16x8.gtS],
  ['PCMPGTD', '66', i32x4.gtS],
  ['PMINUB', 'da', i8x16.minU],
  ['PMAXUB', 'de', i8x16.maxU],
  ['PMINSW', 'ea', i16x8.minS],
  ['PMAXSW', 'ee', i16x8.maxS],
  ['PAVGB', 'e0', i8x16.averageU],
  ['PAVGW', 'e3', i16x8.averageU],
  ['PMULLW', 'd5', i16x8.mul],
  ['PMULHW', 'e5', multiplyHigh(i32x4.multiplyLowS, i32x4.multiplyHighS)],
  ['PMULHUW', 'e4', multiplyHigh(i32x4.multiplyLowU, i32x4.multiplyHighU)],
  ['PMULUDQ', 'f4', multiplyUnsigned],
  ['PMADDWD', 'f5', i32x4.dotS],
  ['PSADBW', 'f6', sumOfDifferences],
  ['PACKSSWB', '63', i8x16.narrowS],
  ['PACKUSWB', '67', i8x16.narrowU],
  ['PACKSSDW', '6b', i16x8.narrowS],
  ['PUNPCKLBW', '60', interleave(1, false)],
  ['PUNPCKLWD', '61', interleave(2, false)],
  ['PUNPCKLDQ', '62', interleave(4, false)],
  ['PUNPCKLQDQ', '6c', interleave(8, false)],
  ['PUNPCKHBW', '68', interleave(1, true)],
  ['PUNPCKHWD', '69', interleave(2, true)],
  ['PUNPCKHDQ', '6a', interleave(4, true)],
  ['PUNPCKHQDQ', '6d', interleave(8, true)],
];

const logic: readonly (readonly [string, string, Binary, boolean?])[] = [
  ['AND', '54', v128.and],
  ['ANDN', '55', (a, b) => v128.andNot(b, a)],
  ['OR', '56', v128.or],
  ['XOR', '57', v128.xor, true],
];

const unpacks: readonly RowTuple[] = [
  ['UNPCKLPS_Vps_Wps', 'np 0f 14 /r', lanes(interleave(4, false)), ALIGNED],
  ['UNPCKHPS_Vps_Wps', 'np 0f 15 /r', lanes(interleave(4, true)), ALIGNED],
  ['UNPCKLPD_Vpd_Wpd', '66 0f 14 /r', lanes(interleave(8, false)), ALIGNED],
  ['UNPCKHPD_Vpd_Wpd', '66 0f 15 /r', lanes(interleave(8, true)), ALIGNED],
];

type Shift = (a: Expr, count: Expr) => Expr;
export interface ShiftOperation {
  readonly name: string;
  /** Opcode of the form with a count in a register, and /digit of the one with an immediate. */
  readonly opcode: string;
  readonly immediate: string;
  readonly width: number;
  readonly shift: Shift;
  readonly arithmetic?: boolean;
}

/** Counts beyond the lane give zeroes, or copies of the sign. */
export function shifted({ shift, width, arithmetic }: ShiftOperation, value: Expr, count: Expr): Expr {
  const tooFar = i64.gtU(count, i64.const(width - 1));
  if (arithmetic) return shift(value, i32.wrap(select(tooFar, i64.const(width - 1), count)));
  return select(tooFar, v128.const64(0n), shift(value, i32.wrap(count)));
}

const shiftByRegister =
  (operation: ShiftOperation): Meaning =>
  (e) => {
    const count = e.let(i64x2.extract(source(e, 1), 0));
    setRegister(e, 0, shifted(operation, register(e, 0), count));
  };
const shiftByImmediate =
  (operation: ShiftOperation): Meaning =>
  (e) =>
    setRegister(e, 0, shifted(operation, register(e, 0), e.let(e.immediate(8))));

export const shifts: readonly ShiftOperation[] = [
  { name: 'PSRLW', opcode: 'd1', immediate: '71 /2', width: 16, shift: i16x8.shrU },
  { name: 'PSRLD', opcode: 'd2', immediate: '72 /2', width: 32, shift: i32x4.shrU },
  { name: 'PSRLQ', opcode: 'd3', immediate: '73 /2', width: 64, shift: i64x2.shrU },
  { name: 'PSRAW', opcode: 'e1', immediate: '71 /4', width: 16, shift: i16x8.shrS, arithmetic: true },
  { name: 'PSRAD', opcode: 'e2', immediate: '72 /4', width: 32, shift: i32x4.shrS, arithmetic: true },
  { name: 'PSLLW', opcode: 'f1', immediate: '71 /6', width: 16, shift: i16x8.shl },
  { name: 'PSLLD', opcode: 'f2', immediate: '72 /6', width: 32, shift: i32x4.shl },
  { name: 'PSLLQ', opcode: 'f3', immediate: '73 /6', width: 64, shift: i64x2.shl },
];

const shiftRows = (operation: ShiftOperation): RowTuple[] => [
  [`${operation.name}_Vx_Wx`, `66 0f ${operation.opcode} /r`, shiftByRegister(operation), ALIGNED],
  [`${operation.name}_Ux_Ib`, `66 0f ${operation.immediate}`, shiftByImmediate(operation)],
];

const lanesRow = ([name, opcode, compute, hot]: (typeof plain)[number]): RowTuple => [
  `${name}_Vx_Wx`,
  `66 0f ${opcode} /r`,
  lanes(compute),
  hot ? HOT : ALIGNED,
];
const logicRows = ([name, opcode, compute, hot]: (typeof logic)[number]): RowTuple[] => [
  [`${name}PS_Vps_Wps`, `np 0f ${opcode} /r`, lanes(compute), hot ? HOT : ALIGNED],
  [`${name}PD_Vpd_Wpd`, `66 0f ${opcode} /r`, lanes(compute), hot ? HOT : ALIGNED],
];

export const sseIntegerRows: readonly Row[] = sse([
  ...plain.map(lanesRow),
  ...logic.flatMap(logicRows),
  ...unpacks,
  ...shifts.flatMap(shiftRows),
]);
