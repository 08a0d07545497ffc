import {
  RAM,
  SegmentIndex,
  SEGMENT_BYTES,
  Slot,
  State,
  STATE_BYTES,
  TLB_SUPERVISOR,
  TLB_USER,
} from './layout.js';
import { Tlb } from './tlb.js';
import type { Segment, SegmentName } from './types.js';

const WASM_PAGE = 65536;

/** The one WebAssembly memory, with typed views and the derived fields kept right. */
export class CpuState {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly i32: Int32Array<ArrayBuffer>;
  readonly u64: BigUint64Array<ArrayBuffer>;
  readonly tlb: Tlb;

  constructor(readonly ramBytes: number) {
    const pages = Math.ceil((RAM + ramBytes) / WASM_PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.tlb = new Tlb(this.i32);
  }

  get64(offset: number): bigint {
    return this.u64[offset >> 3]!;
  }

  set64(offset: number, value: bigint): void {
    this.u64[offset >> 3] = value;
  }

  get32(offset: number): number {
    return this.u32[offset >> 2]!;
  }

  set32(offset: number, value: number): void {
    this.u32[offset >> 2] = value;
  }

  /** Everything zero, constants in place. */
  clear(): void {
    this.u8.fill(0, 0, STATE_BYTES);
    this.set64(Slot.big, 1n << 31n);
    this.set64(Slot.mask64, 0xffff_ffff_ffff_ffffn);
    this.set64(Slot.mask32, 0xffff_ffffn);
    this.set64(State.zeroResult, 1n);
    this.set64(State.signResult, 1n);
    this.cpl = 0;
  }

  get cpl(): number {
    return this.get32(State.cpl);
  }

  set cpl(level: number) {
    const user = level === 3;
    this.set32(State.cpl, level);
    this.set32(State.tlb, user ? TLB_USER : TLB_SUPERVISOR);
    this.set64(State.codeTag, user ? 1n : 0n);
  }

  segment(name: SegmentName): Segment {
    const at = segmentAt(name);
    return {
      selector: this.get32(at + 8),
      base: this.get64(segmentBaseAt(name)),
      limit: this.get32(at + 16),
      attributes: this.get32(at + 12),
    };
  }

  selector(name: SegmentName): number {
    return this.get32(segmentAt(name) + 8);
  }

  attributes(name: SegmentName): number {
    return this.get32(segmentAt(name) + 12);
  }

  setSegment(name: SegmentName, { selector, base, limit, attributes }: Segment): void {
    const at = segmentAt(name);
    this.set64(segmentBaseAt(name), BigInt.asUintN(64, base));
    this.set32(at + 8, selector);
    this.set32(at + 12, attributes);
    this.set32(at + 16, limit);
  }
}

export const segmentAt = (name: SegmentName) => State.segments + SegmentIndex[name] * SEGMENT_BYTES;

/** The bases of fs and gs live where address computations find them. */
function segmentBaseAt(name: SegmentName): number {
  if (name === 'fs') return Slot.fsBase;
  return name === 'gs' ? Slot.gsBase : segmentAt(name);
}
