import type { HelperSignatures } from '../emitter/record-emitter.js';
import { CODE_TLB, CODE_TLB_ENTRIES, Field, PAGE_BYTES, Slot, State } from '../layout.js';
import type { Linker } from '../linker.js';
import type { ModelRows } from '../model-rows.js';
import { Op } from '../ops.js';
import type { CodePage, RecordArena } from '../record-arena.js';
import type { CpuState } from '../state.js';
import { compileInBackground, compileOptimised, compileQuickly } from '../wasm/compile.js';
import { findRegion } from './find-region.js';
import { isPlain } from './plain-float.js';
import type { SourcePage } from './find-region.js';
import { regionExport, RegionModule } from './region-module.js';
import type { Region } from './region.js';

export interface TierTwoOptions {
  /** How often a head is passed before its region is compiled. */
  readonly countTo: number;
  /** Compiles while the machine waits, so that a test knows when it is done. */
  readonly atOnce: 'optimised' | 'quickly' | false;
}

export const TIER_TWO: TierTwoOptions = { countTo: 4000, atOnce: false };

/** Instructions that are compiled whatever it costs: the loops of a small program. */
const FREE_INSTRUCTIONS = 3000;
/** To compile one costs as much time as tier 1 needs for some 30,000: a program may spend about a third of its time on it. */
const RETIRED_FOR_ONE = 100_000;

/** Lets the machine go on for a while. */
const aTurn = () => new Promise((resolve) => setImmediate(resolve));

const COMPILERS = { optimised: compileOptimised, quickly: compileQuickly };

/** How many regions may be compiled at a time; those behind `first` of the table belong to them. */
export const REGION_SLOTS = 4096;
/** After so many times a head is not compiled again. */
const MOST_DROPS = 6;
/** How many targets of indirect jumps a region takes in, and in how many rounds. */
const MOST_TARGETS = 32;
const MOST_ROUNDS = 4;
/** After so many jumps to other regions have been told. */
const SAMPLES = 64;
/** How often a head without a region of its own counts again, each time to twice as many. */
const MOST_WAITS = 8;
/** Without a loop a region has at least so many. */
const FEWEST_INSTRUCTIONS = 8;

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

/** A region from the time it is found until one of its bytes changes. */
interface LiveRegion {
  readonly region: Region;
  readonly head: number;
  readonly owner: CodePage;
  /** Linear address of the head's page when it was found. */
  readonly base: bigint;
  /** Of the head, from there. */
  readonly place: number;
  /** Number in the table, once it is compiled. */
  slot: number;
  dropped: boolean;
  /** Where it has jumped to beyond itself. */
  readonly targets: Set<number>;
  /** How many of its jumps to other regions have been told. */
  samples: number;
  /** How often it was found again with more targets. */
  readonly round: number;
  /** What it takes the place of. */
  narrow: LiveRegion | undefined;
}

/** Compiles what is hot, installs it in front of its head, and takes it away when its bytes change. */
export class TierTwo {
  readonly #lives = new Set<LiveRegion>();
  /** The latest of each head. */
  readonly #byHead = new Map<number, LiveRegion>();
  /** By physical page. */
  readonly #byPage = new Map<number, Set<LiveRegion>>();
  /** By head that a region has jumped to. */
  readonly #reachedFrom = new Map<number, LiveRegion>();
  /** How often code of a page was dropped. */
  readonly #drops = new Map<number, number>();
  /** How often a head has been counted again in vain, by physical page. */
  readonly #waits = new Map<number, Map<number, number>>();
  readonly #free: number[] = [];
  #waiting: LiveRegion[] = [];
  #compiling = false;
  /** Of the latest region. */
  #number = 0;
  /** How many regions were compiled, and how many instructions they have. */
  compiled = 0;
  #instructionsCompiled = 0;

  constructor(
    private readonly parts: TierTwoParts,
    private readonly options: TierTwoOptions,
  ) {
    for (let slot = REGION_SLOTS - 1; slot >= 0; slot--) this.#free.push(parts.first + slot);
  }

  get alive(): number {
    return this.#lives.size;
  }

  /** A head has been passed often. It stands in front of its record, and does nothing until the region is there. */
  hot(head: number): void {
    const arena = this.parts.arena();
    // What is hottest comes back first.
    if (!this.#canAfford()) return arena.count(head, this.options.countTo);
    arena.setIdle(head);
    const owner = arena.ownerOf(head);
    const isTried = this.#waits.get(owner.number)?.has(head) ?? false;
    const live = this.#byHead.get(head) ?? (isTried ? undefined : this.#find(head, owner));
    if (!live) this.#waitForCaller(head, owner);
    else if (live.slot !== 0) arena.region(head, live.slot);
  }

  /** What is too small to be compiled by itself belongs into the regions that jump here: now, or once they do. */
  #waitForCaller(head: number, { number }: CodePage): void {
    this.#widen(head);
    const here = this.#waits.get(number) ?? new Map<number, number>();
    this.#waits.set(number, here);
    const waits = here.get(head) ?? 0;
    if (waits >= MOST_WAITS) return;
    here.set(head, waits + 1);
    this.parts.arena().count(head, this.options.countTo << waits);
  }

  #canAfford(): boolean {
    if (this.options.atOnce) return true;
    const paid = FREE_INSTRUCTIONS + this.parts.retired() / RETIRED_FOR_ONE;
    return this.#instructionsCompiled < paid;
  }

  /** The region of a head has jumped to what is now a head too, at a place seen from its page. */
  reached(target: number, from: number, place: number): void {
    const live = this.#byHead.get(from);
    if (!live || live.targets.size > MOST_TARGETS || live.round >= MOST_ROUNDS) return;
    live.targets.add(place);
    if (this.parts.state.u16[target >> 1] !== Op.region) this.#reachedFrom.set(target, live);
    else if (++live.samples >= SAMPLES) {
      live.samples = 0;
      this.#takeIn(live);
    }
  }

  /** The handlers of an interpreter jump to each other: what those jump to that this one jumps to. */
  #addTargetsBehind(live: LiveRegion): void {
    const near = new Map(
      [...this.#lives].map((other) => [other.place + Number(other.base - live.base), other]),
    );
    for (const place of live.targets) {
      const next = near.get(place);
      if (!next || next === live) continue;
      const distance = Number(next.base - live.base);
      for (const target of next.targets)
        if (live.targets.size < MOST_TARGETS) live.targets.add(target + distance);
    }
  }

  /** Makes a region again, with the places that it has jumped to. */
  #takeIn(live: LiveRegion): void {
    if (live.dropped || live.slot === 0 || live.targets.size > MOST_TARGETS || !this.#canAfford()) return;
    this.#addTargetsBehind(live);
    this.#find(live.head, live.owner, live);
  }

  /** A region that jumps to this head often takes it in, with the others that it has reached. */
  #widen(head: number): void {
    const live = this.#reachedFrom.get(head);
    this.#reachedFrom.delete(head);
    if (live) this.#takeIn(live);
  }

  /** Bytes `from` to the one before `to` of a physical page change. */
  forget(page: number, from: number, to: number): void {
    this.#waits.delete(page);
    const here = this.#byPage.get(page);
    if (!here) return;
    for (const live of [...here]) {
      if (!live.region.bytes.get(page)!.subarray(from, to).includes(1)) continue;
      this.#drops.set(page, (this.#drops.get(page) ?? 0) + 1);
      this.#drop(live);
      this.parts.arena().count(live.head, this.options.countTo);
    }
  }

  forgetAll(): void {
    this.#reachedFrom.clear();
    for (const live of [...this.#lives]) this.#drop(live);
    this.#drops.clear();
    this.#waits.clear();
  }

  #drop(live: LiveRegion): void {
    live.dropped = true;
    live.narrow = undefined;
    this.#lives.delete(live);
    if (this.#byHead.get(live.head) === live) this.#byHead.delete(live.head);
    for (const [head, from] of this.#reachedFrom) if (from === live) this.#reachedFrom.delete(head);
    for (const page of live.region.bytes.keys()) {
      const here = this.#byPage.get(page)!;
      here.delete(live);
      if (here.size === 0) this.#byPage.delete(page);
    }
    if (live.slot === 0) return;
    this.parts.table.set(live.slot, null);
    this.#free.push(live.slot);
  }

  /** Makes a region again that was made before inexact was noted, while the program that it belongs to runs. */
  refresh(): void {
    const { state } = this.parts;
    const number = state.get32(State.outgrown);
    if (number === 0) return;
    state.set32(State.outgrown, 0);
    const live = [...this.#lives].find(({ region }) => region.number === number);
    if (!live || live.slot === 0 || this.#byHead.get(live.head) !== live) return;
    if (!isPlain(state) || !this.#canAfford()) return;
    const pages = [...live.region.pages, { distance: 0, map: live.owner.map }];
    const isThere = pages.every(({ distance, map }) => this.pageAt(live.base, distance)?.map === map);
    if (isThere) this.#find(live.head, live.owner, live);
  }

  /** The region of a head, or a wider one that takes the place of `narrow` once it is compiled. */
  #find(head: number, owner: CodePage, narrow?: LiveRegion): LiveRegion | undefined {
    if ((this.#drops.get(owner.number) ?? 0) >= MOST_DROPS) return undefined;
    const { state, rows } = this.parts;
    const base = narrow?.base ?? state.get64(Slot.pageBase);
    const targets = narrow?.targets ?? new Set<number>();
    const place = state.u16[(head + Field.place) >> 1]! & (PAGE_BYTES - 1);
    const found = findRegion(
      {
        state,
        rows,
        pageAt: (distance) => this.#codePage(distance === 0 ? owner : this.pageAt(base, distance)),
        hasBreakpoint: (offset) => this.parts.hasBreakpoint(offset),
      },
      place,
      [...targets],
    );
    if (!found || !isWorthwhile(found)) return undefined;
    const tlb = narrow?.region.tlb ?? found.tlb;
    const region = { ...found, tlb, number: ++this.#number };
    const live: LiveRegion = {
      region,
      head,
      owner,
      base,
      place,
      slot: 0,
      dropped: false,
      targets,
      samples: 0,
      round: narrow ? narrow.round + 1 : 0,
      narrow,
    };
    this.#lives.add(live);
    this.#byHead.set(head, live);
    for (const page of region.bytes.keys()) {
      const here = this.#byPage.get(page);
      if (here) here.add(live);
      else this.#byPage.set(page, new Set([live]));
    }
    this.#compileSoon(live);
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

  #compileSoon(live: LiveRegion): void {
    this.#waiting.push(live);
    this.#instructionsCompiled += sizeOf(live.region);
    if (this.options.atOnce) this.#install(this.#takeWaiting(), COMPILERS[this.options.atOnce]);
    else if (!this.#compiling) void this.#compileWaiting();
  }

  #takeWaiting(): LiveRegion[] {
    const batch = this.#waiting.filter(({ dropped }) => !dropped);
    this.#waiting = [];
    return batch;
  }

  /** What becomes hot in the meantime is compiled together afterwards. */
  async #compileWaiting(): Promise<void> {
    this.#compiling = true;
    try {
      await aTurn();
      while (this.#waiting.length > 0) {
        const batch = this.#takeWaiting();
        const module = new RegionModule(this.parts.signatures);
        for (const { region } of batch) {
          module.add(region);
          await aTurn();
        }
        if (batch.length > 0) this.#link(batch, await compileInBackground(module.bytes()));
      }
    } finally {
      this.#compiling = false;
    }
  }

  #install(batch: readonly LiveRegion[], compile: (bytes: Uint8Array) => WebAssembly.Module): void {
    const module = new RegionModule(this.parts.signatures);
    for (const { region } of batch) module.add(region);
    if (batch.length > 0) this.#link(batch, compile(module.bytes()));
  }

  #link(batch: readonly LiveRegion[], module: WebAssembly.Module): void {
    const { exports } = this.parts.linker().link(module);
    batch.forEach((live, i) => {
      const slot = live.dropped ? undefined : this.#free.pop();
      if (slot === undefined) return;
      this.parts.table.set(slot, exports[regionExport(i)]);
      live.slot = slot;
      if (live.narrow && !live.narrow.dropped) this.#drop(live.narrow);
      live.narrow = undefined;
      this.compiled++;
      this.parts.arena().region(live.head, slot);
    });
  }
}

/** Entering and leaving a region costs as much as a few instructions. */
function isWorthwhile(region: Pick<Region, 'blocks'>): boolean {
  const { blocks } = region;
  const places = new Set(blocks.map(({ place }) => place));
  const last = blocks.map(({ instructions }) => instructions.at(-1)!);
  const loops = last.some(
    ({ place, target }) => target !== undefined && target <= place && places.has(target),
  );
  return loops || sizeOf(region) >= FEWEST_INSTRUCTIONS;
}

const sizeOf = ({ blocks }: Pick<Region, 'blocks'>) =>
  blocks.reduce((sum, { instructions }) => sum + instructions.length, 0);
