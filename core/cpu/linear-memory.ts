import type { CodeCache } from './code-cache.js';
import { GuestFault, Vector } from './guest-fault.js';
import { RAM } from './layout.js';
import type { MemoryUnit } from './memory-unit.js';
import type { Paging } from './paging.js';
import { Want } from './paging.js';
import type { CpuState } from './state.js';

/** Accesses that TypeScript makes as part of an instruction or a delivery. Throws GuestFault. */
export class LinearMemory {
  constructor(
    private readonly state: CpuState,
    private readonly paging: Paging,
    private readonly unit: MemoryUnit,
    private readonly code: () => CodeCache,
  ) {}

  /** Bytes at a linear address; `supervisor` for the processor's own accesses, whatever the privilege. */
  read(linear: bigint, length: number, supervisor = false): Uint8Array {
    const bytes = new Uint8Array(length);
    for (const { physical, at, count } of this.#pieces(linear, length, false, supervisor)) {
      bytes.set(this.unit.readPhysical(physical, count), at);
    }
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
  }

  write64(linear: bigint, value: bigint, supervisor = false): void {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setBigUint64(0, value, true);
    this.write(linear, new Uint8Array(bytes.buffer), supervisor);
  }

  #pieces(linear: bigint, length: number, writes: boolean, supervisor: boolean) {
    const pieces: { physical: number; at: number; count: number }[] = [];
    const user = this.state.cpl === 3 && !supervisor;
    const want = (writes ? Want.write : 0) | (user ? Want.user : 0);
    for (let at = 0; at < length;) {
      const address = BigInt.asUintN(64, linear + BigInt(at));
      const count = Math.min(length - at, 0x1000 - Number(address & 0xfffn));
      pieces.push({ physical: this.#translate(address, want), at, count });
      at += count;
    }
    return pieces;
  }

  #translate(address: bigint, want: number): number {
    if (!isCanonical(address)) throw new GuestFault(Vector.GP);
    const low = Number(address & 0xffff_ffffn) | 0;
    const physical = this.paging.walkNow(low, Number(address >> 32n) | 0, want);
    if (physical < 0) throw new GuestFault(Vector.PF, this.paging.errorCode, address);
    return physical;
  }
}

export const isCanonical = (address: bigint) =>
  BigInt.asUintN(64, BigInt.asIntN(48, address)) === BigInt.asUintN(64, address);
