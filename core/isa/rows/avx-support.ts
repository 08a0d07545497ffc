import type { Emitter } from '../../cpu/emitter/emitter.js';
import { computeParts } from '../../cpu/emitter/vector-parts.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i8x16 } from '../../cpu/wasm/simd-expr.js';
import { laneFlags } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import type { RowTuple } from './sse-support.js';
import { raiseVector } from './sse-support.js';

/** Rows of the AVX unit, from [name, encoding, meaning, the rest]. */
export const avx = (rows: readonly RowTuple[]): Row[] =>
  rows.map(([name, encoding, does, rest]) => ({ name, encoding, does, unit: 'avx', ...rest }));

/** A meaning for 128 bits, at both vector lengths. */
export const byParts =
  (does: Meaning): Meaning =>
  (e) => {
    if (e.size === 256) e.writeParts(0, computeParts(e, does).results);
    else does(e);
  };

/** The same for floats: exceptions are raised once, when those of all lanes are known. */
export const floatsByParts =
  (does: Meaning): Meaning =>
  (e) => {
    if (e.size === 256) e.writeParts(0, floatParts(e, does));
    else does(e);
  };

/** Lanes of the result are half as wide as those of the source, so that both halves fit into 128 bits. */
export const narrowing =
  (does: Meaning): Meaning =>
  (e) => {
    if (e.size !== 256) return does(e);
    const [low, high] = floatParts(e, does);
    e.writeRegister(0, i8x16.shuffle(low!, high!, LOW_HALVES));
  };
export const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

export function floatParts(e: Emitter, does: Meaning): Expr[] {
  const { exceptions, results } = computeParts(e, does);
  e.body.if(exceptions, () => {
    e.body.do(laneFlags.set(exceptions));
    raiseVector(e);
  });
  return results;
}
