import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { f32, f64, truncateSaturated } from '../../cpu/wasm/float-expr.js';
import { f32x4, f64x2, i32x4, i64x2, v128 } from '../../cpu/wasm/simd-expr.js';
import type { FormatName } from '../../cpu/x87/vector.js';
import type { Meaning, Row } from '../row.js';
import { toBits, toFloat } from './sse-arith.js';
import {
  asVector,
  isNormal,
  isOrdinary,
  notDenormal,
  nothingToNote,
  raiseVector,
  setRegister,
  source,
  sse,
} from './sse-support.js';

const ALIGNED = { aligned: true };
const HOT = { hot: 'all' };
const TO_ZERO = 3;
const DENORMALS_ARE_ZERO = 1 << 6;
/** Inexact is masked and already noted. */
const INEXACT_NOTED = 0x1020;

const has = (mask: number) => i32.eq(i32.and(state32(State.mxcsr), i32.const(mask)), i32.const(mask));
const mxcsrRounding = () => i32.and(i32.shrU(state32(State.mxcsr), i32.const(13)), i32.const(3));

const promoted = (format: FormatName, bits: Expr) =>
  format === 'double' ? f64.reinterpret(bits) : f64.promote(f32.reinterpret(i32.wrap(bits)));

/** A denormal operand is zero when MXCSR says so, which matters for upward rounding and for inexact. */
function operand(e: Emitter, format: FormatName, bits: Expr): Expr {
  const denormal = i32.eqz(notDenormal(format, bits));
  const ignored = i32.and(denormal, has(DENORMALS_ARE_ZERO));
  return e.let(select(ignored, f64.const(0), promoted(format, bits)));
}

/** A float to a general register; what is exact, or inexact as before, without the library. */
const toInteger =
  (format: FormatName, truncate: boolean): Meaning =>
  (e) => {
    const size = e.size as 32 | 64;
    const bits = e.read(1);
    const value = e.let(promoted(format, bits));
    const quick = e.let(truncateSaturated.i64(truncate ? value : f64.nearest(value)));
    const exact = f64.eq(f64.convertI64S(quick), value);
    const known = truncate ? has(INEXACT_NOTED) : nothingToNote();
    const fits =
      size === 32
        ? i64.eq(i64.extend32(quick), quick)
        : i64.gtU(i64.sub(quick, i64.const(2n ** 63n - 1n)), i64.const(1));
    const plain = i32.and(isOrdinary(format, bits), i32.or(exact, known));
    e.body.if(
      i32.and(plain, fits),
      () => e.write(0, e.trim(quick)),
      () => e.write(0, e.trim(toIntegerSlowly(e, format, bits, truncate))),
    );
  };

function toIntegerSlowly(e: Emitter, format: FormatName, bits: Expr, truncate: boolean): Expr {
  e.body.do(e.helper('vectorControl'));
  const rounding = truncate ? i32.const(TO_ZERO) : mxcsrRounding();
  const result = e.let(e.helper(`toInteger${e.size}`, operand(e, format, bits), rounding));
  raiseVector(e);
  return result;
}

/** Integers below 2^24 or 2^53 convert exactly. */
const EXACT_BITS = { single: 24, double: 53 } as const;

const fromInteger =
  (format: FormatName): Meaning =>
  (e) => {
    const value = e.let(e.readSigned(1));
    const limit = 2n ** BigInt(EXACT_BITS[format]);
    const exact = i64.leU(i64.add(value, i64.const(limit)), i64.const(2n * limit));
    const quick = format === 'single' ? f32.convertI64S(value) : f64.convertI64S(value);
    e.body.if(
      i32.or(exact, nothingToNote()),
      () => e.write(0, toBits(format, quick)),
      () => {
        e.body.do(e.helper('vectorControl'));
        const result = e.let(e.helper(`fromInteger.${format}`, value));
        raiseVector(e);
        e.write(0, result);
      },
    );
  };

function oneLane(e: Emitter, helper: string, bits: Expr): Expr {
  e.body.do(e.helper('vectorControl'));
  const result = e.let(e.helper(helper, bits));
  raiseVector(e);
  return result;
}

const narrow: Meaning = (e) => {
  const bits = e.read(1);
  const result = e.let(toBits('single', f32.demote(toFloat('double', bits))));
  const ordinary = i32.and(isNormal('single', result), notDenormal('double', bits));
  e.body.if(
    i32.and(nothingToNote(), ordinary),
    () => e.write(0, result),
    () => e.write(0, oneLane(e, 'narrow', bits)),
  );
};

const widen: Meaning = (e) => {
  const bits = e.read(1);
  e.body.if(
    isOrdinary('single', bits),
    () => e.write(0, toBits('double', promoted('single', bits))),
    () => e.write(0, oneLane(e, 'widen', bits)),
  );
};

/** Lanes one after the other in the library: `helper` takes and answers bits of one lane. */
export function laneByLane<Lane>(e: Emitter, lanes: readonly Lane[], convert: (lane: Lane) => Expr): Expr[] {
  e.body.do(e.helper('vectorControl'));
  const results = lanes.map((lane) => e.let(convert(lane)));
  raiseVector(e);
  return results;
}

const dwords = (results: readonly Expr[]) =>
  results.reduce((sum, lane, i) => i32x4.replace(sum, i, i32.wrap(lane)), v128.const64(0n));
const qwords = ([low, high]: readonly Expr[]) => i64x2.replace(asVector(low!), 1, high!);

const dwordLane = (value: Expr, i: number) => i64.extendU(i32x4.extract(value, i));
const FOUR = [0, 1, 2, 3];
const TWO = [0, 1];

const packedNarrow: Meaning = (e) => {
  const value = source(e, 1);
  const lanes = TWO.map((i) => i64x2.extract(value, i));
  setRegister(e, 0, dwords(laneByLane(e, lanes, (lane) => e.helper('narrow', lane))));
};

const packedWiden: Meaning = (e) => {
  const value = source(e, 1);
  const lanes = TWO.map((i) => dwordLane(value, i));
  setRegister(e, 0, qwords(laneByLane(e, lanes, (lane) => e.helper('widen', lane))));
};

const packedFromInteger: Meaning = (e) => {
  const value = source(e, 1);
  const slow = () => {
    const lanes = FOUR.map((i) => i64.extendS(i32x4.extract(value, i)));
    return dwords(laneByLane(e, lanes, (lane) => e.helper('fromInteger.single', lane)));
  };
  e.body.if(
    nothingToNote(),
    () => setRegister(e, 0, f32x4.convertI32S(value)),
    () => setRegister(e, 0, slow()),
  );
};

export interface ToIntegers {
  readonly format: FormatName;
  readonly truncate: boolean;
  readonly lanes: number;
}

/** The low lanes of a vector as 32-bit integers, zeroes above. */
export function packedIntegerLanes(e: Emitter, { format, truncate, lanes }: ToIntegers, value: Expr): Expr {
  const bits = Array.from({ length: lanes }, (_, i) =>
    format === 'single' ? dwordLane(value, i) : i64x2.extract(value, i),
  );
  const rounding = truncate ? i32.const(TO_ZERO) : mxcsrRounding();
  const convert = (lane: Expr) => e.helper('toInteger32', operand(e, format, e.let(lane)), rounding);
  return dwords(laneByLane(e, bits, convert));
}

const packedToInteger =
  (format: FormatName, truncate: boolean): Meaning =>
  (e) => {
    const lanes = format === 'single' ? 4 : 2;
    setRegister(e, 0, packedIntegerLanes(e, { format, truncate, lanes }, source(e, 1)));
  };

export const sseConvertRows: readonly Row[] = sse([
  ['CVTSI2SS_Vss_Ey', 'f3 0f 2a /r', fromInteger('single'), HOT],
  ['CVTSI2SD_Vsd_Ey', 'f2 0f 2a /r', fromInteger('double'), HOT],
  ['CVTTSS2SI_Gy_Wss', 'f3 0f 2c /r', toInteger('single', true), HOT],
  ['CVTTSD2SI_Gy_Wsd', 'f2 0f 2c /r', toInteger('double', true), HOT],
  ['CVTSS2SI_Gy_Wss', 'f3 0f 2d /r', toInteger('single', false)],
  ['CVTSD2SI_Gy_Wsd', 'f2 0f 2d /r', toInteger('double', false)],
  ['CVTSD2SS_Vss_Wsd', 'f2 0f 5a /r', narrow, { sizes: 64, hot: 'r' }],
  ['CVTSS2SD_Vsd_Wss', 'f3 0f 5a /r', widen, { sizes: 64, hot: 'all' }],
  ['CVTPD2PS_Vps_Wpd', '66 0f 5a /r', packedNarrow, ALIGNED],
  ['CVTPS2PD_Vpd_Wq', 'np 0f 5a /r', packedWiden],
  ['CVTDQ2PS_Vps_Wx', 'np 0f 5b /r', packedFromInteger, ALIGNED],
  ['CVTPS2DQ_Vx_Wps', '66 0f 5b /r', packedToInteger('single', false), ALIGNED],
  ['CVTTPS2DQ_Vx_Wps', 'f3 0f 5b /r', packedToInteger('single', true), ALIGNED],
  ['CVTTPD2DQ_Vx_Wpd', '66 0f e6 /r', packedToInteger('double', true), ALIGNED],
  ['CVTPD2DQ_Vx_Wpd', 'f2 0f e6 /r', packedToInteger('double', false), ALIGNED],
  ['CVTDQ2PD_Vpd_Wq', 'f3 0f e6 /r', (e) => setRegister(e, 0, f64x2.convertLowI32S(source(e, 1)))],
]);
