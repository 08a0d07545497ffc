import type { CodeCache } from './code-cache.js';
import type { Guard } from './guard.js';
import { Status } from './layout.js';
import type { MemoryUnit } from './memory-unit.js';
import type { CpuState } from './state.js';
import type { SystemContext } from './system/context.js';
import { runSystemOperation } from './system/index.js';
import type { TierTwo } from './tier-two/tier-two.js';
import { computeTranscendental } from './x87/transcendental/index.js';

export interface ImportParts {
  readonly state: CpuState;
  readonly guard: Guard;
  readonly unit: MemoryUnit;
  readonly code: () => CodeCache;
  readonly context: () => SystemContext;
  readonly tierTwo: TierTwo | undefined;
  readonly once: () => number;
  readonly leaveOnce: number;
}

/** Functions of one CPU for generated code. Nothing may unwind through it: an error is kept and rethrown by `run`. */
export function functionsFor(parts: ImportParts): Record<string, unknown> {
  const { state, guard, unit, code, context, tierTwo } = parts;
  /** A region, by its head, has jumped to a record that is no head, so far from the page of the region. */
  const reached = (record: number, from: number, distance: number) => {
    const head = code().makeHeadOf(record);
    if (head !== 0) tierTwo?.reached(head, from, distance);
  };
  const system = (operation: number, record: number) => runSystemOperation(context(), operation, record);
  return {
    memory: state.memory,
    decode: guard.around((record: number) => code().decodeAt(record), 0),
    lookup: guard.around(() => unit.lookUp(), -1),
    reached: guard.around(reached, undefined),
    hot: guard.around((head: number) => tierTwo?.hot(head), undefined),
    once: guard.around(parts.once, parts.leaveOnce),
    slowly: guard.around((access: number) => unit.slow(access), -1),
    watched: guard.around((access: number) => unit.watched(access), undefined),
    commit: guard.around(() => unit.commit(), undefined),
    transcendental: guard.around((kind: number) => computeTranscendental(state, kind), undefined),
    system: guard.around(system, Status.exception),
  };
}
