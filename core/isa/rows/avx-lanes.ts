import type { Emitter } from '../../cpu/emitter/emitter.js';
import { zero } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i16x8, i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import { WIDE } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { avx, byParts } from './avx-support.js';
import { testBits } from './sse41.js';
import { partOfImmediate, register, setRegister, source } from './sse-support.js';
import { sse41Rows } from './sse41.js';
import { sseShuffleRows } from './sse-shuffle.js';

const does = (rows: readonly Row[], name: string): Meaning => rows.find((row) => row.name === name)!.does;
const splat = (e: Emitter, value: Expr) => e.writeParts(0, e.size === 256 ? [value, value] : [value]);

/** One lane, in all lanes. */
const broadcast =
  (lanes: (value: Expr) => Expr): Meaning =>
  (e) => {
    splat(e, e.let(lanes(e.read(1))));
  };
const ofDword = (lanes: (value: Expr) => Expr) => (value: Expr) => lanes(i32.wrap(value));

const broadcasts = avx([
  ['VBROADCASTSS_Vps_Wss', 'vex.66.0f38.w0 18 /r', broadcast(ofDword(i32x4.splat))],
  ['VBROADCASTSD_Vpd_Wsd', 'vex.256.66.0f38.w0 19 /r', broadcast(i64x2.splat)],
  ['VBROADCASTF128_Vpd_Mdq', 'vex.256.66.0f38.w0 1a /r', (e) => splat(e, e.readVector(1))],
  ['VBROADCASTI128_Vx_Mdq', 'vex.256.66.0f38.w0 5a /r', (e) => splat(e, e.readVector(1))],
  ['VPBROADCASTB_Vx_Wb', 'vex.66.0f38.w0 78 /r', broadcast(ofDword(i8x16.splat)), { hot: '256r' }],
  ['VPBROADCASTW_Vx_Ww', 'vex.66.0f38.w0 79 /r', broadcast(ofDword(i16x8.splat))],
  ['VPBROADCASTD_Vx_Wd', 'vex.66.0f38.w0 58 /r', broadcast(ofDword(i32x4.splat))],
  ['VPBROADCASTQ_Vx_Wq', 'vex.66.0f38.w0 59 /r', broadcast(i64x2.splat)],
]);

const bit = (value: Expr, mask: number) => i32.and(value, i32.const(mask));
const immediate = (e: Emitter) => e.let(i32.wrap(e.immediate(8)));

const insertHalf: Meaning = (e) => {
  const half = e.readVector(2);
  const [low, high] = e.readParts(1) as [Expr, Expr];
  const upper = e.let(bit(immediate(e), 1));
  e.writeParts(
    0,
    [select(upper, low, half), select(upper, half, high)].map((part) => e.let(part)),
  );
};

const extractHalf: Meaning = (e) => {
  const [low, high] = e.readParts(1) as [Expr, Expr];
  e.writeVector(0, e.let(select(bit(immediate(e), 1), high, low)));
};

/** Two of the four halves of the operands; bit 3 of a selector gives zeroes. */
const permuteHalves: Meaning = (e) => {
  const b = e.readParts(2);
  const [a0, a1, b0, b1] = [...e.readParts(1), ...b] as [Expr, Expr, Expr, Expr];
  const control = immediate(e);
  const half = (selector: Expr) => {
    const first = select(bit(selector, 1), a1, a0);
    const second = select(bit(selector, 1), b1, b0);
    return select(bit(selector, 8), v128.const64(0n), select(bit(selector, 2), second, first));
  };
  e.writeParts(0, [e.let(half(control)), e.let(half(e.let(i32.shrU(control, i32.const(4)))))]);
};

const halves = avx([
  ['VINSERTF128_Vpd_Hpd_Wdq_Ib', 'vex.256.66.0f3a.w0 18 /r', insertHalf],
  ['VINSERTI128_Vx_Hx_Wdq_Ib', 'vex.256.66.0f3a.w0 38 /r', insertHalf],
  ['VEXTRACTF128_Wdq_Vpd_Ib', 'vex.256.66.0f3a.w0 19 /r', extractHalf],
  ['VEXTRACTI128_Wdq_Vx_Ib', 'vex.256.66.0f3a.w0 39 /r', extractHalf],
  ['VPERM2F128_Vpd_Hpd_Wpd_Ib', 'vex.256.66.0f3a.w0 06 /r', permuteHalves],
  ['VPERM2I128_Vx_Hx_Wx_Ib', 'vex.256.66.0f3a.w0 46 /r', permuteHalves],
]);

/** 32 bytes where lanes can be picked by numbers known only at run time. */
function toBuffer(e: Emitter, parts: readonly Expr[], at: number): void {
  parts.forEach((part, i) => e.body.do(v128.store(zero, part, at + i * 16)));
}

const permuteQwords: Meaning = (e) => {
  toBuffer(e, e.readParts(1), WIDE.a);
  const control = immediate(e);
  const at = (i: number) => i32.shl(bit(i32.shrU(control, i32.const(i * 2)), 3), i32.const(3));
  const lane = (i: number) => i64.load(at(i), WIDE.a);
  const pair = (i: number) => e.let(i64x2.replace(i64x2.splat(lane(i)), 1, lane(i + 1)));
  e.writeParts(0, [pair(0), pair(2)]);
};

const permuteDwords: Meaning = (e) => {
  toBuffer(e, e.readParts(2), WIDE.a);
  const four = (selectors: Expr) =>
    [0, 1, 2, 3].reduce((sum, i) => {
      const at = i32.shl(bit(i32x4.extract(selectors, i), 7), i32.const(2));
      return i32x4.replace(sum, i, i32.load(at, WIDE.a));
    }, v128.const64(0n));
  e.writeParts(
    0,
    e.readParts(1).map((selectors) => e.let(four(selectors))),
  );
};

const splatBytes = (bytes: readonly number[]) =>
  v128.const([...bytes, ...bytes, ...bytes, ...bytes].slice(0, 16));

/** Lanes of the first source by the low bits of the lanes of the second. */
const permuteSingles: Meaning = (e) => {
  const chosen = v128.and(source(e, 1), v128.const64(0x3_0000_0003n));
  const bytes = i32x4.add(i32x4.mul(chosen, splatBytes([4, 4, 4, 4])), splatBytes([0, 1, 2, 3]));
  setRegister(e, 0, i8x16.swizzle(register(e, 0), bytes));
};
const FIRST_BYTES = splatBytes([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
const permuteDoubles: Meaning = (e) => {
  const upper = i64x2.shrS(i64x2.shl(source(e, 1), i32.const(62)), i32.const(63));
  const bytes = v128.or(v128.and(upper, v128.const64(0x0808_0808_0808_0808n)), FIRST_BYTES);
  setRegister(e, 0, i8x16.swizzle(register(e, 0), bytes));
};
const permuteDoublesImmediate: Meaning = (e) => {
  const value = source(e, 1);
  const control = partOfImmediate(e, 2);
  const pick = (mask: number) => select(bit(control, mask), i64x2.extract(value, 1), i64x2.extract(value, 0));
  setRegister(e, 0, i64x2.replace(i64x2.splat(pick(1)), 1, pick(2)));
};

const NONDESTRUCTIVE = { nondestructive: true } as const;

const permutations = avx([
  ['VPERMQ_Vx_Wx_Ib', 'vex.256.66.0f3a.w1 00 /r', permuteQwords],
  ['VPERMPD_Vpd_Wpd_Ib', 'vex.256.66.0f3a.w1 01 /r', permuteQwords],
  ['VPERMD_Vx_Hx_Wx', 'vex.256.66.0f38.w0 36 /r', permuteDwords],
  ['VPERMPS_Vps_Hps_Wps', 'vex.256.66.0f38.w0 16 /r', permuteDwords],
  ['VPERMILPS_Vps_Hps_Wps', 'vex.66.0f38.w0 0c /r', byParts(permuteSingles), NONDESTRUCTIVE],
  ['VPERMILPD_Vpd_Hpd_Wpd', 'vex.66.0f38.w0 0d /r', byParts(permuteDoubles), NONDESTRUCTIVE],
  ['VPERMILPS_Vps_Wps_Ib', 'vex.66.0f3a.w0 04 /r', byParts(does(sseShuffleRows, 'PSHUFD_Vx_Wx_Ib'))],
  ['VPERMILPD_Vpd_Wpd_Ib', 'vex.66.0f3a.w0 05 /r', byParts(permuteDoublesImmediate)],
  [
    'VPBLENDD_Vx_Hx_Wx_Ib',
    'vex.66.0f3a.w0 02 /r',
    byParts(does(sse41Rows, 'BLENDPS_Vps_Wps_Ib')),
    NONDESTRUCTIVE,
  ],
]);

type Shift = (value: Expr, count: Expr) => Expr;

/** Every lane by the count in the lane of the second source; counts beyond the lane give zeroes, or copies of the sign. */
const shiftDwords =
  (shift: Shift, arithmetic = false): Meaning =>
  (e) => {
    const counts = source(e, 1);
    const values = register(e, 0);
    const lane = (i: number) => {
      const count = e.let(i32x4.extract(counts, i));
      const far = i32.gtU(count, i32.const(31));
      const value = i32x4.extract(values, i);
      if (arithmetic) return shift(value, select(far, i32.const(31), count));
      return select(far, zero, shift(value, count));
    };
    setRegister(
      e,
      0,
      [0, 1, 2, 3].reduce((sum, i) => i32x4.replace(sum, i, lane(i)), values),
    );
  };

const shiftQwords =
  (shift: Shift): Meaning =>
  (e) => {
    const counts = source(e, 1);
    const values = register(e, 0);
    const lane = (i: number) => {
      const count = e.let(i64x2.extract(counts, i));
      const far = i64.gtU(count, i64.const(63));
      return select(far, i64.const(0), shift(i64x2.extract(values, i), count));
    };
    setRegister(e, 0, i64x2.replace(i64x2.splat(lane(0)), 1, lane(1)));
  };

const shifts = avx([
  ['VPSLLVD_Vx_Hx_Wx', 'vex.66.0f38.w0 47 /r', byParts(shiftDwords(i32.shl)), NONDESTRUCTIVE],
  ['VPSLLVQ_Vx_Hx_Wx', 'vex.66.0f38.w1 47 /r', byParts(shiftQwords(i64.shl)), NONDESTRUCTIVE],
  ['VPSRLVD_Vx_Hx_Wx', 'vex.66.0f38.w0 45 /r', byParts(shiftDwords(i32.shrU)), NONDESTRUCTIVE],
  ['VPSRLVQ_Vx_Hx_Wx', 'vex.66.0f38.w1 45 /r', byParts(shiftQwords(i64.shrU)), NONDESTRUCTIVE],
  ['VPSRAVD_Vx_Hx_Wx', 'vex.66.0f38.w0 46 /r', byParts(shiftDwords(i32.shrS, true)), NONDESTRUCTIVE],
]);

const signsOf = (mask: bigint) => (value: Expr) => v128.and(value, v128.const64(mask));
const TEST_FLAGS = { flags: 'oszapc' };

const clearUpper: Meaning = (e) => {
  for (let i = 0; i < 16; i++) e.clearUpper(i);
};
const clearAll: Meaning = (e) => {
  for (let i = 0; i < 16; i++) e.setVector(i, v128.const64(0n));
};

const others = avx([
  [
    'VTESTPS_Vps_Wps',
    'vex.66.0f38.w0 0e /r',
    (e) => testBits(e, signsOf(0x8000_0000_8000_0000n)),
    TEST_FLAGS,
  ],
  ['VTESTPD_Vpd_Wpd', 'vex.66.0f38.w0 0f /r', (e) => testBits(e, signsOf(1n << 63n)), TEST_FLAGS],
  ['VZEROUPPER', 'vex.128.np.0f 77', clearUpper, { hot: 'all' }],
  ['VZEROALL', 'vex.256.np.0f 77', clearAll],
]);

export const avxLaneRows: readonly Row[] = [...broadcasts, ...halves, ...permutations, ...shifts, ...others];
