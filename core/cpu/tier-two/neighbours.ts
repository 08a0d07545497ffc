import { Field, PAGE_BYTES } from '../layout.js';
import { Op } from '../ops.js';
import type { CodePage, RecordArena } from '../record-arena.js';
import type { CpuState } from '../state.js';
import { flowGraph } from './indirect-targets.js';
import type { LiveRegion, LiveRegions, Spot } from './live-regions.js';
import { levelOf } from './loop-levels.js';
import type { Level } from './loop-levels.js';
import type { FoundRegion } from './region.js';

/** Another head that a region has found, and how its loop lies to that of the region's head. */
export interface Neighbour extends Spot {
  /** Of the head, as the region counts. */
  readonly seenAt: number;
  readonly level: Level;
  /** How often it has been passed while it counted. */
  readonly passes: number;
  readonly live: LiveRegion | undefined;
}

export interface NeighbourSources {
  readonly state: CpuState;
  readonly arena: RecordArena;
  readonly regions: LiveRegions;
  /** What heads count to. */
  readonly countTo: number;
  pageAt(spot: Spot, distance: number): CodePage | undefined;
}

export function neighboursIn(sources: NeighbourSources, found: FoundRegion, spot: Spot): Neighbour[] {
  const graph = flowGraph(found);
  return found.blocks.flatMap(({ place, copy }, number) => {
    const other = number !== 0 && copy === 0 ? spotAt(sources, spot, place) : undefined;
    if (!other) return [];
    const passes = passesOf(sources, other.head);
    const live = sources.regions.at(other.head);
    return [{ ...other, seenAt: place, level: levelOf(graph, number), passes, live }];
  });
}

function spotAt({ arena, pageAt }: NeighbourSources, spot: Spot, seenAt: number): Spot | undefined {
  const distance = seenAt & -PAGE_BYTES;
  const owner = pageAt(spot, distance);
  const place = seenAt - distance;
  const head = owner ? arena.entryAt(owner, place) : 0;
  if (!owner?.heads.has(head)) return undefined;
  return { head, owner, base: spot.base + BigInt(distance), place };
}

function passesOf({ state, countTo }: NeighbourSources, head: number): number {
  if (state.u16[head >> 1] !== Op.count) return 0;
  const left = state.i32[(head + Field.displacement) >> 2]!;
  // Those that count to more have been hot before.
  return left > countTo ? countTo : countTo - left;
}
