import { i8x16, f32x4, f64x2, v128 } from '../../cpu/wasm/simd-expr.js';
import { i32 } from '../../cpu/wasm/expr.js';
import type { FormatName } from '../../cpu/x87/vector.js';
import type { Meaning, Row } from '../row.js';
import { packedOperation, slowly } from './sse-arith.js';
import { exactSums, inexactIsNoted, isPlain, ordinaryResults } from './sse-exact.js';
import { allTrue, lanesDenormal, PD, PS, register, setRegister, source, sse } from './sse-support.js';
import type { LaneShape } from './sse-support.js';

const ALIGNED = { aligned: true };

/** Lanes with even or odd numbers of both operands, the destination's first. */
function everySecond(format: FormatName, odd: 0 | 1) {
  const bytes = format === 'single' ? 4 : 8;
  const lanes = Array.from({ length: 16 / bytes }, (_, i) => (2 * i + odd) * bytes);
  return lanes.flatMap((at) => Array.from({ length: bytes }, (_, i) => at + i));
}

/** Neighbours within each operand. */
const horizontal =
  (operation: 'add' | 'subtract', shape: LaneShape): Meaning =>
  (e) => {
    const b = source(e, 1);
    const a = register(e, 0);
    const pick = (odd: 0 | 1) => e.let(i8x16.shuffle(a, b, everySecond(shape.format, odd)));
    packedOperation(e, operation, shape, [pick(0), pick(1)]);
  };

const EVEN_SIGNS = {
  single: v128.const64(0x8000_0000n),
  double: v128.const64(1n << 63n, 0n),
} as const;

/** Even lanes subtract, odd lanes add. */
const alternate =
  (shape: LaneShape): Meaning =>
  (e) => {
    const { format } = shape;
    const b = source(e, 1);
    const a = register(e, 0);
    const addend = e.let(v128.xor(b, EVEN_SIGNS[format]));
    const result = e.let((format === 'single' ? f32x4 : f64x2).add(a, addend));
    const denormal = v128.or(lanesDenormal(format, a), lanesDenormal(format, b));
    const ordinary = v128.andNot(ordinaryResults('add', format, a, addend, result), denormal);
    const known = i32.or(inexactIsNoted(), exactSums('add', format, a, addend, result));
    e.body.if(
      i32.and(i32.and(isPlain(), known), allTrue(format, ordinary)),
      () => setRegister(e, 0, result),
      () => setRegister(e, 0, slowly(e, 'alternate', shape, a, b)),
    );
  };

const duplicate =
  (dwords: readonly number[]): Meaning =>
  (e) => {
    const value = source(e, 1);
    const bytes = dwords.flatMap((dword) => [0, 1, 2, 3].map((i) => dword * 4 + i));
    setRegister(e, 0, i8x16.shuffle(value, value, bytes));
  };

export const sse3Rows: readonly Row[] = sse([
  ['ADDSUBPS_Vps_Wps', 'f2 0f d0 /r', alternate(PS), ALIGNED],
  ['ADDSUBPD_Vpd_Wpd', '66 0f d0 /r', alternate(PD), ALIGNED],
  ['HADDPS_Vps_Wps', 'f2 0f 7c /r', horizontal('add', PS), ALIGNED],
  ['HADDPD_Vpd_Wpd', '66 0f 7c /r', horizontal('add', PD), ALIGNED],
  ['HSUBPS_Vps_Wps', 'f2 0f 7d /r', horizontal('subtract', PS), ALIGNED],
  ['HSUBPD_Vpd_Wpd', '66 0f 7d /r', horizontal('subtract', PD), ALIGNED],
  ['MOVSLDUP_Vps_Wps', 'f3 0f 12 /r', duplicate([0, 0, 2, 2]), ALIGNED],
  ['MOVSHDUP_Vps_Wps', 'f3 0f 16 /r', duplicate([1, 1, 3, 3]), ALIGNED],
  ['MOVDDUP_Vpd_Wq', 'f2 0f 12 /r', duplicate([0, 1, 0, 1]), { sizes: 64 }],
  ['LDDQU_Vx_Mx', 'f2 0f f0 /r', (e) => e.writeParts(0, e.readParts(1))],
]);
