import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32, toState32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { bitselect, i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import type { Meaning, Row } from '../row.js';
import type { RowTuple } from './sse-support.js';
import { asVector, register, setRegister, sse } from './sse-support.js';

const GP = 13;
const RDI = 7;
const MXCSR_DEFINED = 0xffff;

const copy: Meaning = (e) => e.writeParts(0, e.readParts(1));

/** A scalar load clears the rest of the register, a copy between registers keeps it. */
const loadScalar: Meaning = (e) => {
  const value = e.read(1);
  if (e.isMemory(1)) setRegister(e, 0, asVector(value));
  else e.write(0, value);
};
const low: Meaning = (e) => e.write(0, e.read(1));
/** Into a register with zeroes above. */
const zeroExtended: Meaning = (e) => {
  const value = e.read(1);
  if (e.isMemory(0)) e.write(0, value);
  else setRegister(e, 0, asVector(value));
};
const loadZeroExtended: Meaning = (e) => setRegister(e, 0, asVector(e.read(1)));

const highOf = (e: Emitter, i: number) => e.let(i64x2.extract(register(e, i), 1));
const setHalf = (e: Emitter, half: 0 | 1, value: Expr) =>
  setRegister(e, 0, i64x2.replace(register(e, 0), half, value));
const lowOf = (e: Emitter, i: number) => e.let(i64x2.extract(register(e, i), 0));

const loadHigh: Meaning = (e) => setHalf(e, 1, e.read(1));
const storeHigh: Meaning = (e) => e.write(0, highOf(e, 1));
const highToLow: Meaning = (e) => setHalf(e, 0, highOf(e, 1));
const lowToHigh: Meaning = (e) => setHalf(e, 1, lowOf(e, 1));

const mask =
  (bitmask: (value: Expr) => Expr, lanes: number): Meaning =>
  (e) => {
    const [low, high] = e.readParts(1).map(bitmask) as [Expr, Expr?];
    e.write(0, i64.extendU(high ? i32.or(low, i32.shl(high, i32.const(lanes))) : low));
  };

/** Bytes whose mask byte is negative, to DS:rDI. */
const maskedStore: Meaning = (e) => {
  const [bytes, selected] = [register(e, 0), register(e, 1)];
  const chosen = e.let(i8x16.shrS(selected, i32.const(7)));
  const host = e.translate(implicitAddress(e), 16, 'modify');
  e.body.do(v128.store(host, bitselect(bytes, v128.load(host), chosen)));
  e.commit(host);
};

/** rDI with the address size and segment of the prefixes. */
export const implicitAddress = (e: Emitter): Expr =>
  e.let(e.withSegment(i64.and(e.gpr(RDI), e.addressMask())));

const loadControl: Meaning = (e) => {
  const value = e.let(i32.wrap(e.read(0)));
  e.body.if(i32.gtU(value, i32.const(MXCSR_DEFINED)), () => e.fault(GP));
  e.body.do(toState32(State.mxcsr, value));
};
const storeControl: Meaning = (e) => e.write(0, i64.extendU(state32(State.mxcsr)));

const ALIGNED = { aligned: true };
const HOT = { hot: 'all' };
const HOT_ALIGNED = { aligned: true, hot: 'all' };
const LOAD = { hot: 'm' };

const wholeRegister: RowTuple[] = [
  ['MOVUPS_Vps_Wps', 'np 0f 10 /r', copy, HOT],
  ['MOVUPS_Wps_Vps', 'np 0f 11 /r', copy, LOAD],
  ['MOVUPD_Vpd_Wpd', '66 0f 10 /r', copy],
  ['MOVUPD_Wpd_Vpd', '66 0f 11 /r', copy],
  ['MOVAPS_Vps_Wps', 'np 0f 28 /r', copy, HOT_ALIGNED],
  ['MOVAPS_Wps_Vps', 'np 0f 29 /r', copy, { aligned: true, hot: 'm' }],
  ['MOVAPD_Vpd_Wpd', '66 0f 28 /r', copy, { aligned: true, hot: 'r' }],
  ['MOVAPD_Wpd_Vpd', '66 0f 29 /r', copy, ALIGNED],
  ['MOVDQA_Vx_Wx', '66 0f 6f /r', copy, HOT_ALIGNED],
  ['MOVDQA_Wx_Vx', '66 0f 7f /r', copy, { aligned: true, hot: 'm' }],
  ['MOVDQU_Vx_Wx', 'f3 0f 6f /r', copy, LOAD],
  ['MOVDQU_Wx_Vx', 'f3 0f 7f /r', copy, LOAD],
  ['MOVNTPS_Mps_Vps', 'np 0f 2b /r', copy, ALIGNED],
  ['MOVNTPD_Mpd_Vpd', '66 0f 2b /r', copy, ALIGNED],
  ['MOVNTDQ_Mx_Vx', '66 0f e7 /r', copy, ALIGNED],
];

const parts: RowTuple[] = [
  ['MOVSS_Vss_Wss', 'f3 0f 10 /r', loadScalar, HOT],
  ['MOVSS_Wss_Vss', 'f3 0f 11 /r', low, LOAD],
  ['MOVSD_Vsd_Wsd', 'f2 0f 10 /r', loadScalar, HOT],
  ['MOVSD_Wsd_Vsd', 'f2 0f 11 /r', low, LOAD],
  ['MOVQ_Vq_Wq', 'f3 0f 7e /r', loadZeroExtended, HOT],
  ['MOVQ_Wq_Vq', '66 0f d6 /r', zeroExtended, LOAD],
  ['MOVD_Vy_Ey', '66 0f 6e /r', loadZeroExtended, { hot: 'r' }],
  ['MOVD_Ey_Vy', '66 0f 7e /r', low, { hot: 'r' }],
  ['MOVLPS_Vq_Mq', 'np 0f 12 /r', low],
  ['MOVLPS_Mq_Vq', 'np 0f 13 /r', low],
  ['MOVLPD_Vq_Mq', '66 0f 12 /r', low],
  ['MOVLPD_Mq_Vq', '66 0f 13 /r', low],
  ['MOVHPS_Vq_Mq', 'np 0f 16 /r', loadHigh],
  ['MOVHPS_Mq_Vq', 'np 0f 17 /r', storeHigh],
  ['MOVHPD_Vq_Mq', '66 0f 16 /r', loadHigh],
  ['MOVHPD_Mq_Vq', '66 0f 17 /r', storeHigh],
  ['MOVHLPS_Vq_Uq', 'np 0f 12 /r', highToLow],
  ['MOVLHPS_Vq_Uq', 'np 0f 16 /r', lowToHigh],
  ['MOVNTI_My_Gy', 'np 0f c3 /r', low],
];

const masks: RowTuple[] = [
  ['MOVMSKPS_Gd_Ups', 'np 0f 50 /r', mask(i32x4.bitmask, 4)],
  ['MOVMSKPD_Gd_Upd', '66 0f 50 /r', mask(i64x2.bitmask, 2)],
  ['PMOVMSKB_Gd_Ux', '66 0f d7 /r', mask(i8x16.bitmask, 16), HOT],
  ['MASKMOVDQU_Vx_Ux', '66 0f f7 /r', maskedStore],
];

export const sseMoveRows: readonly Row[] = sse([
  ...wholeRegister,
  ...parts,
  ...masks,
  ['LDMXCSR_Md', 'np 0f ae /2', loadControl],
  ['STMXCSR_Md', 'np 0f ae /3', storeControl],
]);
