import type { GuestMemory } from '../../../core/cpu/types.js';
import { PAGE_BYTES, pageCeil } from './frames.js';
import type { FrameAllocator } from './frames.js';

/** Fills pages of an object that mirrors something outside (a host file). Both run to completion. */
export interface Pager {
  fill(offset: number, length: number): Uint8Array;
  /** Left out while nobody may write. */
  readonly writeBack?: ((offset: number, bytes: Uint8Array) => void) | undefined;
  /** How long it is now; the object learns of it when somebody looks behind the end. */
  readonly sizeBytes?: number | undefined;
  /** The object is gone. */
  release?(): void;
}

/**
 * Bytes that outlive a call: what files, shared memory and mappings are made of. They lie in guest frames, not in a
 * V8 heap, so a mapping survives the service that made it.
 */
export class MemoryObject {
  readonly #pages = new Map<number, number>();
  #references = 1;
  sizeBytes: number;

  constructor(
    readonly id: number,
    private readonly memory: GuestMemory,
    private readonly frames: FrameAllocator,
    sizeBytes = 0,
    private readonly pager?: Pager,
  ) {
    this.sizeBytes = sizeBytes;
  }

  /** The frame behind a page; the object keeps its own reference. Absent pages are made when `create`. */
  frameAt(page: number, create: boolean): number | undefined {
    const known = this.#pages.get(page);
    if (known !== undefined || !(create || this.pager)) return known;
    const frame = this.frames.allocate();
    if (this.pager) this.memory.write(frame, this.pager.fill(page * PAGE_BYTES, PAGE_BYTES));
    this.#pages.set(page, frame);
    return frame;
  }

  /** Makes a frame the content of a page; takes over the reference. */
  adopt(page: number, frame: number): void {
    this.#pages.set(page, frame);
  }

  read(offset: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.sizeBytes - offset));
    const bytes = new Uint8Array(wanted);
    this.#eachPage(offset, wanted, (page, within, at, count) => {
      const frame = this.frameAt(page, false);
      if (frame !== undefined) bytes.set(this.memory.view(frame + within, count), at);
    });
    return bytes;
  }

  /** Grows the object when the bytes end behind its size. */
  write(offset: number, bytes: Uint8Array): void {
    this.#eachPage(offset, bytes.length, (page, within, at, count) => {
      const frame = this.frameAt(page, true) ?? 0;
      this.memory.write(frame + within, bytes.subarray(at, at + count));
    });
    this.sizeBytes = Math.max(this.sizeBytes, offset + bytes.length);
  }

  /** Whether the page at `offset` lies in what is mirrored, if only in part. */
  covers(offset: number): boolean {
    if (!this.pager || offset < pageCeil(this.sizeBytes)) return true;
    this.sizeBytes = Math.max(this.sizeBytes, this.pager.sizeBytes ?? 0);
    return offset < pageCeil(this.sizeBytes);
  }

  /** What lies outside has changed: pages that are here show it too. */
  refresh(offset: number, bytes: Uint8Array): void {
    this.#eachPage(offset, bytes.length, (page, within, at, count) => {
      const frame = this.#pages.get(page);
      if (frame !== undefined) this.memory.write(frame + within, bytes.subarray(at, at + count));
    });
    this.sizeBytes = Math.max(this.sizeBytes, offset + bytes.length);
  }

  /** Puts what pages here hold over bytes that were read outside. */
  overlay(offset: number, bytes: Uint8Array): void {
    this.#eachPage(offset, bytes.length, (page, within, at, count) => {
      const frame = this.#pages.get(page);
      if (frame !== undefined) bytes.set(this.memory.view(frame + within, count), at);
    });
  }

  /** Cuts or extends; what is cut reads as zeroes when the object grows again. */
  resize(sizeBytes: number): void {
    const keep = Math.ceil(sizeBytes / PAGE_BYTES);
    for (const [page, frame] of this.#pages) {
      if (page < keep) continue;
      this.#pages.delete(page);
      this.frames.release(frame);
    }
    const tail = this.#pages.get(keep - 1);
    const within = sizeBytes % PAGE_BYTES;
    if (tail !== undefined && within > 0) this.memory.fill(tail + within, 0, PAGE_BYTES - within);
    this.sizeBytes = sizeBytes;
  }

  /** Hands every page back to the pager, as msync and the last munmap do. */
  sync(): void {
    const writeBack = this.pager?.writeBack;
    if (!writeBack) return;
    for (const [page, frame] of this.#pages) {
      const count = Math.min(PAGE_BYTES, this.sizeBytes - page * PAGE_BYTES);
      if (count > 0) writeBack(page * PAGE_BYTES, this.memory.read(frame, count));
    }
  }

  retain(): this {
    this.#references += 1;
    return this;
  }

  release(): void {
    this.#references -= 1;
    if (this.#references > 0) return;
    this.sync();
    this.pager?.release?.();
    for (const frame of this.#pages.values()) this.frames.release(frame);
    this.#pages.clear();
  }

  get residentPages(): number {
    return this.#pages.size;
  }

  #eachPage(
    offset: number,
    length: number,
    visit: (page: number, within: number, at: number, count: number) => void,
  ): void {
    for (let at = 0; at < length;) {
      const within = (offset + at) % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - within, length - at);
      visit(Math.floor((offset + at) / PAGE_BYTES), within, at, count);
      at += count;
    }
  }
}
