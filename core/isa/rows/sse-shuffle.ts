import type { Emitter } from '../../cpu/emitter/emitter.js';
import { zero } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i16x8, i32x4, i64x2, v128 } from '../../cpu/wasm/simd-expr.js';
import { LANES_A, LANES_B } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { partOfImmediate, register, setRegister, source, sse } from './sse-support.js';

const ALIGNED = { aligned: true };
const buffer = (e: Emitter, value: Expr, at: number) => e.body.do(v128.store(zero, value, at));

/** Two bits of the immediate, times the bytes of a lane. */
const choice = (immediate: Expr, index: number, scale: number) =>
  i32.shl(i32.and(i32.shrU(immediate, i32.const(index * 2)), i32.const(3)), i32.const(scale));

const immediate = (e: Emitter) => partOfImmediate(e, 0);

const shuffleDwords: Meaning = (e) => {
  const value = source(e, 1);
  const control = immediate(e);
  buffer(e, value, LANES_A);
  const lane = (index: number) => i32.load(choice(control, index, 2), LANES_A);
  setRegister(
    e,
    0,
    [0, 1, 2, 3].reduce((sum, i) => i32x4.replace(sum, i, lane(i)), value),
  );
};

/** Four words of one half, the other half as it is. */
const shuffleWords =
  (first: 0 | 4): Meaning =>
  (e) => {
    const value = source(e, 1);
    const control = immediate(e);
    buffer(e, value, LANES_A);
    const lane = (index: number) => i32.load16u(choice(control, index, 1), LANES_A + first * 2);
    setRegister(
      e,
      0,
      [0, 1, 2, 3].reduce((sum, i) => i16x8.replace(sum, first + i, lane(i)), value),
    );
  };

/** Two lanes of the destination, then two of the source. */
const shuffleSingles: Meaning = (e) => {
  const b = source(e, 1);
  const control = immediate(e);
  buffer(e, register(e, 0), LANES_A);
  buffer(e, b, LANES_B);
  const lane = (index: number) => i32.load(choice(control, index, 2), index < 2 ? LANES_A : LANES_B);
  setRegister(
    e,
    0,
    [0, 1, 2, 3].reduce((sum, i) => i32x4.replace(sum, i, lane(i)), b),
  );
};

const shuffleDoubles: Meaning = (e) => {
  const b = source(e, 1);
  const control = partOfImmediate(e, 2);
  const a = register(e, 0);
  const pick = (from: Expr, bit: number) =>
    select(i32.and(control, i32.const(bit)), i64x2.extract(from, 1), i64x2.extract(from, 0));
  const low = e.let(pick(a, 1));
  setRegister(e, 0, i64x2.replace(i64x2.splat(low), 1, pick(b, 2)));
};

/** Whole bytes; more than 15 give zero. */
const shiftBytes =
  (left: boolean): Meaning =>
  (e) => {
    const control = immediate(e);
    const count = e.let(select(i32.gtU(control, i32.const(16)), i32.const(16), control));
    buffer(e, left ? v128.const64(0n) : register(e, 0), LANES_A);
    buffer(e, left ? register(e, 0) : v128.const64(0n), LANES_B);
    const from = left ? i32.sub(i32.const(16), count) : count;
    setRegister(e, 0, v128.load(from, LANES_A));
  };

const insertWord: Meaning = (e) => {
  const word = e.let(i32.wrap(e.read(1)));
  const at = i32.shl(i32.and(immediate(e), i32.const(7)), i32.const(1));
  buffer(e, register(e, 0), LANES_A);
  e.body.do(i32.store16(at, word, LANES_A));
  setRegister(e, 0, v128.load(zero, LANES_A));
};

const extractWord: Meaning = (e) => {
  const at = i32.shl(i32.and(immediate(e), i32.const(7)), i32.const(1));
  buffer(e, register(e, 1), LANES_A);
  e.write(0, i64.load16u(at, LANES_A));
};

export const sseShuffleRows: readonly Row[] = sse([
  ['PSHUFD_Vx_Wx_Ib', '66 0f 70 /r', shuffleDwords, { aligned: true, hot: 'r' }],
  ['PSHUFLW_Vx_Wx_Ib', 'f2 0f 70 /r', shuffleWords(0), ALIGNED],
  ['PSHUFHW_Vx_Wx_Ib', 'f3 0f 70 /r', shuffleWords(4), ALIGNED],
  ['SHUFPS_Vps_Wps_Ib', 'np 0f c6 /r', shuffleSingles, ALIGNED],
  ['SHUFPD_Vpd_Wpd_Ib', '66 0f c6 /r', shuffleDoubles, ALIGNED],
  ['PSLLDQ_Ux_Ib', '66 0f 73 /7', shiftBytes(true)],
  ['PSRLDQ_Ux_Ib', '66 0f 73 /3', shiftBytes(false)],
  ['PINSRW_Vx_Ew_Ib', '66 0f c4 /r', insertWord],
  ['PEXTRW_Gd_Ux_Ib', '66 0f c5 /r', extractWord],
]);
