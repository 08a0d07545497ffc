import type { Emitter } from '../../cpu/emitter/emitter.js';
import { zero } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i16x8, i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import { LANES_A, LANES_B, LANES_RESULT } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { writeMmx } from './mmx.js';
import { asVector, register, setRegister, source, sse } from './sse-support.js';
import type { Binary, RowTuple } from './sse-support.js';
import type { X87Tuple } from './x87-support.js';
import { waiting } from './x87-support.js';

const ALIGNED = { aligned: true };
type Let = (value: Expr) => Expr;
type Compute = (keep: Let, a: Expr, b: Expr) => Expr;

const laneBytes = (laneSize: number, odd: 0 | 1) =>
  Array.from({ length: 16 / laneSize }, (_, i) => (2 * i + odd) * laneSize).flatMap((at) =>
    Array.from({ length: laneSize }, (_, i) => at + i),
  );

/** Neighbouring lanes of both operands. */
const pairs =
  (laneSize: number, combine: Binary): Compute =>
  (_keep, a, b) =>
    combine(i8x16.shuffle(a, b, laneBytes(laneSize, 0)), i8x16.shuffle(a, b, laneBytes(laneSize, 1)));

/** a, or 0, or -a, by the sign of b. */
const withSignOf =
  (lanes: typeof i8x16 | typeof i16x8 | typeof i32x4, top: number): Compute =>
  (keep, a, b) => {
    const negative = keep(lanes.shrS(b, i32.const(top)));
    const flipped = lanes.sub(v128.xor(a, negative), negative);
    return v128.andNot(flipped, lanes.eq(b, v128.const64(0n)));
  };

const MIN_WORD = v128.const64(0x8000_8000_8000_8000n);
const EVEN_BYTES = v128.const64(0x00ff_00ff_00ff_00ffn);
const EIGHT = i32.const(8);

/** WebAssembly saturates the one product that x86 lets overflow. */
const multiplyRounded: Compute = (_keep, a, b) => {
  const overflows = v128.and(i16x8.eq(a, MIN_WORD), i16x8.eq(b, MIN_WORD));
  return v128.xor(i16x8.q15MulRoundSat(a, b), overflows);
};

/** Unsigned bytes of a times signed bytes of b, neighbours added. */
const multiplyAddBytes: Compute = (_keep, a, b) => {
  const even = i16x8.mul(v128.and(a, EVEN_BYTES), i16x8.shrS(i16x8.shl(b, EIGHT), EIGHT));
  const odd = i16x8.mul(i16x8.shrU(a, EIGHT), i16x8.shrS(b, EIGHT));
  return i16x8.addSatS(even, odd);
};

const plain =
  (compute: Binary): Compute =>
  (_keep, a, b) =>
    compute(a, b);

interface Operation {
  readonly name: string;
  readonly opcode: string;
  readonly compute: Compute;
  /** On MMX registers the operands lie side by side in one vector. */
  readonly joined?: true;
}

const operations: readonly Operation[] = [
  { name: 'PHADDW', opcode: '01', compute: pairs(2, i16x8.add), joined: true },
  { name: 'PHADDD', opcode: '02', compute: pairs(4, i32x4.add), joined: true },
  { name: 'PHADDSW', opcode: '03', compute: pairs(2, i16x8.addSatS), joined: true },
  { name: 'PMADDUBSW', opcode: '04', compute: multiplyAddBytes },
  { name: 'PHSUBW', opcode: '05', compute: pairs(2, i16x8.sub), joined: true },
  { name: 'PHSUBD', opcode: '06', compute: pairs(4, i32x4.sub), joined: true },
  { name: 'PHSUBSW', opcode: '07', compute: pairs(2, i16x8.subSatS), joined: true },
  { name: 'PSIGNB', opcode: '08', compute: withSignOf(i8x16, 7) },
  { name: 'PSIGNW', opcode: '09', compute: withSignOf(i16x8, 15) },
  { name: 'PSIGND', opcode: '0a', compute: withSignOf(i32x4, 31) },
  { name: 'PMULHRSW', opcode: '0b', compute: multiplyRounded },
  { name: 'PABSB', opcode: '1c', compute: plain((_a, b) => i8x16.abs(b)) },
  { name: 'PABSW', opcode: '1d', compute: plain((_a, b) => i16x8.abs(b)) },
  { name: 'PABSD', opcode: '1e', compute: plain((_a, b) => i32x4.abs(b)) },
];

const BYTE_SELECTORS = v128.const64(0x8f8f_8f8f_8f8f_8f8fn);
const MMX_BYTE_SELECTORS = v128.const64(0x8787_8787_8787_8787n);

const shuffleBytes: Compute = (_keep, a, b) => i8x16.swizzle(a, v128.and(b, BYTE_SELECTORS));
const shuffleMmxBytes: Compute = (_keep, a, b) => i8x16.swizzle(a, v128.and(b, MMX_BYTE_SELECTORS));

const onVectors =
  (compute: Compute): Meaning =>
  (e) => {
    const b = source(e, 1);
    setRegister(
      e,
      0,
      compute((value) => e.let(value), register(e, 0), b),
    );
  };

const onMmx =
  ({ compute, joined }: Pick<Operation, 'compute' | 'joined'>): Meaning =>
  (e) => {
    const b = e.read(1);
    const first = e.let(asVector(e.read(0)));
    const keep: Let = (value) => e.let(value);
    const both = joined ? keep(i64x2.replace(first, 1, b)) : first;
    const second = joined ? both : keep(asVector(b));
    writeMmx(e, 0, i64x2.extract(compute(keep, both, second), 0));
  };

/** Bytes from `count` on of the source, then the destination, then zeroes. */
function window(e: Emitter, low: Expr, high: Expr, most: number): Expr {
  const wanted = e.let(i32.wrap(e.immediate(8)));
  const count = select(i32.gtU(wanted, i32.const(most)), i32.const(most), wanted);
  e.body.do(v128.store(zero, low, LANES_A));
  e.body.do(v128.store(zero, high, LANES_B));
  e.body.do(v128.store(zero, v128.const64(0n), LANES_RESULT));
  return e.let(count);
}

const alignVectors: Meaning = (e) => {
  const b = source(e, 1);
  setRegister(e, 0, v128.load(window(e, b, register(e, 0), 32), LANES_A));
};

const alignMmx: Meaning = (e) => {
  const b = e.read(1);
  const both = e.let(i64x2.replace(asVector(b), 1, e.read(0)));
  writeMmx(e, 0, i64.load(window(e, both, v128.const64(0n), 16), LANES_A));
};

const vectorRows = operations.map(({ name, opcode, compute }): RowTuple => [
  `${name}_Vx_Wx`,
  `66 0f 38 ${opcode} /r`,
  onVectors(compute),
  ALIGNED,
]);
const mmxRows = operations.map((operation): X87Tuple => [
  `${operation.name}_Pq_Qq`,
  `np 0f 38 ${operation.opcode} /r`,
  onMmx(operation),
]);

export const ssse3Rows: readonly Row[] = [
  ...sse([
    ...vectorRows,
    ['PSHUFB_Vx_Wx', '66 0f 38 00 /r', onVectors(shuffleBytes), ALIGNED],
    ['PALIGNR_Vx_Wx_Ib', '66 0f 3a 0f /r', alignVectors, ALIGNED],
  ]),
  ...waiting([
    ...mmxRows,
    ['PSHUFB_Pq_Qq', 'np 0f 38 00 /r', onMmx({ compute: shuffleMmxBytes })],
    ['PALIGNR_Pq_Qq_Ib', 'np 0f 3a 0f /r', alignMmx],
  ]),
];
