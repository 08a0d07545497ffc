import type { CodeCache } from './code-cache.js';
import type { Guard } from './guard.js';
import { Leave, Status } from './layout.js';
import type { MemoryUnit } from './memory-unit.js';
import type { CpuState } from './state.js';
import type { SystemContext } from './system/context.js';
import { runSystemOperation } from './system/index.js';
import type { TierTwo } from './tier-two/tier-two.js';
import { computeTranscendental } from './x87/transcendental/index.js';

/** What `once` answers instead of a record: minus a reason to leave. */
export const ONCE_REFUSED = { leave: -Leave.attention, fault: -Leave.exception } as const;

export interface ImportParts {
  readonly state: CpuState;
  readonly guard: Guard;
  readonly unit: MemoryUnit;
  readonly code: () => CodeCache;
  readonly context: () => SystemContext;
  readonly tierTwo: TierTwo | undefined;
  readonly once: () => number;
  /** Whether generated code has to be left, behind an instruction that hit a watchpoint. */
  readonly attend: () => boolean;
}

/** Functions of one CPU for generated code. Nothing may unwind through it: an error is kept and rethrown by `run`. */
export function functionsFor(parts: ImportParts): Record<string, unknown> {
  const { state, guard, unit, code, tierTwo } = parts;
  /** A region, by its head, has jumped to a record that is no head, so far from the page of the region. */
  const reached = (record: number, from: number, distance: number) => {
    const head = code().makeHeadOf(record);
    if (head !== 0) tierTwo?.reached(head, from, distance);
  };
  return {
    ...hotFunctions(parts),
    memory: state.memory,
    decode: guard.around((record: number) => code().decodeAt(record), 0),
    lookup: guard.around(() => unit.lookUp(), -1),
    reached: guard.around(reached, undefined),
    hot: guard.around((head: number) => tierTwo?.hot(head), undefined),
    missed: guard.around((head: number) => tierTwo?.missed(head), undefined),
    once: guard.around(parts.once, ONCE_REFUSED.leave),
    commit: guard.around(() => unit.commit(), undefined),
    transcendental: guard.around((kind: number) => computeTranscendental(state, kind), undefined),
  };
}

/** Each catches by itself: behind a wrapper that all share, V8 inlines nothing. */
const hotFunctions = ({ guard, unit, context, attend }: ImportParts) => ({
  system: (operation: number, record: number): number => {
    try {
      return runSystemOperation(context(), operation, record);
    } catch (error) {
      return guard.caught(error, Status.exception);
    }
  },
  slowly: (access: number): number => {
    try {
      return unit.slow(access);
    } catch (error) {
      return guard.caught(error, -1);
    }
  },
  watched: (access: number): void => {
    try {
      unit.watched(access);
    } catch (error) {
      guard.caught(error, undefined);
    }
  },
  attend: (): number => {
    try {
      return attend() ? 1 : 0;
    } catch (error) {
      return guard.caught(error, 1);
    }
  },
});
