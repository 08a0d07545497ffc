import type { CodeCache } from './code-cache.js';
import { ControlBit } from './control-bits.js';
import { GuestFault, Vector } from './guest-fault.js';
import { ACCESS_CODE, RAM, State, TLB_SUPERVISOR, TLB_USER, TLB_WRITE } from './layout.js';
import { linearInSegment } from './segment-access.js';
import type { Paging } from './paging.js';
import { Want } from './paging.js';
import type { CpuState } from './state.js';
import type { AccessKind, CpuBus } from './types.js';
import type { Watchpoints } from './watchpoints.js';

const WRITES = 0x100;
const FAILED = -1;
const MAX_DEVICE_ACCESS = 8;

const READING: readonly AccessKind[] = ['read'];
/** Who has found a page for writing may read there too. */
const WRITING: readonly AccessKind[] = ['write', 'read'];

/** Bytes of the first part of operands that are accessed in parts: ten-byte numbers, x87 environments of 16 and 32 bits. */
const FIRST_PART: ReadonlyMap<number, number> = new Map([
  [10, 8],
  [14, 2],
  [28, 4],
]);

interface Piece {
  readonly physical: number;
  readonly length: number;
}

/** What generated code calls when an access is not in the TLB, and page-walk.ts declines: faults, devices, page borders, written code. */
export class MemoryUnit {
  /** Where the bytes in the bounce buffer go when they are committed. */
  #pending: readonly Piece[] = [];

  constructor(
    private readonly state: CpuState,
    private readonly paging: Paging,
    private readonly code: () => CodeCache,
    private readonly bus: CpuBus,
    private readonly watchpoints: Watchpoints,
    private readonly onWatch: () => void,
    /** Whether the access at `State.address` is one of the stack segment. */
    readonly isStack: () => boolean,
  ) {}

  /** Host address of the access at `State.address`, or -1 with an exception recorded. */
  slow(access: number): number {
    const bytes = access & 0xff;
    const writes = (access & WRITES) !== 0;
    const low = this.state.i32[State.address >> 2]!;
    const high = this.#upperHalf(low, bytes, writes);
    const offset = low & 0xfff;
    const physical = this.#translate(low, high, writes);
    if (physical === FAILED) return FAILED;
    const room = 0x1000 - offset;
    if (bytes > room) return this.#crossing(physical, low, high, bytes, room, access);
    this.#watch(bytes, writes);
    if (physical + bytes > this.state.ramBytes) return this.#bounce([{ physical, length: bytes }], access);
    if (writes && this.code().isCode(physical)) this.code().invalidate(physical, bytes);
    else this.enter(this.state.get32(State.tlb) + (writes ? TLB_WRITE : 0), low, high, physical);
    return RAM + physical;
  }

  /** The access at `State.address`, in one page, is about to happen. */
  watched(access: number): void {
    this.#watch(access & 0xff, (access & WRITES) !== 0);
  }

  /** Of the address of an access; outside 64-bit mode 0, once its segment has been asked. */
  #upperHalf(low: number, bytes: number, writes: boolean): number {
    const { state } = this;
    const high = state.i32[(State.address >> 2) + 1]!;
    if (high === 0 || state.isLong) return high;
    try {
      linearInSegment(state, low, high, bytes, writes);
    } catch (fault) {
      this.#requireFirst(low, high, bytes, writes);
      throw fault;
    }
    state.i32[(State.address >> 2) + 1] = 0;
    return 0;
  }

  /** An operand that is accessed in parts ends beyond its segment: a page fault of the first part comes before that. */
  #requireFirst(low: number, high: number, bytes: number, writes: boolean): void {
    const first = FIRST_PART.get(bytes);
    if (first === undefined) return;
    linearInSegment(this.state, low, high, first, writes);
    const physical = this.paging.walkNow(low, 0, (writes ? Want.write : 0) | this.#userBit());
    if (physical === FAILED) throw new GuestFault(Vector.PF, this.paging.errorCode, BigInt(low >>> 0));
  }

  /** Carries what generated code stored in the bounce buffer to where it belongs. */
  commit(): void {
    let at: number = State.bounce;
    const pieces = this.#pending;
    this.#pending = [];
    for (const { physical, length } of pieces) {
      this.#writePhysical(physical, this.state.u8.slice(at, at + length));
      at += length;
    }
  }

  /** Makes the record at rip known and enters its page into the code TLB; -1 with an exception recorded. */
  lookUp(): number {
    const { state } = this;
    const low = state.i32[State.rip >> 2]!;
    if (!state.isLong) state.i32[(State.rip >> 2) + 1] = 0;
    const high = state.i32[(State.rip >> 2) + 1]!;
    if (this.codeRoom() <= 0) return this.#raise(Vector.GP, 0);
    const physical = this.translateFetch(low, high);
    if (physical === FAILED) return FAILED;
    const { global } = this.paging;
    const value = this.code().makeKnown(physical);
    state.tlb.enterCode(state.get32(State.codeTag), { low, high, value, global });
    return value;
  }

  /** How many bytes from rip on the code segment holds. */
  codeRoom(): number {
    if (this.state.isLong) return Infinity;
    const limit = this.state.get32(State.codeLimit);
    return limit === 0xffff_ffff ? Infinity : limit - Number(this.state.instructionPointer) + 1;
  }

  /** Physical address of an instruction byte, or -1 with an exception recorded. */
  translateFetch(low: number, high: number): number {
    const top = high >>> 15;
    if (top !== 0 && top !== 0x1ffff) return this.#raise(Vector.GP, 0);
    const physical = this.paging.walkNow(low, high, Want.execute | this.#userBit());
    if (physical === FAILED) return this.#pageFault(low, high);
    // Nothing answers an instruction fetch from a device here.
    if (physical >= this.state.ramBytes) return this.#raise(Vector.GP, 0);
    return physical;
  }

  /** Writes to a page leave the TLBs, so that the next one comes by. */
  protectFromWrites(physical: number): void {
    this.state.tlb.forgetWrites(RAM + physical);
  }

  #userBit(): number {
    return this.state.cpl === 3 ? Want.user : 0;
  }

  #translate(low: number, high: number, writes: boolean): number {
    const top = high >>> 15;
    if (top !== 0 && top !== 0x1ffff) return this.#raise(this.isStack() ? Vector.SS : Vector.GP, 0);
    const physical = this.paging.walkNow(low, high, (writes ? Want.write : 0) | this.#userBit());
    return physical === FAILED ? this.#pageFault(low, high) : physical;
  }

  #pageFault(low: number, high: number): number {
    this.state.i32[State.exceptionAddress >> 2] = low;
    this.state.i32[(State.exceptionAddress >> 2) + 1] = high;
    return this.#raise(Vector.PF, this.paging.errorCode);
  }

  #raise(vector: number, code: number): number {
    this.state.set32(State.exceptionVector, vector);
    this.state.set32(State.exceptionCode, code);
    return FAILED;
  }

  #crossing(
    physical: number,
    low: number,
    high: number,
    bytes: number,
    room: number,
    access: number,
  ): number {
    const nextLow = (low + room) | 0;
    const nextHigh = nextLow === 0 && this.state.isLong ? (high + 1) | 0 : high;
    const second = this.#translate(nextLow, nextHigh, (access & WRITES) !== 0);
    if (second === FAILED) return FAILED;
    this.#watch(bytes, (access & WRITES) !== 0);
    return this.#bounce(
      [
        { physical, length: room },
        { physical: second, length: bytes - room },
      ],
      access,
    );
  }

  #bounce(pieces: readonly Piece[], access: number): number {
    this.#pending = access & WRITES ? pieces : [];
    if (access - (access & 0xff) === ACCESS_CODE.write) return State.bounce;
    let at: number = State.bounce;
    for (const { physical, length } of pieces) {
      this.state.u8.set(this.readPhysical(physical, length), at);
      at += length;
    }
    return State.bounce;
  }

  readPhysical(physical: number, length: number): Uint8Array {
    if (physical + length <= this.state.ramBytes) {
      return this.state.u8.subarray(RAM + physical, RAM + physical + length);
    }
    const bytes = new DataView(new ArrayBuffer(Math.ceil(length / 8) * 8));
    for (let at = 0; at < length; at += MAX_DEVICE_ACCESS) {
      const part = Math.min(length - at, MAX_DEVICE_ACCESS);
      bytes.setBigUint64(at, BigInt.asUintN(64, BigInt(this.bus.mmioRead(physical + at, part))), true);
    }
    return new Uint8Array(bytes.buffer, 0, length);
  }

  #writePhysical(physical: number, bytes: Uint8Array): void {
    if (physical + bytes.length <= this.state.ramBytes) {
      this.state.u8.set(bytes, RAM + physical);
      this.code().invalidate(physical, bytes.length);
      return;
    }
    for (let at = 0; at < bytes.length; at += MAX_DEVICE_ACCESS) {
      const part = bytes.subarray(at, at + MAX_DEVICE_ACCESS);
      const value = part.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      this.bus.mmioWrite(physical + at, part.length, value);
    }
  }

  #watch(bytes: number, writes: boolean): void {
    if (!this.watchpoints.any) return;
    const { i32 } = this.state;
    this.note(i32[State.address >> 2]!, i32[(State.address >> 2) + 1]!, bytes, writes);
  }

  /** Whether anybody wants to be told of accesses. */
  get isWatched(): boolean {
    return this.watchpoints.any;
  }

  /** Of an access to an address, given in halves. */
  note(low: number, high: number, bytes: number, writes: boolean): void {
    if (this.watchpoints.check(low, high, bytes, writes ? 'write' : 'read')) this.onWatch();
  }

  /** Puts what the last walk found into a data table, unless somebody watches the page. */
  enter(table: number, low: number, high: number, physical: number): void {
    if (table >= TLB_SUPERVISOR && this.#opensByFlag()) return;
    const kinds: readonly AccessKind[] = (table - TLB_USER) & TLB_WRITE ? WRITING : READING;
    if (this.watchpoints.any && kinds.some((kind) => this.watchpoints.watchesPage(low, high, kind))) return;
    const value = (RAM + physical - low) | 0;
    this.state.tlb.enterData(table, { low, high, value, global: this.paging.global });
  }

  /** With SMAP a user page is open to ring 0 while EFLAGS.AC is set: each access has to ask. */
  #opensByFlag(): boolean {
    return this.paging.user && (this.state.get32(State.cr4) & ControlBit.SMAP) !== 0;
  }
}
