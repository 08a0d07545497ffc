import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { i32x4, i64x2 } from '../../cpu/wasm/simd-expr.js';
import { Negate } from '../../cpu/x87/fused.js';
import type { Meaning, Row } from '../row.js';
import { avx, floatsByParts } from './avx-support.js';
import { laneByLane } from './sse-convert.js';
import type { LaneShape, RowTuple } from './sse-support.js';
import {
  allTrue,
  laneCount,
  nothingToNote,
  PD,
  PS,
  register,
  SD,
  setRegister,
  source,
  SS,
} from './sse-support.js';
import type { Signs } from './fma-quick.js';
import { quickLanes } from './fma-quick.js';

/** Which operands are multiplied and added: the first two digits are the factors, the last the addend. */
const ORDERS = { 132: [0, 2, 1], 213: [1, 0, 2], 231: [1, 2, 0] } as const;
type Order = keyof typeof ORDERS;

const laneBits = ({ format }: LaneShape, value: Expr, i: number) =>
  format === 'single' ? i64.extendU(i32x4.extract(value, i)) : i64x2.extract(value, i);
const withLane = ({ format }: LaneShape, value: Expr, i: number, bits: Expr) =>
  format === 'single' ? i32x4.replace(value, i, i32.wrap(bits)) : i64x2.replace(value, i, bits);

/** Ordinary numbers by floating-point arithmetic on all lanes at once, the rest in the library. */
function fusedLanes(e: Emitter, shape: LaneShape, order: Order, signs: Signs): void {
  const operands = [register(e, 0), register(e, 1), source(e, 2)] as const;
  const ordered = ORDERS[order].map((i) => operands[i]!);
  const { result, known } = quickLanes[shape.format](e, ordered, signs);
  const lowKnown = i32.ne(i32x4.extract(known, 0), i32.const(0));
  const all = shape.packed ? allTrue(shape.format, known) : lowKnown;
  e.body.if(
    i32.and(nothingToNote(), all),
    () =>
      setRegister(e, 0, shape.packed ? result : withLane(shape, operands[0], 0, laneBits(shape, result, 0))),
    () => slowLanes(e, shape, [operands[0], ...ordered], signs),
  );
}

function slowLanes(e: Emitter, shape: LaneShape, operands: readonly Expr[], signs: Signs): void {
  const [destination, ...factors] = operands as [Expr, Expr, Expr, Expr];
  const lanes = Array.from({ length: laneCount(shape) }, (_, i) => i);
  const results = laneByLane(e, lanes, (i) => {
    const [first, second, third] = factors.map((value) => laneBits(shape, value, i)) as [Expr, Expr, Expr];
    return e.helper(`fused.${shape.format}`, first, second, third, i32.const(signs[i % 2]!));
  });
  setRegister(
    e,
    0,
    results.reduce((sum, bits, i) => withLane(shape, sum, i, bits), destination),
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
