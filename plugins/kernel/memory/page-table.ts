import type { GuestMemory } from '../../../core/cpu/types.js';
import { PAGE_BYTES } from './frames.js';
import type { FrameAllocator } from './frames.js';

/** Page-table entry bits, Intel SDM volume 3, table 5-20. */
export const Pte = {
  P: 1 << 0,
  RW: 1 << 1,
  US: 1 << 2,
  A: 1 << 5,
  D: 1 << 6,
  PS: 1 << 7,
  G: 1 << 8,
} as const;
// Bit 9 is free for software: a page that PROT_NONE hides keeps its frame in an entry that is not present.
const HIDDEN = 1 << 9;
const KEPT = Pte.P | HIDDEN;
const NX_HIGH = 0x8000_0000;
const FRAME_MASK = 0xffff_f000;
const ENTRIES = 512;
/** Bytes that one entry of each level spans, PML4 first. */
const SPANS = [2 ** 39, 2 ** 30, 2 ** 21, 2 ** 12] as const;
const LEAF = 3;

/** A table and the first linear address that it translates. */
interface Place {
  readonly table: number;
  readonly level: number;
  readonly base: number;
}

export interface PageFlags {
  readonly write: boolean;
  readonly execute: boolean;
}

export interface Mapped {
  readonly frame: number;
  readonly write: boolean;
}

/** The user half of one four-level table. Linear addresses are numbers below 2^47; frames lie below 4 GiB. */
export class PageTable {
  readonly root: number;

  constructor(
    private readonly memory: GuestMemory,
    private readonly frames: FrameAllocator,
    kernelRoot: number,
    private readonly invalidate: (linear: number, root: number) => void,
  ) {
    this.root = frames.allocate();
    const upperHalf = memory.read(kernelRoot + PAGE_BYTES / 2, PAGE_BYTES / 2);
    memory.write(this.root + PAGE_BYTES / 2, upperHalf);
  }

  /** Makes the tables over a page, so that a later `map` of it needs no frame. */
  prepare(linear: number): void {
    this.#entry(linear, true);
  }

  map(linear: number, frame: number, { write, execute }: PageFlags): void {
    const entry = this.#entry(linear, true);
    this.memory.write32(entry, (frame | Pte.P | Pte.US | (write ? Pte.RW : 0)) >>> 0);
    this.memory.write32(entry + 4, execute ? 0 : NX_HIGH);
    this.invalidate(linear, this.root);
  }

  /** Forgets the page and answers the frame it showed, whose reference is now the caller's. */
  unmap(linear: number): number | undefined {
    const entry = this.#entry(linear, false);
    const low = entry ? this.memory.read32(entry) : 0;
    if (!(low & KEPT)) return undefined;
    this.memory.write32(entry, 0);
    this.memory.write32(entry + 4, 0);
    this.invalidate(linear, this.root);
    return (low & FRAME_MASK) >>> 0;
  }

  /** Takes a resident page from view without forgetting its frame. */
  hide(linear: number): void {
    const entry = this.#entry(linear, false);
    const low = entry ? this.memory.read32(entry) : 0;
    if (low & Pte.P) this.memory.write32(entry, ((low & FRAME_MASK) | HIDDEN) >>> 0);
    this.invalidate(linear, this.root);
  }

  lookup(linear: number): Mapped | undefined {
    const entry = this.#entry(linear, false);
    const low = entry ? this.memory.read32(entry) : 0;
    if (!(low & KEPT)) return undefined;
    return { frame: (low & FRAME_MASK) >>> 0, write: (low & Pte.RW) !== 0 };
  }

  /** Every page with a frame in [start, end), in order. */
  present(start: number, end: number): number[] {
    const found: number[] = [];
    this.#collect({ table: this.root, level: 0, base: 0 }, { start, end }, found);
    return found;
  }

  /** Gives the tables back; the pages must have been unmapped before. */
  destroy(): void {
    this.#freeTable(this.root, 0);
  }

  #collect({ table, level, base }: Place, range: { start: number; end: number }, found: number[]): void {
    const span = SPANS[level] ?? PAGE_BYTES;
    const first = Math.max(0, Math.floor((range.start - base) / span));
    const last = Math.min(ENTRIES, Math.ceil((range.end - base) / span));
    const words = this.#words(table);
    for (let index = first; index < last; index++) {
      const low = words[index * 2] ?? 0;
      if ((low & KEPT) === 0) continue;
      const linear = base + index * span;
      if (level === LEAF) found.push(linear);
      else this.#collect({ table: (low & FRAME_MASK) >>> 0, level: level + 1, base: linear }, range, found);
    }
  }

  #freeTable(table: number, level: number): void {
    const words = this.#words(table);
    const entries = level === 0 ? ENTRIES / 2 : ENTRIES;
    for (let index = 0; level < LEAF && index < entries; index++) {
      const low = words[index * 2] ?? 0;
      if (low & Pte.P) this.#freeTable((low & FRAME_MASK) >>> 0, level + 1);
    }
    this.frames.release(table);
  }

  /** Two words for each entry, to look at. */
  #words(table: number): Uint32Array {
    const { buffer, byteOffset } = this.memory.view(table, PAGE_BYTES);
    return new Uint32Array(buffer, byteOffset, ENTRIES * 2);
  }

  /** Physical address of the last-level entry, 0 where a table is missing and not wanted. */
  #entry(linear: number, create: boolean): number {
    const page = Math.floor(linear / PAGE_BYTES);
    const upper = Math.floor(page / ENTRIES ** 2);
    const lower = page - upper * ENTRIES ** 2;
    const directories = this.#next(this.root, upper >>> 9, create);
    const directory = directories && this.#next(directories, upper & 511, create);
    const table = directory && this.#next(directory, lower >>> 9, create);
    return table && table + (lower & 511) * 8;
  }

  /** The table that an entry leads to, or 0. */
  #next(table: number, index: number, create: boolean): number {
    const slot = table + index * 8;
    const low = this.memory.read32(slot);
    if (low & Pte.P) return (low & FRAME_MASK) >>> 0;
    return create ? this.#addTable(slot) : 0;
  }

  #addTable(slot: number): number {
    const table = this.frames.allocate();
    this.memory.write32(slot, (table | Pte.P | Pte.RW | Pte.US) >>> 0);
    this.memory.write32(slot + 4, 0);
    return table;
  }
}
