import type { CodeCache } from '../cpu/code-cache.js';
import { RAM, State } from '../cpu/layout.js';
import type { Paging } from '../cpu/paging.js';
import { Want } from '../cpu/paging.js';
import type { CpuState } from '../cpu/state.js';
import type { AccessKind, GuestMemory, Translation } from './types.js';

const TWO_32 = 0x1_0000_0000;
const PAGE = 4096;

interface Piece {
  readonly physical: number;
  readonly at: number;
  readonly count: number;
}

/** RAM as TypeScript sees it: one writer, which keeps decoded code true. */
export class CpuGuestMemory implements GuestMemory {
  readonly #view: DataView;

  constructor(
    private readonly state: CpuState,
    private readonly paging: Paging,
    private readonly code: CodeCache,
    private readonly onAccess: (linear: bigint, length: number, kind: AccessKind) => void,
    private readonly onWrite: (physical: number, length: number) => void,
  ) {
    this.#view = new DataView(state.memory.buffer, RAM);
  }

  get ramBytes() {
    return this.state.ramBytes;
  }

  read8(physical: number): number {
    return this.#inRam(physical, 1) ? this.state.u8[RAM + physical]! : 0xff;
  }

  read16(physical: number): number {
    return this.#inRam(physical, 2) ? this.#view.getUint16(physical, true) : 0xffff;
  }

  read32(physical: number): number {
    return this.#inRam(physical, 4) ? this.#view.getUint32(physical, true) : 0xffff_ffff;
  }

  read64(physical: number): bigint {
    return this.#inRam(physical, 8) ? this.#view.getBigUint64(physical, true) : 0xffff_ffff_ffff_ffffn;
  }

  read(physical: number, length: number): Uint8Array {
    return this.view(physical, length).slice();
  }

  view(physical: number, length: number): Uint8Array {
    if (this.#inRam(physical, length)) return this.state.u8.subarray(RAM + physical, RAM + physical + length);
    return Uint8Array.from({ length }, (_, i) => this.read8(physical + i));
  }

  write8(physical: number, value: number): void {
    if (!this.#inRam(physical, 1)) return;
    this.state.u8[RAM + physical] = value;
    this.#wrote(physical, 1);
  }

  write16(physical: number, value: number): void {
    if (!this.#inRam(physical, 2)) return;
    this.#view.setUint16(physical, value, true);
    this.#wrote(physical, 2);
  }

  write32(physical: number, value: number): void {
    if (!this.#inRam(physical, 4)) return;
    this.#view.setUint32(physical, value, true);
    this.#wrote(physical, 4);
  }

  write64(physical: number, value: bigint): void {
    if (!this.#inRam(physical, 8)) return;
    this.#view.setBigUint64(physical, value, true);
    this.#wrote(physical, 8);
  }

  write(physical: number, bytes: Uint8Array): void {
    const kept = this.#store(physical, bytes);
    if (kept > 0) this.onWrite(physical, kept);
  }

  fill(physical: number, byte: number, length: number): void {
    const kept = this.#clip(physical, length);
    if (kept === 0) return;
    this.state.u8.fill(byte, RAM + physical, RAM + physical + kept);
    this.#wrote(physical, kept);
  }

  translate(linear: bigint, cr3: bigint): Translation | undefined {
    const physical = this.#walk(linear, Want.quiet, cr3);
    if (physical < 0) return undefined;
    const { writable, user, executable, pageBytes } = this.paging;
    return { physical, writable, user, executable, pageBytes };
  }

  translateUser(linear: number, cr3: number, write: boolean): number {
    if (!(linear >= 0 && linear < 2 ** 47)) return -1;
    const want = Want.user | (write ? Want.write : 0);
    const high = Math.floor(linear / TWO_32);
    return this.paging.walk(linear | 0, high, want, cr3 | 0, Math.floor(cr3 / TWO_32));
  }

  readLinear(linear: bigint, length: number, cr3 = this.state.get64(State.cr3)): Uint8Array | undefined {
    const pieces = this.#pieces(linear, length, cr3);
    if (!pieces) return undefined;
    const bytes = new Uint8Array(length);
    for (const { physical, at, count } of pieces) bytes.set(this.view(physical, count), at);
    return bytes;
  }

  writeLinear(linear: bigint, bytes: Uint8Array, cr3 = this.state.get64(State.cr3)): boolean {
    const pieces = this.#pieces(linear, bytes.length, cr3);
    if (!pieces) return false;
    for (const { physical, at, count } of pieces) this.#store(physical, bytes.subarray(at, at + count));
    return true;
  }

  notifyLinearAccess(linear: bigint, length: number, kind: AccessKind): void {
    this.onAccess(linear, length, kind);
  }

  #store(physical: number, bytes: Uint8Array): number {
    const kept = this.#clip(physical, bytes.length);
    if (kept === 0) return 0;
    this.state.u8.set(bytes.subarray(0, kept), RAM + physical);
    this.code.invalidate(physical, kept);
    return kept;
  }

  #wrote(physical: number, length: number): void {
    this.code.invalidate(physical, length);
    this.onWrite(physical, length);
  }

  #inRam(physical: number, length: number): boolean {
    return physical >= 0 && physical + length <= this.state.ramBytes;
  }

  #clip(physical: number, length: number): number {
    return physical < 0 ? 0 : Math.max(0, Math.min(length, this.state.ramBytes - physical));
  }

  #walk(linear: bigint, want: number, cr3: bigint): number {
    const [low, high] = halves(linear);
    const [cr3Low, cr3High] = halves(cr3);
    return this.paging.walk(low, high, want, cr3Low, cr3High);
  }

  #pieces(linear: bigint, length: number, cr3: bigint): Piece[] | undefined {
    const pieces: Piece[] = [];
    for (let at = 0; at < length;) {
      const address = linear + BigInt(at);
      const physical = this.#walk(address, Want.quiet, cr3);
      if (physical < 0) return undefined;
      const count = Math.min(length - at, PAGE - Number(address & 0xfffn));
      pieces.push({ physical, at, count });
      at += count;
    }
    return pieces;
  }
}

const halves = (value: bigint): [number, number] => [
  Number(value & 0xffff_ffffn) | 0,
  Number((value >> 32n) & 0xffff_ffffn) | 0,
];
