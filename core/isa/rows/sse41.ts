import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32, toState64, zero } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { bitselect, i16x8, i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import { LANES_A, LANES_B, WIDE } from '../../cpu/x87/scratch.js';
import type { FormatName } from '../../cpu/x87/vector.js';
import type { Meaning, Row } from '../row.js';
import type { Binary, LaneShape, RowTuple } from './sse-support.js';
import {
  laneCount,
  lanes,
  onLanes,
  partOfImmediate,
  PD,
  PS,
  raiseVector,
  register,
  SD,
  setRegister,
  source,
  SS,
  sse,
} from './sse-support.js';

const ALIGNED = { aligned: true };

const THIRTY_TWO = i32.const(32);
const lowDwordSigned = (value: Expr) => i64x2.shrS(i64x2.shl(value, THIRTY_TWO), THIRTY_TWO);

const integer: readonly (readonly [string, string, Binary])[] = [
  ['PMULDQ', '28', (a, b) => i64x2.mul(lowDwordSigned(a), lowDwordSigned(b))],
  ['PCMPEQQ', '29', i64x2.eq],
  ['PACKUSDW', '2b', i16x8.narrowU],
  ['PMINSB', '38', i8x16.minS],
  ['PMINSD', '39', i32x4.minS],
  ['PMINUW', '3a', i16x8.minU],
  ['PMINUD', '3b', i32x4.minU],
  ['PMAXSB', '3c', i8x16.maxS],
  ['PMAXSD', '3d', i32x4.maxS],
  ['PMAXUW', '3e', i16x8.maxU],
  ['PMAXUD', '3f', i32x4.maxU],
  ['PMULLD', '40', i32x4.mul],
];

type Unary = (value: Expr) => Expr;
const chain =
  (...steps: readonly Unary[]): Unary =>
  (value) =>
    steps.reduce((sum, step) => step(sum), value);

/** [name, low opcode digit, memory operand, sign-extending, zero-extending] */
const extensions: readonly (readonly [string, string, string, Unary, Unary])[] = [
  ['BW', '0', 'Wq', i16x8.extendLowS, i16x8.extendLowU],
  ['BD', '1', 'Wd', chain(i16x8.extendLowS, i32x4.extendLowS), chain(i16x8.extendLowU, i32x4.extendLowU)],
  [
    'BQ',
    '2',
    'Ww',
    chain(i16x8.extendLowS, i32x4.extendLowS, i64x2.extendLowS),
    chain(i16x8.extendLowU, i32x4.extendLowU, i64x2.extendLowU),
  ],
  ['WD', '3', 'Wq', i32x4.extendLowS, i32x4.extendLowU],
  ['WQ', '4', 'Wd', chain(i32x4.extendLowS, i64x2.extendLowS), chain(i32x4.extendLowU, i64x2.extendLowU)],
  ['DQ', '5', 'Wq', i64x2.extendLowS, i64x2.extendLowU],
];

const SIZE_OF: Record<string, 16 | 32 | 64> = { Ww: 16, Wd: 32, Wq: 64 };

const extensionRows = extensions.flatMap(([name, digit, operand, signed, unsigned]): RowTuple[] => {
  const rest = { sizes: SIZE_OF[operand]! };
  const extend =
    (step: Unary): Meaning =>
    (e) =>
      setRegister(e, 0, step(source(e, 1)));
  return [
    [`PMOVSX${name}_Vx_${operand}`, `66 0f 38 2${digit} /r`, extend(signed), rest],
    [`PMOVZX${name}_Vx_${operand}`, `66 0f 38 3${digit} /r`, extend(unsigned), rest],
  ];
});

const blendBy =
  (mask: (selector: Expr) => Expr): Meaning =>
  (e) => {
    const b = source(e, 1);
    const selector = e.form.row.nondestructive ? register(e, 2) : e.let(v128.load(zero, State.vector));
    setRegister(e, 0, bitselect(b, register(e, 0), mask(selector)));
  };

const vectorOf16 = (values: readonly number[]) =>
  v128.const(values.flatMap((value) => [value & 255, value >> 8]));
const WORD_BITS = vectorOf16([1, 2, 4, 8, 16, 32, 64, 128]);
const DWORD_BITS = vectorOf16([1, 0, 2, 0, 4, 0, 8, 0]);
const QWORD_BITS = vectorOf16([1, 0, 0, 0, 2, 0, 0, 0]);

/** One bit of the immediate for each lane. */
const blendByImmediate =
  (mask: (immediate: Expr) => Expr, bitsPerPart: number): Meaning =>
  (e) => {
    const b = source(e, 1);
    const selector = partOfImmediate(e, bitsPerPart);
    setRegister(e, 0, bitselect(b, register(e, 0), mask(selector)));
  };
const byBits =
  (lanesOf: typeof i16x8 | typeof i32x4, bits: Expr): ((immediate: Expr) => Expr) =>
  (immediate) =>
    lanesOf.eq(v128.and(lanesOf.splat(immediate), bits), bits);
const byQwordBits = (immediate: Expr) =>
  i64x2.eq(v128.and(i64x2.splat(i64.extendU(immediate)), QWORD_BITS), QWORD_BITS);

/** ZF: no common bits; CF: no bits of the source outside the destination. */
const test: Meaning = (e) => testBits(e, (value) => value);

/** The same, of the bits that `chosen` leaves. */
export function testBits(e: Emitter, chosen: (value: Expr) => Expr): void {
  const b = e.readParts(1);
  const a = e.readParts(0);
  const noneIn = (parts: readonly Expr[]) => e.let(i32.eqz(v128.anyTrue(chosen(parts.reduce(v128.or)))));
  const none = noneIn(a.map((part, i) => v128.and(part, b[i]!)));
  const inside = noneIn(a.map((part, i) => v128.andNot(b[i]!, part)));
  e.body.do(toState64(State.zeroResult, i64.extendU(i32.eqz(none))));
  e.body.do(toState64(State.signResult, i64.const(1)));
  const carry = i64.extendU(i32.mul(inside, i32.const(3)));
  e.body.do(toState64(State.carries, i64.shl(carry, i64.const(62))));
}

/** Smallest word, and its place. */
const minimumWord: Meaning = (e) => {
  const value = source(e, 1);
  const best = e.body.temporary('i32');
  e.body.set(best, i32.const(-1));
  for (let i = 0; i < 8; i++) {
    const candidate = e.let(i32.or(i32.shl(i16x8.extractU(value, i), i32.const(3)), i32.const(i)));
    e.body.set(best, select(i32.ltU(candidate, e.body.get(best)), candidate, e.body.get(best)));
  }
  const place = i32.shl(i32.and(e.body.get(best), i32.const(7)), i32.const(16));
  const word = i32.shrU(e.body.get(best), i32.const(3));
  setRegister(e, 0, i32x4.replace(v128.const64(0n), 0, i32.or(word, place)));
};

const FROM_MXCSR = 4;
const SILENT = 8;

/** Rounding of immediate bits 1..0, or that of MXCSR; bit 3 keeps inexact silent. */
const round =
  (shape: LaneShape): Meaning =>
  (e) => {
    const operand = source(e, 1);
    const control = e.let(i32.wrap(e.immediate(8)));
    const ofMxcsr = i32.shrU(state32(State.mxcsr), i32.const(13));
    const mode = select(i32.and(control, i32.const(FROM_MXCSR)), ofMxcsr, control);
    const rounding = e.let(i32.and(mode, i32.const(3)));
    const silent = e.let(i32.ne(i32.and(control, i32.const(SILENT)), zero));
    e.body.do(e.helper('vectorControl'));
    const results = Array.from({ length: laneCount(shape) }, (_, i) =>
      e.let(e.helper(`roundLane.${shape.format}`, laneBits(shape.format, operand, i), rounding, silent)),
    );
    raiseVector(e);
    setRegister(e, 0, withLanes(shape.format, register(e, 0), results));
  };

const laneBits = (format: FormatName, value: Expr, i: number) =>
  format === 'single' ? i64.extendU(i32x4.extract(value, i)) : i64x2.extract(value, i);

const withLanes = (format: FormatName, value: Expr, bits: readonly Expr[]) =>
  bits.reduce(
    (sum, lane, i) =>
      format === 'single' ? i32x4.replace(sum, i, i32.wrap(lane)) : i64x2.replace(sum, i, lane),
    value,
  );

const dot =
  (shape: LaneShape): Meaning =>
  (e) => {
    const b = source(e, 1);
    const control = e.let(i32.wrap(e.immediate(8)));
    const sums = onLanes(e, register(e, 0), b, () => e.helper(`dot.${shape.format}`, control), 'noteFlags');
    const chosen = shape.format === 'single' ? byBits(i32x4, DWORD_BITS)(control) : byQwordBits(control);
    setRegister(e, 0, v128.and(sums, chosen));
  };

/** Both halves of a 256-bit form in one go: an exception in one keeps steps from being done in the other. */
export const wideDot: Meaning = (e) => {
  const b = e.readParts(1);
  const a = e.readParts(0);
  const control = e.let(i32.wrap(e.immediate(8)));
  a.forEach((part, i) => e.body.do(v128.store(zero, part, WIDE.a + i * 16)));
  b.forEach((part, i) => e.body.do(v128.store(zero, part, WIDE.b + i * 16)));
  e.body.do(e.helper('dotWide.single', control));
  raiseVector(e, 'noteFlags');
  const chosen = e.let(byBits(i32x4, DWORD_BITS)(control));
  const sums = a.map((_, i) => v128.and(v128.load(zero, WIDE.a + i * 16), chosen));
  e.writeParts(0, sums);
};

/** Eight sums of four absolute differences, at offsets that the immediate gives. */
const differences: Meaning = (e) => {
  const b = source(e, 1);
  const control = partOfImmediate(e, 3);
  e.body.do(v128.store(zero, register(e, 0), LANES_A));
  e.body.do(v128.store(zero, b, LANES_B));
  const first = e.let(i32.and(control, i32.const(4)));
  const second = e.let(i32.shl(i32.and(control, i32.const(3)), i32.const(2)));
  const difference = (k: number) => {
    const window = v128.load64Zero(first, LANES_A + k);
    const byte = e.let(i8x16.splat(i32.load8u(second, LANES_B + k)));
    const bytes = i8x16.sub(i8x16.maxU(window, byte), i8x16.minU(window, byte));
    return i16x8.extendLowU(bytes);
  };
  setRegister(e, 0, [0, 1, 2, 3].map(difference).reduce(i16x8.add));
};

const placeOf = (e: Emitter, laneShift: number) => {
  const count = 16 >> laneShift;
  const lane = i32.and(i32.wrap(e.immediate(8)), i32.const(count - 1));
  return i32.shl(lane, i32.const(laneShift));
};

const LOADS = { 8: i64.load8u, 16: i64.load16u, 32: i64.load32u, 64: i64.load } as const;
const STORES = { 8: i64.store8, 16: i64.store16, 32: i64.store32, 64: i64.store } as const;
type LaneBits = keyof typeof LOADS;

const extract =
  (bits: (e: Emitter) => LaneBits): Meaning =>
  (e) => {
    const size = bits(e);
    e.body.do(v128.store(zero, register(e, 1), LANES_A));
    e.write(0, e.let(LOADS[size](placeOf(e, Math.log2(size / 8)), LANES_A)));
  };

const insert =
  (bits: (e: Emitter) => LaneBits): Meaning =>
  (e) => {
    const size = bits(e);
    const value = e.read(1);
    e.body.do(v128.store(zero, register(e, 0), LANES_A));
    e.body.do(STORES[size](placeOf(e, Math.log2(size / 8)), value, LANES_A));
    setRegister(e, 0, v128.load(zero, LANES_A));
  };

const ofForm = (e: Emitter) => e.size as 32 | 64;

/** One single into a lane, and zeroes into those that the low four bits name. */
const insertSingle: Meaning = (e) => {
  const control = e.body.temporary('i32');
  const value = e.isMemory(1) ? e.let(i32.wrap(e.read(1))) : undefined;
  e.body.set(control, i32.wrap(e.immediate(8)));
  const bits = (at: number) => i32.and(i32.shrU(e.body.get(control), i32.const(at)), i32.const(3));
  const offset = (at: number) => i32.shl(bits(at), i32.const(2));
  if (!value) e.body.do(v128.store(zero, register(e, 1), LANES_B));
  e.body.do(v128.store(zero, register(e, 0), LANES_A));
  const single = value ?? e.let(i32.load(offset(6), LANES_B));
  e.body.do(i32.store(offset(4), single, LANES_A));
  const cleared = byBits(i32x4, DWORD_BITS)(e.body.get(control));
  setRegister(e, 0, v128.andNot(v128.load(zero, LANES_A), cleared));
};

const shiftedSigns = (top: number, lanesOf: typeof i8x16 | typeof i32x4 | typeof i64x2) => (value: Expr) =>
  lanesOf.shrS(value, i32.const(top));

export const sse41Rows: readonly Row[] = sse([
  ...integer.map(([name, opcode, compute]): RowTuple => [
    `${name}_Vx_Wx`,
    `66 0f 38 ${opcode} /r`,
    lanes(compute),
    ALIGNED,
  ]),
  ...extensionRows,
  ['PBLENDVB_Vx_Wx', '66 0f 38 10 /r', blendBy(shiftedSigns(7, i8x16)), ALIGNED],
  ['BLENDVPS_Vps_Wps', '66 0f 38 14 /r', blendBy(shiftedSigns(31, i32x4)), ALIGNED],
  ['BLENDVPD_Vpd_Wpd', '66 0f 38 15 /r', blendBy(shiftedSigns(63, i64x2)), ALIGNED],
  ['PTEST_Vx_Wx', '66 0f 38 17 /r', test, { aligned: true, flags: 'oszapc' }],
  ['MOVNTDQA_Vx_Mx', '66 0f 38 2a /r', (e) => e.writeParts(0, e.readParts(1)), ALIGNED],
  ['PHMINPOSUW_Vx_Wx', '66 0f 38 41 /r', minimumWord, ALIGNED],
  ['ROUNDPS_Vps_Wps_Ib', '66 0f 3a 08 /r', round(PS), ALIGNED],
  ['ROUNDPD_Vpd_Wpd_Ib', '66 0f 3a 09 /r', round(PD), ALIGNED],
  ['ROUNDSS_Vss_Wss_Ib', '66 0f 3a 0a /r', round(SS)],
  ['ROUNDSD_Vsd_Wsd_Ib', '66 0f 3a 0b /r', round(SD)],
  ['BLENDPS_Vps_Wps_Ib', '66 0f 3a 0c /r', blendByImmediate(byBits(i32x4, DWORD_BITS), 4), ALIGNED],
  ['BLENDPD_Vpd_Wpd_Ib', '66 0f 3a 0d /r', blendByImmediate(byQwordBits, 2), ALIGNED],
  ['PBLENDW_Vx_Wx_Ib', '66 0f 3a 0e /r', blendByImmediate(byBits(i16x8, WORD_BITS), 0), ALIGNED],
  ['PEXTRB_Mb_Vx_Ib', '66 0f 3a 14 /r', extract(() => 8)],
  ['PEXTRB_Rd_Vx_Ib', '66 0f 3a 14 /r', extract(() => 8)],
  ['PEXTRW_Mw_Vx_Ib', '66 0f 3a 15 /r', extract(() => 16)],
  ['PEXTRW_Rd_Vx_Ib', '66 0f 3a 15 /r', extract(() => 16)],
  ['PEXTRD_Ey_Vx_Ib', '66 0f 3a 16 /r', extract(ofForm), { mnemonics: ['pextrd', 'pextrq'] }],
  ['EXTRACTPS_Ed_Vx_Ib', '66 0f 3a 17 /r', extract(() => 32)],
  ['PINSRB_Vx_Mb_Ib', '66 0f 3a 20 /r', insert(() => 8), { sizes: 8 }],
  ['PINSRB_Vx_Rd_Ib', '66 0f 3a 20 /r', insert(() => 8), { sizes: 32 }],
  ['INSERTPS_Vps_Wd_Ib', '66 0f 3a 21 /r', insertSingle, { sizes: 32 }],
  ['PINSRD_Vx_Ey_Ib', '66 0f 3a 22 /r', insert(ofForm), { mnemonics: ['pinsrd', 'pinsrq'] }],
  ['DPPS_Vps_Wps_Ib', '66 0f 3a 40 /r', dot(PS), ALIGNED],
  ['DPPD_Vpd_Wpd_Ib', '66 0f 3a 41 /r', dot(PD), ALIGNED],
  ['MPSADBW_Vx_Wx_Ib', '66 0f 3a 42 /r', differences, ALIGNED],
]);
