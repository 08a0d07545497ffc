import type { CodePage } from '../record-arena.js';
import type { Region } from './region.js';

/** Where a region begins. */
export interface Spot {
  readonly head: number;
  readonly owner: CodePage;
  /** Linear address of the head's page when it was found. */
  readonly base: bigint;
  /** Of the head, from there. */
  readonly place: number;
}

/** What is known of a region beyond what can be found at its spot. */
export interface Experience {
  /** Where it has jumped to beyond itself. */
  readonly targets: Set<number>;
  /** Heads of other regions that it is not to take in. */
  readonly stops: Set<number>;
  /** How often it was found again. */
  readonly round: number;
  /** It misses the TLB often. */
  readonly walks: boolean;
}

/** A region from the time it is found until one of its bytes changes. */
export interface LiveRegion extends Spot, Experience {
  /** Without its blocks once it is compiled. */
  region: Region;
  /** Of its blocks, to tell it from what is found later. */
  readonly shape: string;
  /** Number in the table, once it is compiled. */
  slot: number;
  dropped: boolean;
  /** How many of its jumps to other regions have been told. */
  samples: number;
  /** How many of its misses of the TLB have been told. */
  misses: number;
  /** What it takes the place of. */
  narrow: LiveRegion | undefined;
}

/** Regions by what they are looked up by. */
export class LiveRegions {
  readonly all = new Set<LiveRegion>();
  /** The latest of each head. */
  readonly #byHead = new Map<number, LiveRegion>();
  /** By physical page. */
  readonly #byPage = new Map<number, Set<LiveRegion>>();
  /** By head that a region has jumped to. */
  readonly #reachedFrom = new Map<number, LiveRegion>();

  add(live: LiveRegion): void {
    this.all.add(live);
    this.#byHead.set(live.head, live);
    for (const page of live.region.bytes.pages) {
      const here = this.#byPage.get(page);
      if (here) here.add(live);
      else this.#byPage.set(page, new Set([live]));
    }
  }

  remove(live: LiveRegion): void {
    this.all.delete(live);
    if (this.#byHead.get(live.head) === live) this.#byHead.delete(live.head);
    for (const [head, from] of this.#reachedFrom) if (from === live) this.#reachedFrom.delete(head);
    for (const page of live.region.bytes.pages) {
      const here = this.#byPage.get(page)!;
      here.delete(live);
      if (here.size === 0) this.#byPage.delete(page);
    }
  }

  at(head: number): LiveRegion | undefined {
    return this.#byHead.get(head);
  }

  in(page: number): LiveRegion[] {
    return [...(this.#byPage.get(page) ?? [])];
  }

  numbered(number: number): LiveRegion | undefined {
    return [...this.all].find(({ region }) => region.number === number);
  }

  /** Of those that are compiled, the one that was found first. */
  get oldest(): LiveRegion | undefined {
    for (const live of this.all) if (live.slot !== 0) return live;
    return undefined;
  }

  noteJump(from: LiveRegion, head: number): void {
    this.#reachedFrom.set(head, from);
  }

  /** The region that has jumped to a head, once. */
  takeJumpTo(head: number): LiveRegion | undefined {
    const from = this.#reachedFrom.get(head);
    this.#reachedFrom.delete(head);
    return from;
  }
}

/** A place of one spot's code, as another spot counts. */
export const placeFrom = (to: Spot, from: Spot, place: number): number => place + Number(from.base - to.base);
