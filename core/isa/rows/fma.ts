import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { i32x4, i64x2 } from '../../cpu/wasm/simd-expr.js';
import { Negate } from '../../cpu/x87/fused.js';
import type { Meaning, Row } from '../row.js';
import { avx, floatsByParts } from './avx-support.js';
import { laneByLane } from './sse-convert.js';
import type { LaneShape, RowTuple } from './sse-support.js';
import { laneCount, PD, PS, register, SD, setRegister, source, SS } from './sse-support.js';

/** Which operands are multiplied and added: the first two digits are the factors, the last the addend. */
const ORDERS = { 132: [0, 2, 1], 213: [1, 0, 2], 231: [1, 2, 0] } as const;
type Order = keyof typeof ORDERS;

/** Signs to change, of even and of odd lanes. */
type Signs = readonly [even: number, odd: number];

const laneBits = ({ format }: LaneShape, value: Expr, i: number) =>
  format === 'single' ? i64.extendU(i32x4.extract(value, i)) : i64x2.extract(value, i);
const withLane = ({ format }: LaneShape, value: Expr, i: number, bits: Expr) =>
  format === 'single' ? i32x4.replace(value, i, i32.wrap(bits)) : i64x2.replace(value, i, bits);

function fusedLanes(e: Emitter, shape: LaneShape, order: Order, signs: Signs): void {
  const operands = [register(e, 0), register(e, 1), source(e, 2)] as const;
  const [x, y, z] = ORDERS[order].map((i) => operands[i]) as [Expr, Expr, Expr];
  const lanes = Array.from({ length: laneCount(shape) }, (_, i) => i);
  const results = laneByLane(e, lanes, (i) => {
    const [first, second, third] = [x, y, z].map((value) => laneBits(shape, value, i)) as [Expr, Expr, Expr];
    return e.helper(`fused.${shape.format}`, first, second, third, i32.const(signs[i % 2]!));
  });
  setRegister(
    e,
    0,
    results.reduce((sum, bits, i) => withLane(shape, sum, i, bits), operands[0]),
  );
}

const fused = (shape: LaneShape, order: Order, signs: Signs): Meaning => {
  const does: Meaning = (e) => fusedLanes(e, shape, order, signs);
  return shape.packed ? floatsByParts(does) : does;
};

interface Operation {
  readonly name: string;
  /** Low digit of the opcode of the packed form. */
  readonly digit: number;
  readonly signs: Signs;
  readonly packedOnly?: true;
}

const both = (signs: number): Signs => [signs, signs];
const operations: readonly Operation[] = [
  { name: 'VFMADDSUB', digit: 6, signs: [Negate.addend, 0], packedOnly: true },
  { name: 'VFMSUBADD', digit: 7, signs: [0, Negate.addend], packedOnly: true },
  { name: 'VFMADD', digit: 8, signs: both(0) },
  { name: 'VFMSUB', digit: 10, signs: both(Negate.addend) },
  { name: 'VFNMADD', digit: 12, signs: both(Negate.product) },
  { name: 'VFNMSUB', digit: 14, signs: both(Negate.product | Negate.addend) },
];

const HIGH_DIGIT: Record<Order, number> = { 132: 0x90, 213: 0xa0, 231: 0xb0 };

function rowsOf({ name, digit, signs, packedOnly }: Operation, order: Order): RowTuple[] {
  const row = (suffix: string, code: string, shape: LaneShape): RowTuple => {
    const opcode = HIGH_DIGIT[order] + digit + (shape.packed ? 0 : 1);
    const words = ['vex', shape.packed ? '' : 'lig', '66', '0f38', shape.format === 'single' ? 'w0' : 'w1'];
    const encoding = `${words.filter(Boolean).join('.')} ${opcode.toString(16)} /r`;
    return [
      `${name}${order}${suffix}_V${code}_H${code}_W${code}`,
      encoding,
      fused(shape, order, signs),
      { cpuid: 'FMA' },
    ];
  };
  const packed = [row('PS', 'ps', PS), row('PD', 'pd', PD)];
  return packedOnly ? packed : [...packed, row('SS', 'ss', SS), row('SD', 'sd', SD)];
}

export const fmaRows: readonly Row[] = avx(
  ([132, 213, 231] as const).flatMap((order) => operations.flatMap((operation) => rowsOf(operation, order))),
);
