import type { CodeCache } from './code-cache.js';
import { GuestFault, Vector } from './guest-fault.js';
import { RAM, TLB_SUPERVISOR, TLB_USER, TLB_WRITE } from './layout.js';
import { highHalf, linearOf, lowHalf } from './halves.js';
import type { MemoryUnit } from './memory-unit.js';
import type { Paging } from './paging.js';
import { Want } from './paging.js';
import { linearInSegment } from './segment-access.js';
import type { CpuState } from './state.js';

const TWO_32 = 0x1_0000_0000;
const PAGE_BYTES = 0x1000;
/** As many as an XSAVE image has. */
const MOST_WORDS = 208;

/** Accesses that TypeScript makes as part of an instruction or a delivery. Throws GuestFault. */
export class LinearMemory {
  /** Words of 32 bits that `load` has brought and `store` takes away. */
  readonly words = new Uint32Array(MOST_WORDS);
  readonly #bytes = new Uint8Array(this.words.buffer);

  constructor(
    private readonly state: CpuState,
    private readonly paging: Paging,
    private readonly unit: MemoryUnit,
    private readonly code: () => CodeCache,
  ) {}

  /**
   * Brings `count` words to `words`, from the linear address that lies in the state at `base`, plus `offset`;
   * `supervisor` for the processor's own accesses, whatever the privilege.
   */
  load(base: number, offset: number, count: number, supervisor = false): Uint32Array {
    const { low, high } = this.#address(base, offset, count * 4, supervisor);
    const host = this.#host(low, high, count * 4, supervisor ? Want.implicit : this.#userBit());
    if (host === 0) this.#bytes.set(this.read(linearOf(low, high), count * 4, supervisor));
    for (let i = 0; host !== 0 && i < count; i++) this.words[i] = this.state.u32[(host >>> 2) + i]!;
    if (host !== 0 && !supervisor && this.unit.isWatched) this.unit.note(low, high, count * 4, false);
    return this.words;
  }

  /** Takes the first `count` of `words` away, addressed as for `load`. All of them or a fault and none. */
  store(base: number, offset: number, count: number, supervisor = false): void {
    const { low, high } = this.#address(base, offset, count * 4, supervisor, true);
    const host = this.#host(
      low,
      high,
      count * 4,
      Want.write | (supervisor ? Want.implicit : this.#userBit()),
    );
    if (host === 0) this.write(linearOf(low, high), this.#bytes.slice(0, count * 4), supervisor);
    for (let i = 0; host !== 0 && i < count; i++) this.state.u32[(host >>> 2) + i] = this.words[i]!;
    if (host !== 0 && !supervisor && this.unit.isWatched) this.unit.note(low, high, count * 4, true);
  }

  /** #GP for an operand that is not on its boundary, after what its address itself may raise. */
  requireAligned(base: number, boundary: number): void {
    if (this.state.get32(base) % boundary === 0) return;
    if (this.state.isLong) this.#requireCanonical(this.state.get64(base), false);
    throw new GuestFault(Vector.GP);
  }

  /** Whether the byte at an offset may be accessed, before anything else is. */
  touch(base: number, offset: number, writes: boolean): void {
    this.#pieces(this.state.get64(base) + BigInt(offset), 1, writes, false);
  }

  /** `store` for what the processor pushes word by word, the last one first: a page fault is that of the first it cannot push. */
  storeFrame(base: number, offset: number, count: number, supervisor: boolean): void {
    try {
      this.store(base, offset, count, supervisor);
    } catch (fault) {
      throw this.#asPushed(fault, this.state.get64(base) + BigInt(offset), count * 4, 8, supervisor);
    }
  }

  /** `write` for words that are pushed, the last one first. */
  writeFrame(linear: bigint, bytes: Uint8Array, wordBytes: number, supervisor: boolean): void {
    try {
      this.write(linear, bytes, supervisor);
    } catch (fault) {
      throw this.#asPushed(fault, linear, bytes.length, wordBytes, supervisor);
    }
  }

  #asPushed(fault: unknown, start: bigint, length: number, wordBytes: number, supervisor: boolean): unknown {
    if (!(fault instanceof GuestFault) || fault.vector !== Vector.PF) return fault;
    try {
      for (let at = length - wordBytes; at >= 0; at -= wordBytes)
        this.#pieces(start + BigInt(at), wordBytes, true, supervisor);
    } catch (first) {
      return first;
    }
    return fault;
  }

  read(linear: bigint, length: number, supervisor = false): Uint8Array {
    const bytes = new Uint8Array(length);
    for (const { physical, at, count } of this.#pieces(linear, length, false, supervisor)) {
      bytes.set(this.unit.readPhysical(physical, count), at);
    }
    if (!supervisor && this.unit.isWatched) this.unit.note(lowHalf(linear), highHalf(linear), length, false);
    return bytes;
  }

  readNumber(linear: bigint, sizeBytes: 2 | 4, supervisor = false): number {
    const bytes = this.read(linear, sizeBytes, supervisor);
    const view = new DataView(bytes.buffer);
    return sizeBytes === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
  }

  read64(linear: bigint, supervisor = false): bigint {
    return new DataView(this.read(linear, 8, supervisor).buffer).getBigUint64(0, true);
  }

  /** All bytes or a fault and none. Only RAM: nothing that comes this way belongs into a device. */
  write(linear: bigint, bytes: Uint8Array, supervisor = false): void {
    const pieces = this.#pieces(linear, bytes.length, true, supervisor);
    for (const { physical, at, count } of pieces) {
      if (physical + count > this.state.ramBytes) throw new GuestFault(Vector.GP);
      this.state.u8.set(bytes.subarray(at, at + count), RAM + physical);
      this.code().invalidate(physical, count);
    }
    if (!supervisor && this.unit.isWatched)
      this.unit.note(lowHalf(linear), highHalf(linear), bytes.length, true);
  }

  /** Words of 64 bits, wherever they are mapped; all ones outside RAM. */
  readPhysical(physical: number, count: number): bigint[] {
    const start = physical >>> 0;
    const at = (i: number) => start + i * 8;
    return Array.from({ length: count }, (_, i) =>
      at(i) + 8 <= this.state.ramBytes ? this.state.get64(RAM + at(i)) : 0xffff_ffff_ffff_ffffn,
    );
  }

  #userBit(): number {
    return this.state.cpl === 3 ? Want.user : 0;
  }

  #address(base: number, offset: number, bytes: number, supervisor: boolean, writes = false) {
    const { u32 } = this.state;
    const low = u32[base >> 2]! + offset;
    const high = (u32[(base >> 2) + 1]! + Math.floor(low / TWO_32)) | 0;
    return { low: low | 0, high: this.#upperHalf(low | 0, high, bytes, supervisor, writes) };
  }

  /** Operands outside 64-bit mode may carry the mark of a segment; the processor's own tables do not. */
  #upperHalf(low: number, high: number, bytes: number, supervisor: boolean, writes: boolean): number {
    const { state } = this;
    if (high === 0 || (supervisor ? state.longActive : state.isLong)) return high;
    if (!supervisor) linearInSegment(state, low, high, bytes, writes);
    return 0;
  }

  /** Where the bytes are in the host's memory; 0 when they are not words in one page of RAM that holds no code. */
  #host(low: number, high: number, bytes: number, want: number): number {
    if ((low & 3) !== 0 || (low & (PAGE_BYTES - 1)) + bytes > PAGE_BYTES) return 0;
    const writes = (want & Want.write) !== 0;
    const table = (want & Want.user ? TLB_USER : TLB_SUPERVISOR) + (writes ? TLB_WRITE : 0);
    return this.state.tlb.find(table, low, high) || this.#walk(table, low, high, want);
  }

  #walk(table: number, low: number, high: number, want: number): number {
    if (!isCanonicalHigh(high)) return 0;
    const physical = this.paging.walkNow(low, high, want);
    const inRam = physical >= 0 && physical < this.state.ramBytes;
    if (!inRam || (want & Want.write && this.code().isCode(physical))) return 0;
    this.unit.enter(table, low, high, physical);
    return RAM + physical;
  }

  #pieces(linear: bigint, length: number, writes: boolean, supervisor: boolean) {
    const pieces: { physical: number; at: number; count: number }[] = [];
    const want = (writes ? Want.write : 0) | (supervisor ? Want.implicit : this.#userBit());
    const low = Number(linear & 0xffff_ffffn) | 0;
    const high = Number(BigInt.asUintN(64, linear) >> 32n) | 0;
    const start = linearOf(low, this.#upperHalf(low, high, length, supervisor, writes));
    const bits = this.state.longActive ? 64 : 32;
    for (let at = 0; at < length;) {
      const address = BigInt.asUintN(bits, start + BigInt(at));
      const count = Math.min(length - at, PAGE_BYTES - Number(address & 0xfffn));
      pieces.push({ physical: this.#translate(address, want), at, count });
      at += count;
    }
    return pieces;
  }

  #requireCanonical(address: bigint, supervisor: boolean): void {
    if (isCanonical(address)) return;
    throw new GuestFault(!supervisor && this.unit.isStack() ? Vector.SS : Vector.GP);
  }

  #translate(address: bigint, want: number): number {
    this.#requireCanonical(address, (want & Want.implicit) !== 0);
    const low = Number(address & 0xffff_ffffn) | 0;
    const physical = this.paging.walkNow(low, Number(address >> 32n) | 0, want);
    if (physical < 0) throw new GuestFault(Vector.PF, this.paging.errorCode, address);
    return physical;
  }
}

export const isCanonical = (address: bigint) =>
  BigInt.asUintN(64, BigInt.asIntN(48, address)) === BigInt.asUintN(64, address);

/** By the upper half of an address. */
export const isCanonicalHigh = (high: number) => high >>> 15 === 0 || high >>> 15 === 0x1_ffff;
