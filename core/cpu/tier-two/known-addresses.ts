import type { Local } from '../wasm/body.js';
import type { Expr, NumberedSum } from '../wasm/expr.js';
import type { RegionBody } from './region-body.js';

const [ADD, SUBTRACT, SHIFT_LEFT] = [0x7c, 0x7d, 0x86];

/**
 * A page that has been looked up: where `offset` and `host` are what the value that it is known by, plus `distance`, is from the start of the
 * page (i32, beyond the page where an access was elsewhere since), and as the host's address.
 */
export interface KnownPage {
  /** It has been looked up for writing; who may write may read. */
  readonly isWritable: boolean;
  readonly distance: bigint;
  readonly offset: Local;
  readonly host: Local;
}

interface Locals {
  readonly offset: Local;
  readonly host: Local;
  owner: KnownPage | undefined;
}

/** What is known at a place of the code. */
export interface Knowledge {
  /** By general register. */
  readonly registers: ReadonlyMap<number, NumberedSum>;
  readonly pages: ReadonlyMap<string, KnownPage>;
}

/** The address of the region's first page. */
export const PAGE_BASE: NumberedSum = { root: 1, distance: 0n };

const NOTHING: Knowledge = { registers: new Map(), pages: new Map() };
/** Farther apart than this two accesses are not looked at as neighbours. */
const FARTHEST = 1n << 20n;
/** So many pages are remembered. */
const MOST_PAGES = 12;

/**
 * Follows which addresses of a region differ by a constant, by numbers for values that registers and temporaries have; so an
 * access beside another one need not ask the TLB again, as long as it is in the same page. The TLB does not change while a region runs.
 */
export class KnownAddresses {
  #latest = PAGE_BASE.root;
  readonly #sums = new Map<string, number>();
  #registers = new Map<number, NumberedSum>();
  #pages = new Map<string, KnownPage>();
  readonly #locals: Locals[] = [];
  #turn = 0;
  /** By block that is done. */
  readonly #behind = new Map<number, Knowledge>();

  constructor(private readonly body: RegionBody) {}

  // Values.

  fresh(): NumberedSum {
    return { root: ++this.#latest, distance: 0n };
  }

  register(number: number): NumberedSum {
    const known = this.#registers.get(number) ?? this.fresh();
    this.#registers.set(number, known);
    return known;
  }

  /** A general register is written, all of it or a part. */
  written(register: number, value: Expr | undefined): void {
    const sum = value && this.sumOf(value);
    if (sum) this.#registers.set(register, sum);
    else this.#registers.delete(register);
  }

  /** What an i64 is, where that can be told from how it is computed. */
  sumOf(value: Expr): NumberedSum | undefined {
    if (value.numbered) return value.numbered;
    if (typeof value.constant === 'bigint') return { root: 0, distance: value.constant };
    const [a, b, opcode] = value.parts;
    if (value.parts.length !== 3 || typeof a !== 'object' || typeof b !== 'object') return undefined;
    if (opcode === ADD) return this.#sum(this.sumOf(a), this.sumOf(b));
    if (typeof b.constant !== 'bigint') return undefined;
    if (opcode === SUBTRACT) return this.#sum(this.sumOf(a), { root: 0, distance: -b.constant });
    return opcode === SHIFT_LEFT ? this.#shifted(this.sumOf(a), b.constant) : undefined;
  }

  #sum(a: NumberedSum | undefined, b: NumberedSum | undefined): NumberedSum | undefined {
    if (!a || !b) return undefined;
    const distance = a.distance + b.distance;
    if (a.root === 0 || b.root === 0) return { root: a.root + b.root, distance };
    return { root: this.#rootOf(`${Math.min(a.root, b.root)}+${Math.max(a.root, b.root)}`), distance };
  }

  #shifted(a: NumberedSum | undefined, by: bigint): NumberedSum | undefined {
    if (!a || a.root === 0) return undefined;
    return { root: this.#rootOf(`${a.root}<<${by}`), distance: a.distance << by };
  }

  #rootOf(sum: string): number {
    const root = this.#sums.get(sum) ?? ++this.#latest;
    this.#sums.set(sum, root);
    return root;
  }

  // Pages.

  /** One that the address is likely to be in, and how far the address is from what is known of it. */
  near({ root, distance }: NumberedSum, writes: boolean): { page: KnownPage; away: number } | undefined {
    const page = (writes ? undefined : this.#page(`r${root}`)) ?? this.#page(`w${root}`);
    if (!page) return undefined;
    const away = distance - page.distance;
    return away > -FARTHEST && away < FARTHEST ? { page, away: Number(away) } : undefined;
  }

  #page(key: string): KnownPage | undefined {
    const page = this.#pages.get(key);
    return page && this.#locals.some(({ owner }) => owner === page) ? page : undefined;
  }

  /** The page of an address is about to be looked up. */
  learn({ root, distance }: NumberedSum, writes: boolean): KnownPage {
    const locals = this.#nextLocals();
    const page = { isWritable: writes, distance, offset: locals.offset, host: locals.host };
    locals.owner = page;
    this.#pages.set(`${writes ? 'w' : 'r'}${root}`, page);
    return page;
  }

  #nextLocals(): Locals {
    const turn = this.#turn++ % MOST_PAGES;
    return (this.#locals[turn] ??= {
      offset: this.body.local('i32'),
      host: this.body.local('i32'),
      owner: undefined,
    });
  }

  // Control flow.

  now(): Knowledge {
    return { registers: new Map(this.#registers), pages: new Map(this.#pages) };
  }

  goBackTo({ registers, pages }: Knowledge): void {
    this.#registers = new Map(registers);
    this.#pages = new Map(pages);
  }

  forget(): void {
    this.goBackTo(NOTHING);
  }

  /** Two ways meet, this one and another. */
  meet(other: Knowledge): void {
    for (const [register, sum] of this.#registers)
      if (!equal(sum, other.registers.get(register))) this.#registers.delete(register);
    for (const [key, page] of this.#pages) if (other.pages.get(key) !== page) this.#pages.delete(key);
  }

  /** A block begins behind these; nothing is known behind those that come later in the code, or never end. */
  begin(predecessors: readonly number[]): void {
    this.meetAll(predecessors.map((number) => this.#behind.get(number) ?? NOTHING));
  }

  /** Ways meet; this one is none of them. */
  meetAll([first, ...rest]: readonly Knowledge[]): void {
    this.goBackTo(first ?? NOTHING);
    for (const other of rest) this.meet(other);
  }

  end(block: number): void {
    this.#behind.set(block, this.now());
  }
}

const equal = (a: NumberedSum, b: NumberedSum | undefined) =>
  b !== undefined && a.root === b.root && a.distance === b.distance;
