import type { HelperSignatures } from '../emitter/record-emitter.js';
import { CODE_TLB, CODE_TLB_ENTRIES, Field, LeftBy, PAGE_BYTES, Slot, State } from '../layout.js';
import type { Linker } from '../linker.js';
import type { ModelRows } from '../model-rows.js';
import { Op } from '../ops.js';
import type { CodePage, RecordArena } from '../record-arena.js';
import type { CpuState } from '../state.js';
import { CompileQueue } from './compile-queue.js';
import { findRegion } from './find-region.js';
import type { SourcePage } from './find-region.js';
import { LiveRegions, placeFrom } from './live-regions.js';
import type { Experience, LiveRegion, Spot } from './live-regions.js';
import { neighboursIn } from './neighbours.js';
import type { Neighbour } from './neighbours.js';
import { isPlain } from './plain-float.js';
import { lastOf, sizeOf } from './region.js';
import type { FoundRegion } from './region.js';

export interface TierTwoOptions {
  /** How often a head is passed before its region is compiled. */
  readonly countTo: number;
  /** Compiles while the machine waits, so that a test knows when it is done. */
  readonly atOnce: 'optimised' | 'quickly' | false;
  /** Regions hold code that has not been executed, too, so that a test has wide ones. */
  readonly takesAll?: boolean;
  /** All of them walk to pages that the TLB lacks. */
  readonly walks?: boolean;
  /** How many regions there are at a time, at most `REGION_SLOTS`. */
  readonly slots?: number;
}

export const TIER_TWO: TierTwoOptions = { countTo: 4000, atOnce: false };

/** How many regions may be compiled at a time; those behind `first` of the table belong to them. */
export const REGION_SLOTS = 4096;
/** After so many times a head is not compiled again. */
const MOST_DROPS = 6;
/** How many targets of indirect jumps a region takes in, and in how many rounds. */
const MOST_TARGETS = 32;
const MOST_ROUNDS = 4;
/** After so many jumps to other regions have been told; each round takes twice as many. */
const SAMPLES = 64;
/** Of the jumps out of a region that has been made again as often as it pays, one in so many is told. */
const RARELY = 4096;
/** How often a head without a region of its own counts again, each time to twice as many. */
const MOST_WAITS = 8;
/** Without a loop a region has at least so many. */
const FEWEST_INSTRUCTIONS = 8;
/** An outer loop that is passed more rarely, while an inner one becomes hot, may be passed never again. */
const FEWEST_PASSES = 16;

export interface TierTwoParts {
  readonly state: CpuState;
  readonly rows: ModelRows;
  readonly signatures: HelperSignatures;
  /** Where regions are called through, from `first` on. */
  readonly table: WebAssembly.Table;
  readonly first: number;
  readonly linker: () => Linker;
  readonly arena: () => RecordArena;
  /** Instructions retired since power-on. */
  retired(): number;
  hasBreakpoint(offset: number): boolean;
  /** Writes to the page of a physical address come by. */
  isCode(physical: number): boolean;
}

/** After so many misses of the TLB have been told; a program that touches its memory for the first time has fewer. */
const MISSES = 256;
const NOTHING_KNOWN = { round: 0, walks: false };

/** Finds what is hot, has it compiled, installs it in front of its head, and takes it away when its bytes change. */
export class TierTwo {
  readonly #regions = new LiveRegions();
  readonly #queue: CompileQueue;
  /** How often code of a page was dropped. */
  readonly #drops = new Map<number, number>();
  /** How often a head has been counted again in vain, by physical page. */
  readonly #waits = new Map<number, Map<number, number>>();
  readonly #free: number[] = [];
  /** Of the latest region. */
  #number = 0;
  /** How many regions were compiled. */
  compiled = 0;

  constructor(
    private readonly parts: TierTwoParts,
    private readonly options: TierTwoOptions,
  ) {
    for (let slot = (options.slots ?? REGION_SLOTS) - 1; slot >= 0; slot--)
      this.#free.push(parts.first + slot);
    this.#queue = new CompileQueue({
      signatures: parts.signatures,
      linker: parts.linker,
      atOnce: options.atOnce,
      retired: () => parts.retired(),
      install: (live, compiled) => this.#install(live, compiled),
    });
  }

  get alive(): number {
    return this.#regions.all.size;
  }

  /** A head has been passed often. It stands in front of its record, and does nothing until the region is there. */
  hot(head: number): void {
    const arena = this.parts.arena();
    // What is hottest comes back first.
    if (!this.#queue.canAfford) return arena.count(head, this.options.countTo);
    arena.setIdle(head);
    const owner = arena.ownerOf(head);
    const isTried = this.#waits.get(owner.number)?.has(head) ?? false;
    const live = this.#regions.at(head) ?? (isTried ? undefined : this.#choose(this.#spotOf(head, owner)));
    if (!live) this.#waitForCaller(head, owner);
    else if (live.head !== head) arena.count(head, this.options.countTo);
    else if (live.slot !== 0) arena.region(head, live.slot);
  }

  /** Where a head that has just been passed is. */
  #spotOf(head: number, owner: CodePage): Spot {
    const { state } = this.parts;
    const place = state.u16[(head + Field.place) >> 1]! & (PAGE_BYTES - 1);
    return { head, owner, base: state.get64(Slot.pageBase), place };
  }

  /** What is too small to be compiled by itself belongs into the regions that jump here: now, or once they do. */
  #waitForCaller(head: number, { number }: CodePage): void {
    const from = this.#regions.takeJumpTo(head);
    if (from) this.#makeAgain(from);
    const here = this.#waits.get(number) ?? new Map<number, number>();
    this.#waits.set(number, here);
    const waits = here.get(head) ?? 0;
    if (waits >= MOST_WAITS) return;
    here.set(head, waits + 1);
    this.parts.arena().count(head, this.options.countTo << waits);
  }

  /**
   * The region for a head that has become hot. Of a nest of loops it is best made for the head of the outermost one, of one loop for
   * one head only: what else is entered, between two slices, hands over to that.
   */
  #choose(spot: Spot): LiveRegion | undefined {
    const found = this.#scan(spot);
    if (!found || !isWorthwhile(found)) return undefined;
    const near = this.#neighbours(found, spot);
    const stops = near.filter((each) => takesOver(each, found)).map(({ seenAt }) => seenAt);
    if (stops.length > 0) return this.#makeWith(spot, stops);
    return this.#chooseOuter(found, near) ?? this.#chooseWhole(spot, found, near);
  }

  #neighbours(found: FoundRegion, spot: Spot): Neighbour[] {
    const sources = {
      state: this.parts.state,
      arena: this.parts.arena(),
      regions: this.#regions,
      countTo: this.options.countTo,
      pageAt: ({ base, owner }: Spot, distance: number) =>
        distance === 0 ? owner : this.pageAt(base, distance),
    };
    return neighboursIn(sources, found, spot);
  }

  #makeWith(spot: Spot, stops: readonly number[]): LiveRegion | undefined {
    const experience = { ...NOTHING_KNOWN, targets: new Set<number>(), stops: new Set(stops) };
    const found = this.#scan(spot, experience);
    return found && isWorthwhile(found) ? this.#make(spot, found, experience) : undefined;
  }

  /** An outer loop that the whole of one region can hold. */
  #chooseOuter({ isWhole }: FoundRegion, near: readonly Neighbour[]): LiveRegion | undefined {
    const outer = near.filter(
      ({ level, passes, live }) => level === 'around' && !live && passes >= FEWEST_PASSES,
    );
    const outermost = outer.sort((a, b) => a.passes - b.passes)[0];
    const found = isWhole && outermost ? this.#scan(outermost) : undefined;
    return found?.isWhole ? this.#make(outermost!, found) : undefined;
  }

  /** Regions of loops inside hand over from now on. */
  #chooseWhole(spot: Spot, found: FoundRegion, near: readonly Neighbour[]): LiveRegion | undefined {
    const made = this.#make(spot, found);
    for (const { level, live } of made && found.isWhole ? near : []) {
      if (level !== 'within' || !live) continue;
      live.stops.add(placeFrom(live, spot, spot.place));
      this.#makeAgain(live);
    }
    return made;
  }

  /** The region of a head has jumped to what is now a head too, at a place seen from its page. */
  reached(target: number, from: number, place: number): void {
    const live = this.#regions.at(from);
    if (!live || ++live.samples > SAMPLES << live.round) this.parts.arena().tellOneIn(from, RARELY);
    if (!live || live.targets.size > MOST_TARGETS || live.round >= MOST_ROUNDS) return;
    const { state } = this.parts;
    const by = state.get32(State.leftBy);
    // Who calls takes in what it calls.
    if (by === LeftBy.return || live.stops.has(place)) return;
    if (by === LeftBy.indirect) live.targets.add(place);
    if (state.u16[target >> 1] !== Op.region) this.#regions.noteJump(live, target);
    else if (live.samples === SAMPLES << live.round) this.#makeAgain(live);
  }

  /** The region of a head was left where the TLB did not know a page; one time in many. */
  missed(head: number): void {
    const live = this.#regions.at(head);
    if (!live || live.walks || live.slot === 0 || ++live.misses < MISSES || !this.#queue.canAfford) return;
    live.misses = 0;
    const found = this.#scan(live, live);
    if (found) this.#make(live, found, { ...live, walks: true }, live);
  }

  /** The handlers of an interpreter jump to each other: what those jump to that this one jumps to. */
  #addTargetsBehind(live: LiveRegion): void {
    const near = new Map([...this.#regions.all].map((other) => [placeFrom(live, other, other.place), other]));
    for (const place of live.targets) {
      const next = near.get(place);
      if (!next || next === live) continue;
      for (const target of next.targets)
        if (live.targets.size < MOST_TARGETS) live.targets.add(placeFrom(live, next, target));
    }
  }

  /** With what is known now, where that makes a difference. */
  #makeAgain(live: LiveRegion, isWide = live.region.isWide): void {
    if (live.dropped || live.slot === 0 || live.targets.size > MOST_TARGETS || !this.#queue.canAfford) return;
    this.#addTargetsBehind(live);
    const scanned = this.#scan(live, live);
    const found = scanned && { ...scanned, isWide };
    if (found && isWorthwhile(found) && !isAlike(found, live))
      this.#make(live, found, { ...live, round: live.round + 1 }, live);
  }

  /** Bytes `from` to the one before `to` of a physical page change. */
  forget(page: number, from: number, to: number): void {
    this.#waits.delete(page);
    for (const live of this.#regions.in(page)) {
      if (!live.region.bytes.meets(page, from, to)) continue;
      this.#drops.set(page, (this.#drops.get(page) ?? 0) + 1);
      this.#startAgain(live);
    }
  }

  #startAgain(live: LiveRegion): void {
    this.#drop(live);
    this.parts.arena().count(live.head, this.options.countTo);
  }

  forgetAll(): void {
    for (const live of [...this.#regions.all]) this.#drop(live);
    this.#drops.clear();
    this.#waits.clear();
  }

  #drop(live: LiveRegion): void {
    live.dropped = true;
    live.narrow = undefined;
    this.#regions.remove(live);
    if (live.slot === 0) return;
    this.parts.table.set(live.slot, null);
    this.#free.push(live.slot);
  }

  /** Makes a region again that was made for another MXCSR, or for other numbers, while the program that it belongs to runs. */
  refresh(): void {
    const { state } = this.parts;
    const number = state.get32(State.outgrown);
    if (number === 0) return;
    state.set32(State.outgrown, 0);
    const live = this.#regions.numbered(number);
    if (!live || live.slot === 0 || this.#regions.at(live.head) !== live) return;
    const isStray = isPlain(state) && live.region.isPlainFloat;
    const isNew = isStray ? !live.region.isWide : isPlain(state) !== live.region.isPlainFloat;
    if (!isNew || live.round >= MOST_ROUNDS) return;
    const pages = [...live.region.pages, { distance: 0, map: live.owner.map }];
    const isThere = pages.every(({ distance, map }) => this.pageAt(live.base, distance)?.map === map);
    if (isThere) this.#makeAgain(live, isStray);
  }

  #scan(spot: Spot, { targets, stops }: Partial<Experience> = {}): FoundRegion | undefined {
    const { owner, base, place } = spot;
    const sources = {
      state: this.parts.state,
      rows: this.parts.rows,
      pageAt: (distance: number) => this.#codePage(distance === 0 ? owner : this.pageAt(base, distance)),
      hasBreakpoint: (offset: number) => this.parts.hasBreakpoint(offset),
      takesAll: this.options.takesAll ?? false,
    };
    return findRegion(sources, place, { jumpPlaces: [...(targets ?? [])], stops: stops ?? new Set() });
  }

  /** Has a region compiled, which takes the place of `narrow` then. */
  #make(
    { head, owner, base, place }: Spot,
    found: FoundRegion,
    { targets, stops, round, walks }: Experience = { ...NOTHING_KNOWN, targets: new Set(), stops: new Set() },
    narrow?: LiveRegion,
  ): LiveRegion | undefined {
    if ((this.#drops.get(owner.number) ?? 0) >= MOST_DROPS) return undefined;
    const tlb = narrow?.region.tlb ?? found.tlb;
    const region = { ...found, tlb, walks: walks || this.options.walks === true, number: ++this.#number };
    const spot = { head, owner, base, place };
    const life = { shape: shapeOf(found), slot: 0, dropped: false, samples: 0, misses: 0, narrow };
    const live: LiveRegion = { ...spot, region, targets, stops, round, walks, ...life };
    this.#regions.add(live);
    this.#queue.add(live);
    return live;
  }

  #codePage(page: CodePage | undefined): SourcePage | undefined {
    return page && this.parts.isCode(page.number * PAGE_BYTES) ? page : undefined;
  }

  /** The page that is mapped so far from a linear address, if code of it was executed lately. */
  pageAt(base: bigint, distance: number): CodePage | undefined {
    const { state } = this.parts;
    const linear = BigInt.asUintN(64, base + BigInt(distance));
    const entry = CODE_TLB + (Number((linear >> 12n) & BigInt(CODE_TLB_ENTRIES - 1)) << 4);
    if (state.get64(entry) !== (linear | state.get64(State.codeTag))) return undefined;
    return this.parts.arena().pageOfMap(state.get32(entry + 8));
  }

  #install(live: LiveRegion, compiled: unknown): void {
    if (this.#free.length === 0) this.#startAgain(this.#regions.oldest!);
    const slot = this.#free.pop()!;
    this.parts.table.set(slot, compiled);
    live.slot = slot;
    // Instructions take half a kilobyte each, and are not asked for any more.
    live.region = { ...live.region, blocks: [] };
    if (live.narrow && !live.narrow.dropped) this.#drop(live.narrow);
    live.narrow = undefined;
    this.compiled++;
    this.parts.arena().region(live.head, slot);
  }
}

/** A region that goes round the same loop or one around it, or begins where there is no room for it. */
function takesOver({ level, live }: Neighbour, { isWhole }: FoundRegion): boolean {
  if (!live || !isWhole) return live !== undefined;
  return live.stops.size === 0 && (level === 'same' || level === 'around');
}

/** Nothing to gain by the one over the other. */
const isAlike = (found: FoundRegion, { region, shape }: LiveRegion): boolean =>
  found.isPlainFloat === region.isPlainFloat && found.isWide === region.isWide && shapeOf(found) === shape;

const shapeOf = (found: FoundRegion): string =>
  [found.jumpPlaces.length, found.blocks.length, sizeOf(found)].join();

/** Entering and leaving a region costs as much as a few instructions. */
function isWorthwhile(region: FoundRegion): boolean {
  const places = new Set(region.blocks.map(({ place }) => place));
  const loops = region.blocks
    .map(lastOf)
    .some(({ place, target }) => target !== undefined && target <= place && places.has(target));
  return loops || sizeOf(region) >= FEWEST_INSTRUCTIONS;
}
