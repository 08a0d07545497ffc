import type { GuestMemory } from '../../../core/cpu/types.js';

export const PAGE_BYTES = 4096;
export const PAGE_SHIFT = 12;

export const pageFloor = (address: number) => address - (address % PAGE_BYTES);
export const pageCeil = (address: number) => pageFloor(address + PAGE_BYTES - 1);

/** Raised when guest RAM is exhausted; the gate turns it into ENOMEM or kills the faulting context. */
export class OutOfFrames extends Error {}

/** Counts references to the 4 KiB frames of guest RAM above `firstFree`. Addresses are physical, in bytes. */
export class FrameAllocator {
  readonly #references: Uint32Array;
  readonly #free: number[] = [];
  #next: number;
  readonly #end: number;
  #used = 0;
  /** A frame of zeroes that is never written: what reads of untouched memory see. */
  readonly zeroFrame: number;

  constructor(
    private readonly memory: GuestMemory,
    firstFree: number,
  ) {
    this.#next = pageCeil(firstFree);
    this.#end = pageFloor(memory.ramBytes);
    this.#references = new Uint32Array(this.#end / PAGE_BYTES);
    this.zeroFrame = this.allocate();
  }

  get totalFrames(): number {
    return this.#end / PAGE_BYTES;
  }

  get freeFrames(): number {
    return this.totalFrames - this.#next / PAGE_BYTES + this.#free.length;
  }

  get usedFrames(): number {
    return this.#used;
  }

  /** One zeroed frame with one reference. */
  allocate(): number {
    const frame = this.#take();
    this.memory.fill(frame, 0, PAGE_BYTES);
    return frame;
  }

  /** One frame that starts as a copy of another. */
  duplicate(source: number): number {
    const frame = this.#take();
    this.memory.write(frame, this.memory.view(source, PAGE_BYTES));
    return frame;
  }

  reference(frame: number): number {
    const index = frame >>> PAGE_SHIFT;
    this.#references[index] = this.references(frame) + 1;
    return frame;
  }

  references(frame: number): number {
    return this.#references[frame >>> PAGE_SHIFT] ?? 0;
  }

  release(frame: number): void {
    const left = this.references(frame) - 1;
    if (left < 0) throw new Error(`frame 0x${frame.toString(16)} was released twice`);
    this.#references[frame >>> PAGE_SHIFT] = left;
    if (left > 0) return;
    this.#used -= 1;
    this.#free.push(frame);
  }

  #take(): number {
    const frame = this.#free.pop() ?? this.#extend();
    this.#references[frame >>> PAGE_SHIFT] = 1;
    this.#used += 1;
    return frame;
  }

  #extend(): number {
    if (this.#next >= this.#end) throw new OutOfFrames('guest RAM is exhausted');
    const frame = this.#next;
    this.#next += PAGE_BYTES;
    return frame;
  }
}
