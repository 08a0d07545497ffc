import type { HelperSignatures } from '../emitter/record-emitter.js';
import { CODE_TLB, CODE_TLB_ENTRIES, Field, PAGE_BYTES, Slot, State } from '../layout.js';
import type { Linker } from '../linker.js';
import type { ModelRows } from '../model-rows.js';
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
const MOST_ROUNDS = 3;
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
  /** Number in the table, once it is compiled. */
  slot: number;
  dropped: boolean;
  /** Where it has jumped to beyond itself. */
  readonly targets: Set<number>;
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
    if (this.#widen(head)) return;
    const live = this.#byHead.get(head) ?? this.#find(head, arena.ownerOf(head));
    if (live && live.slot !== 0) arena.region(head, live.slot);
  }

  #canAfford(): boolean {
    if (this.options.atOnce) return true;
    const paid = FREE_INSTRUCTIONS + this.parts.retired() / RETIRED_FOR_ONE;
    return this.#instructionsCompiled < paid;
  }

  /** The region of a head has jumped to what is now a head too, at a place seen from its page. */
  reached(target: number, from: number, place: number): void {
    const live = this.#byHead.get(from);
    if (!live || live.targets.size >= MOST_TARGETS || live.round >= MOST_ROUNDS) return;
    live.targets.add(place);
    this.#reachedFrom.set(target, live);
  }

  /** A region that jumps to this head often takes it in, with the others that it has reached. */
  #widen(head: number): boolean {
    const live = this.#reachedFrom.get(head);
    this.#reachedFrom.delete(head);
    if (!live || live.dropped || live.slot === 0) return false;
    return this.#find(live.head, live.owner, live) !== undefined;
  }

  /** Bytes `from` to the one before `to` of a physical page change. */
  forget(page: number, from: number, to: number): void {
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
    const region = { ...found, number: ++this.#number };
    const live: LiveRegion = {
      region,
      head,
      owner,
      base,
      slot: 0,
      dropped: false,
      targets,
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
