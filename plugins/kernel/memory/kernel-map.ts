import type { GuestMemory } from '../../../core/cpu/types.js';
import { PAGE_BYTES } from './frames.js';
import type { FrameAllocator } from './frames.js';
import { Pte } from './page-table.js';

const LARGE_PAGE_BYTES = 2 ** 21;
const NX = 1n << 63n;
const FRAME_MASK = 0x000f_ffff_ffff_f000n;
const LEVEL_SHIFTS = [39n, 30n, 21n, 12n] as const;

/**
 * The kernel half of every address space: image, direct map of RAM, kernel stacks. Its top-level entries are made
 * once, before the first process copies them, so later mappings below them show everywhere.
 */
export class KernelMap {
  readonly root: number;

  constructor(
    private readonly memory: GuestMemory,
    private readonly frames: FrameAllocator,
  ) {
    this.root = frames.allocate();
  }

  /** Makes the top-level table for an address, so that it is shared from now on. */
  reserve(virtual: bigint): void {
    this.#table(this.root, virtual, LEVEL_SHIFTS[0]);
  }

  mapPage(virtual: bigint, physical: number, { write, execute }: { write: boolean; execute: boolean }): void {
    const table = this.#walk(virtual, 3);
    const bits = BigInt(Pte.P | Pte.G | (write ? Pte.RW : 0));
    this.#put(table, virtual, LEVEL_SHIFTS[3], BigInt(physical) | bits | (execute ? 0n : NX));
  }

  /** Maps RAM from physical 0, writable and never executable, in 2 MiB pages. */
  mapDirect(virtual: bigint, bytes: number): void {
    for (let physical = 0; physical < bytes; physical += LARGE_PAGE_BYTES) {
      const at = virtual + BigInt(physical);
      const entry = BigInt(physical) | BigInt(Pte.P | Pte.RW | Pte.PS | Pte.G) | NX;
      this.#put(this.#walk(at, 2), at, LEVEL_SHIFTS[2], entry);
    }
  }

  /** Maps fresh frames from `virtual` on; answers the physical address of each page. */
  mapFresh(virtual: bigint, bytes: number): number[] {
    return Array.from({ length: bytes / PAGE_BYTES }, (_, page) => {
      const frame = this.frames.allocate();
      this.mapPage(virtual + BigInt(page * PAGE_BYTES), frame, { write: true, execute: false });
      return frame;
    });
  }

  #walk(virtual: bigint, levels: number): number {
    return LEVEL_SHIFTS.slice(0, levels).reduce(
      (table, shift) => this.#table(table, virtual, shift),
      this.root,
    );
  }

  #table(table: number, virtual: bigint, shift: bigint): number {
    const slot = table + Number((virtual >> shift) & 511n) * 8;
    const entry = this.memory.read64(slot);
    if (entry & BigInt(Pte.P)) return Number(entry & FRAME_MASK);
    const fresh = this.frames.allocate();
    this.memory.write64(slot, BigInt(fresh) | BigInt(Pte.P | Pte.RW | Pte.US));
    return fresh;
  }

  #put(table: number, virtual: bigint, shift: bigint, entry: bigint): void {
    this.memory.write64(table + Number((virtual >> shift) & 511n) * 8, entry);
  }
}
