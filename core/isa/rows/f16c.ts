import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i16x8, i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import type { Meaning, Row } from '../row.js';
import { avx, floatParts, floatsByParts, LOW_HALVES } from './avx-support.js';
import { laneByLane } from './sse-convert.js';
import { setRegister, source } from './sse-support.js';

const LANES = [0, 1, 2, 3];
const ZEROES = v128.const64(0n);

const widen: Meaning = (e) => {
  const halves = source(e, 1);
  const lanes = LANES.map((i) => i64.extendU(i16x8.extractU(halves, i)));
  const results = laneByLane(e, lanes, (lane) => e.helper('widenHalf', lane));
  setRegister(
    e,
    0,
    results.reduce((sum, bits, i) => i32x4.replace(sum, i, i32.wrap(bits)), ZEROES),
  );
};

/** Immediate bits 1..0, or the rounding of MXCSR with bit 2. */
function rounding(e: Emitter): Expr {
  const control = e.let(i32.wrap(e.immediate(8)));
  const ofMxcsr = i32.shrU(state32(State.mxcsr), i32.const(13));
  return e.let(i32.and(select(i32.and(control, i32.const(4)), ofMxcsr, control), i32.const(3)));
}

/** Four singles to halves in the low 8 bytes. */
function narrowed(e: Emitter, mode: Expr): Expr {
  const value = e.readVector(1);
  const lanes = LANES.map((i) => i64.extendU(i32x4.extract(value, i)));
  const results = laneByLane(e, lanes, (lane) => e.helper('narrowToHalf', lane, mode));
  return results.reduce((sum, bits, i) => i16x8.replace(sum, i, i32.wrap(bits)), ZEROES);
}

/** Exceptions come before the store, as the processors do it. */
const narrow: Meaning = (e) => {
  const mode = rounding(e);
  if (e.size === 256) {
    const [low, high] = floatParts(e, () => e.parts!.keep(narrowed(e, mode))) as [Expr, Expr];
    return e.writeVector(0, e.let(i8x16.shuffle(low, high, LOW_HALVES)));
  }
  const value = e.let(narrowed(e, mode));
  if (e.isMemory(0)) e.write(0, i64x2.extract(value, 0));
  else e.writeRegister(0, value);
};

export const f16cRows: readonly Row[] = avx([
  ['VCVTPH2PS_Vps_Wx', 'vex.66.0f38.w0 13 /r', floatsByParts(widen), { fraction: 2, cpuid: 'F16C' }],
  ['VCVTPS2PH_Wx_Vps_Ib', 'vex.66.0f3a.w0 1d /r', narrow, { fraction: 2, cpuid: 'F16C' }],
]);
