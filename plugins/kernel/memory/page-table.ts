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

  /** Every page with a frame in [start, end), skipping empty tables. */
  *present(start: number, end: number): Generator<number> {
    for (let linear = start; linear < end;) {
      const hole = this.#emptySpan(linear);
      if (hole > 0) {
        linear = Math.floor(linear / hole) * hole + hole;
        continue;
      }
      yield linear;
      linear += PAGE_BYTES;
    }
  }

  /** Gives the tables back; the pages must have been unmapped before. */
  destroy(): void {
    this.#freeTable(this.root, 0);
  }

  #freeTable(table: number, level: number): void {
    const entries = level === 0 ? ENTRIES / 2 : ENTRIES;
    for (let index = 0; level < 3 && index < entries; index++) {
      const low = this.memory.read32(table + index * 8);
      if (low & Pte.P) this.#freeTable((low & FRAME_MASK) >>> 0, level + 1);
    }
    this.frames.release(table);
  }

  /** Bytes of the largest unmapped slot around `linear`, 0 where a page is present. */
  #emptySpan(linear: number): number {
    let table = this.root;
    for (const span of SPANS) {
      const low = this.memory.read32(table + (Math.floor(linear / span) % ENTRIES) * 8);
      if (!(low & KEPT)) return span;
      table = (low & FRAME_MASK) >>> 0;
    }
    return 0;
  }

  /** Physical address of the last-level entry, 0 where a table is missing and not wanted. */
  #entry(linear: number, create: boolean): number {
    let table = this.root;
    for (const span of SPANS.slice(0, 3)) {
      const slot = table + (Math.floor(linear / span) % ENTRIES) * 8;
      const low = this.memory.read32(slot);
      if (low & Pte.P) table = (low & FRAME_MASK) >>> 0;
      else if (!create) return 0;
      else table = this.#addTable(slot);
    }
    return table + (Math.floor(linear / PAGE_BYTES) % ENTRIES) * 8;
  }

  #addTable(slot: number): number {
    const table = this.frames.allocate();
    this.memory.write32(slot, (table | Pte.P | Pte.RW | Pte.US) >>> 0);
    this.memory.write32(slot + 4, 0);
    return table;
  }
}
