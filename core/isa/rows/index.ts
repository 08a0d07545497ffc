import { parseRows } from '../parse-row.js';
import type { ParsedRow, Row } from '../row.js';
import { aesRows } from './aes.js';
import { arithRows } from './arith.js';
import { bmiRows } from './bmi.js';
import { processorRows } from './processor.js';
import { shaRows } from './sha.js';
import { avxFloatRows, avxIntegerRows, avxMoveRows } from './avx-basic.js';
import { avxLaneRows } from './avx-lanes.js';
import { avxMaskedRows } from './avx-masked.js';
import { f16cRows } from './f16c.js';
import { fmaRows } from './fma.js';
import { bitRows } from './bits.js';
import { controlRows } from './control.js';
import { dataRows } from './data.js';
import { mmxRows } from './mmx.js';
import { sse3Rows } from './sse3.js';
import { sse41Rows } from './sse41.js';
import { sse42Rows } from './sse42.js';
import { sseArithRows } from './sse-arith.js';
import { sseConvertRows } from './sse-convert.js';
import { sseIntegerRows } from './sse-integer.js';
import { sseMoveRows } from './sse-move.js';
import { sseShuffleRows } from './sse-shuffle.js';
import { legacyRows } from './legacy.js';
import { flagRows } from './flags.js';
import { multiplyRows } from './multiply.js';
import { shiftRows } from './shift.js';
import { stringRows } from './string.js';
import { ssse3Rows } from './ssse3.js';
import { systemRows } from './system.js';
import { x87ArithRows } from './x87-arith.js';
import { x87ControlRows } from './x87-control.js';
import { x87MoveRows } from './x87-move.js';

/** Families in the order in which their forms are numbered; the rare forms of one family are compiled together. */
const families: Readonly<Record<string, readonly Row[]>> = {
  arith: arithRows,
  data: dataRows,
  control: controlRows,
  shift: shiftRows,
  multiply: multiplyRows,
  bits: bitRows,
  string: stringRows,
  flags: flagRows,
  system: systemRows,
  sseMove: sseMoveRows,
  sseArith: sseArithRows,
  sseConvert: sseConvertRows,
  sseInteger: sseIntegerRows,
  sseShuffle: sseShuffleRows,
  x87Move: x87MoveRows,
  x87Arith: x87ArithRows,
  x87Control: x87ControlRows,
  mmx: mmxRows,
  sse3: sse3Rows,
  ssse3: ssse3Rows,
  sse41: sse41Rows,
  sse42: sse42Rows,
  bmi: bmiRows,
  aes: aesRows,
  sha: shaRows,
  avxMove: avxMoveRows,
  avxFloat: avxFloatRows,
  avxInteger: avxIntegerRows,
  avxLanes: avxLaneRows,
  avxMasked: avxMaskedRows,
  fma: fmaRows,
  f16c: f16cRows,
  processor: processorRows,
  legacy: legacyRows,
};

export interface RowSet {
  readonly rows: readonly ParsedRow[];
  /** By row, in the order of `rows`. */
  readonly families: ReadonlyMap<ParsedRow, string>;
}

export function loadRows(): RowSet {
  const rows = parseRows(Object.values(families).flat());
  const names = Object.entries(families).flatMap(([name, list]) => list.map(() => name));
  return { rows, families: new Map(rows.map((row, i) => [row, names[i]!])) };
}
