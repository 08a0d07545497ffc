import {
  CodeKind,
  Derived,
  RAM,
  SegmentCode,
  SEGMENT_MARK_SHIFT,
  segmentBaseAt as addressedBaseAt,
  SegmentIndex,
  SEGMENT_BYTES,
  Slot,
  State,
  STATE_BYTES,
  TLB_ENTRIES,
  TLB_SUPERVISOR,
  TLB_USER,
  WATCHED_PAGES,
} from './layout.js';
import { isChecked, modeOf } from './code-kind.js';
import { Tlb } from './tlb.js';
import { Attribute, isFlatCode, isFlatData } from './descriptors.js';
import type { Mode } from '../isa/instruction.js';
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
  readonly watchedPages: Uint8Array;

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
    this.watchedPages = this.u8.subarray(WATCHED_PAGES, WATCHED_PAGES + TLB_ENTRIES);
    this.set32(Derived.ramBytes, ramBytes);
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
    this.set64(State.masks, 0xffff_ffff_ffff_ffffn);
    this.set64(State.masks + 8, 0xffff_ffffn);
    this.set64(State.masks16, 0xffffn);
    this.set64(State.zeroResult, 1n);
    this.set64(State.signResult, 1n);
    this.cpl = 0;
    this.modeChanged();
  }

  get cpl(): number {
    return this.get32(State.cpl);
  }

  set cpl(level: number) {
    const user = level === 3;
    this.set32(State.cpl, level);
    this.set32(State.tlb, user ? TLB_USER : TLB_SUPERVISOR);
    this.set64(State.codeTag, BigInt((this.get32(State.codeKind) << 1) | (user ? 1 : 0)));
  }

  /** IA-32e mode is active: 64-bit or compatibility mode. */
  get longActive(): boolean {
    return (this.u32[State.efer >> 2]! & EFER_LMA) !== 0;
  }

  /** 64-bit mode. */
  get isLong(): boolean {
    return this.u32[State.codeKind >> 2] === CodeKind.long;
  }

  get mode(): Mode {
    return modeOf(this.u32[State.codeKind >> 2]!);
  }

  /** Offset of the instruction in its segment: rip in 64-bit mode, eip or ip elsewhere. */
  get instructionPointer(): bigint {
    const linear = this.get64(State.rip);
    return this.isLong ? linear : BigInt.asUintN(32, linear - this.get64(State.codeBase));
  }

  /** The code segment has been loaded before. */
  set instructionPointer(offset: bigint) {
    const linear = this.isLong ? offset : BigInt.asUintN(32, offset + this.get64(State.codeBase));
    this.set64(State.rip, linear);
  }

  /** CS, CR0 or EFER changed: what generated code knows about the mode. */
  modeChanged(): void {
    const kind = this.#codeKind();
    if (kind === CodeKind.long && this.isLong) return;
    this.set32(State.codeKind, kind);
    this.cpl = this.get32(State.cpl);
    const long = kind === CodeKind.long;
    const cs = segmentAt('cs');
    this.set64(State.codeBase, long ? 0n : this.get64(cs));
    this.set64(State.codeLimit, long ? 0xffff_ffff_ffff_ffffn : BigInt(this.get32(cs + 16)));
    // Code of a segment that is not flat is looked at again: it may be another segment.
    if (isChecked(kind)) this.tlb.flushCode();
    for (const name of ADDRESSED) this.#segmentChanged(name);
  }

  #codeKind(): number {
    const attributes = this.attributes('cs');
    if (this.longActive && attributes & Attribute.long) return CodeKind.long;
    const flat = isFlatCode(this.segment('cs'));
    if (attributes & Attribute.default32) return flat ? CodeKind.code32 : CodeKind.checked32;
    return flat ? CodeKind.code16 : CodeKind.checked16;
  }

  /** Outside 64-bit mode: what is added to offsets in the segment. */
  #segmentChanged(name: AddressedName): void {
    const at = addressedBaseAt(SegmentCode.legacyEs + SegmentIndex[name]);
    const segment = this.segment(name);
    const mark = BigInt(SegmentIndex[name] + 1) << BigInt(32 + SEGMENT_MARK_SHIFT);
    this.set64(at, this.isLong || isFlatData(segment) ? 0n : BigInt.asUintN(32, segment.base) | mark);
    if (name !== 'ss') return;
    const short = !this.isLong && (segment.attributes & Attribute.default32) === 0;
    this.set64(State.stackMask, this.isLong ? 0xffff_ffff_ffff_ffffn : short ? 0xffffn : 0xffff_ffffn);
    this.set64(State.stackKeep, short ? 0xffff_ffff_ffff_0000n : 0n);
    if (short) this.set64(at, this.get64(at) | mark);
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
    if (name === 'cs') this.modeChanged();
    else if (!this.isLong && isAddressed(name)) this.#segmentChanged(name);
  }
}

const EFER_LMA = 0x400;
const ADDRESSED = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;
type AddressedName = (typeof ADDRESSED)[number];
const isAddressed = (name: SegmentName): name is AddressedName => name !== 'ldtr' && name !== 'tr';

export const segmentAt = (name: SegmentName) => State.segments + SegmentIndex[name] * SEGMENT_BYTES;

/** The bases of fs and gs live where address computations find them. */
function segmentBaseAt(name: SegmentName): number {
  if (name === 'fs') return Slot.fsBase;
  return name === 'gs' ? Slot.gsBase : segmentAt(name);
}
