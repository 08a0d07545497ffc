import { ControlBit } from './control-bits.js';
import { RAM, State } from './layout.js';
import { Flag } from './rflags.js';
import type { CpuState } from './state.js';

/** `implicit`: the processor's own access, which EFLAGS.AC does not open user pages to. */
export const Want = { read: 0, write: 1, user: 2, execute: 4, quiet: 8, implicit: 16 } as const;

/** Of an entry of a paging structure. */
export const PageBit = {
  PRESENT: 1,
  WRITABLE: 2,
  USER: 4,
  ACCESSED: 0x20,
  DIRTY: 0x40,
  LARGE: 0x80,
  GLOBAL: 0x100,
} as const;
const { PRESENT, WRITABLE, USER, ACCESSED, DIRTY, LARGE, GLOBAL } = PageBit;
const NX = 0x8000_0000;
/** In the upper half. Physical addresses have 40 bits, as CPUID says; a set bit above is reserved. */
export const RESERVED_HIGH = 0x000f_ff00;
/** Of entries for 1 GiB and 2 MiB. */
export const RESERVED_LARGE = { 2: 0x3fff_e000, 1: 0x001f_e000 } as const;
export const CR0_WP = 1 << 16;
const CR4_PGE = 1 << 7;
export const CR0_PG = 1 << 31;
const CR4_PSE = 1 << 4;
const CR4_PAE = 1 << 5;
const EFER_LMA = 1 << 10;
export const EFER_NXE = 1 << 11;
const RESERVED_4_MIB = 1 << 21;
const RESERVED_CODE = 8;
const KEY_CODE = 0x20;
/** Bits 59..62 of an entry, in its upper half. */
const KEY_SHIFT = 27;

/** The page walk (manual volume 3, 4.5), on 32-bit halves: whatever page-walk.ts, which comes first, leaves to it. */
export class Paging {
  /** Of the last walk that failed: the error code of the page fault. */
  errorCode = 0;
  /** Of the last walk that succeeded. */
  writable = false;
  dirty = false;
  user = false;
  executable = false;
  pageBytes = 4096;
  /** The translation outlives a change of CR3. */
  global = false;

  constructor(private readonly state: CpuState) {}

  /** Physical address, or -1 with `errorCode`. `want` is a sum of `Want`; quiet changes no accessed or dirty bit. */
  walk(low: number, high: number, want: number, cr3Low: number, cr3High: number): number {
    if ((this.state.get32(State.efer) & EFER_LMA) === 0) return this.#walkLegacy(low, want, cr3Low);
    const top = high >>> 15;
    if (top !== 0 && top !== 0x1ffff) return this.#fail(want, 0);
    let table = (cr3Low & 0xffff_f000) >>> 0;
    table += (cr3High & 0xf_ffff) * 0x1_0000_0000;
    return this.#descend(table, 3, low, high, want);
  }

  #walkLegacy(low: number, want: number, cr3: number): number {
    if ((this.state.get32(State.cr0) & CR0_PG) === 0) return this.#unpaged(low);
    const pae = (this.state.get32(State.cr4) & CR4_PAE) !== 0;
    return pae ? this.#walkPae(low, want, cr3) : this.#walk32(low, want, cr3);
  }

  #unpaged(low: number): number {
    this.writable = this.user = this.executable = this.dirty = true;
    this.global = false;
    this.pageBytes = 4096;
    return low >>> 0;
  }

  /** The four pointers of CR3's table are in the processor; those of another table are read. */
  #walkPae(low: number, want: number, cr3: number): number {
    const isCurrent = (cr3 | 0) === (this.state.get32(State.cr3) | 0);
    const at = (isCurrent ? State.pdpte : RAM + ((cr3 & 0xffff_ffe0) >>> 0)) + (low >>> 30) * 8;
    if (!isCurrent && at + 8 > RAM + this.state.ramBytes) return this.#fail(want, 0);
    const pointer = this.state.u32[at >>> 2]!;
    if ((pointer & PRESENT) === 0) return this.#fail(want, 0);
    const table =
      ((pointer & 0xffff_f000) >>> 0) + (this.state.u32[(at >>> 2) + 1]! & 0xf_ffff) * 0x1_0000_0000;
    return this.#descend(table, 1, low, 0, want);
  }

  /** Two levels of entries of four bytes (manual volume 3, 4.3). */
  #walk32(low: number, want: number, cr3: number): number {
    this.writable = this.user = this.executable = true;
    let at = ((cr3 & 0xffff_f000) >>> 0) + (low >>> 22) * 4;
    for (let level = 1; ; level--) {
      if (at + 4 > this.state.ramBytes) return this.#fail(want, 0);
      const word = (RAM + at) >>> 2;
      const entry = this.state.u32[word]!;
      if ((entry & PRESENT) === 0) return this.#fail(want, 0);
      const large = level === 1 && (entry & LARGE) !== 0 && (this.state.get32(State.cr4) & CR4_PSE) !== 0;
      if (large && (entry & RESERVED_4_MIB) !== 0) return this.#fail(want, PRESENT | RESERVED_CODE);
      if ((entry & WRITABLE) === 0) this.writable = false;
      if ((entry & USER) === 0) this.user = false;
      if (large) return this.#leaf32(low, want, word, 22);
      if (level === 0) return this.#leaf32(low, want, word, 12);
      this.#touch(word, ACCESSED, want);
      at = ((entry & 0xffff_f000) >>> 0) + ((low >>> 12) & 1023) * 4;
    }
  }

  #leaf32(low: number, want: number, word: number, offsetBits: number): number {
    if (!this.#allowed(want)) return this.#fail(want, PRESENT);
    this.#touch(word, want & Want.write ? ACCESSED | DIRTY : ACCESSED, want);
    const entry = this.state.u32[word]!;
    this.dirty = (entry & DIRTY) !== 0;
    this.global = (entry & GLOBAL) !== 0 && (this.state.get32(State.cr4) & CR4_PGE) !== 0;
    this.pageBytes = 1 << offsetBits;
    const page = (entry & -this.pageBytes) >>> 0;
    // Bits 13..20 of an entry for 4 MiB are bits 32..39 of the address.
    const above = offsetBits === 22 ? (entry >>> 13) & 0xff : 0;
    return page + above * 0x1_0000_0000 + (low & (this.pageBytes - 1));
  }

  #descend(start: number, top: number, low: number, high: number, want: number): number {
    let table = start;
    this.writable = this.user = this.executable = true;
    for (let level = top; ; level--) {
      const at = table + tableIndex(low, high, level) * 8;
      if (at + 8 > this.state.ramBytes) return this.#fail(want, 0);
      const word = (RAM + at) >>> 2;
      const entry = this.state.u32[word]!;
      const entryHigh = this.state.u32[word + 1]!;
      if ((entry & PRESENT) === 0) return this.#fail(want, 0);
      if (!this.#combine(entry, entryHigh, level)) return this.#fail(want, PRESENT | RESERVED_CODE);
      const leaf = level === 0 || (entry & LARGE) !== 0;
      if (leaf) return this.#leaf(low, want, level, word);
      this.#touch(word, ACCESSED, want);
      table = ((entry & 0xffff_f000) >>> 0) + (entryHigh & 0xf_ffff) * 0x1_0000_0000;
    }
  }

  /** Walks under the CR3 register with the rights of the current privilege. */
  walkNow(low: number, high: number, want: number): number {
    const { u32 } = this.state;
    return this.walk(low, high, want, u32[State.cr3 >> 2]!, u32[(State.cr3 >> 2) + 1]!);
  }

  /** False when a reserved bit is set. */
  #combine(entry: number, entryHigh: number, level: number): boolean {
    if ((entry & WRITABLE) === 0) this.writable = false;
    if ((entry & USER) === 0) this.user = false;
    if ((entryHigh & NX) !== 0) {
      if ((this.state.get32(State.efer) & EFER_NXE) === 0) return false;
      this.executable = false;
    }
    if ((entryHigh & RESERVED_HIGH) !== 0) return false;
    return (entry & LARGE) === 0 || level === 0 || this.#largeFits(entry, level);
  }

  #largeFits(entry: number, level: number): boolean {
    if (level === 3) return false;
    return (entry & RESERVED_LARGE[level === 2 ? 2 : 1]) === 0;
  }

  #leaf(low: number, want: number, level: number, word: number): number {
    if (!this.#allowed(want)) return this.#fail(want, PRESENT);
    if (this.user && !this.#keyAllows(want, this.state.u32[word + 1]!))
      return this.#fail(want, PRESENT | KEY_CODE);
    this.#touch(word, want & Want.write ? ACCESSED | DIRTY : ACCESSED, want);
    const entry = this.state.u32[word]!;
    const entryHigh = this.state.u32[word + 1]!;
    this.dirty = (entry & DIRTY) !== 0;
    this.global = (entry & GLOBAL) !== 0 && (this.state.get32(State.cr4) & CR4_PGE) !== 0;
    const offsetBits = 12 + level * 9;
    this.pageBytes = 1 << offsetBits;
    const offsetMask = this.pageBytes - 1;
    const page = ((entry & 0xffff_f000 & ~offsetMask) >>> 0) + (entryHigh & 0xf_ffff) * 0x1_0000_0000;
    return page + ((low & offsetMask) >>> 0);
  }

  #allowed(want: number): boolean {
    const fromUser = (want & Want.user) !== 0;
    if (fromUser ? !this.user : this.user && !this.#supervisorMay(want)) return false;
    if (want & Want.execute && !this.executable) return false;
    if ((want & Want.write) === 0 || this.writable) return true;
    return !fromUser && (this.state.get32(State.cr0) & CR0_WP) === 0;
  }

  /** SMEP and SMAP: what ring 0 may do with a user page (manual volume 3, 4.6.1). */
  #supervisorMay(want: number): boolean {
    const cr4 = this.state.get32(State.cr4);
    if ((cr4 & (ControlBit.SMEP | ControlBit.SMAP)) === 0 || want & Want.quiet) return true;
    if (want & Want.execute) return (cr4 & ControlBit.SMEP) === 0;
    const open = (this.state.get32(State.systemFlags) & Flag.AC) !== 0 && (want & Want.implicit) === 0;
    return (cr4 & ControlBit.SMAP) === 0 || open;
  }

  /** Protection keys of user pages (manual volume 3, 4.6.2). */
  #keyAllows(want: number, entryHigh: number): boolean {
    if ((this.state.get32(State.cr4) & ControlBit.PKE) === 0) return true;
    if (want & (Want.execute | Want.quiet)) return true;
    const rights = this.state.get32(State.pkru) >>> (((entryHigh >>> KEY_SHIFT) & 15) * 2);
    if (rights & 1) return false;
    const binds = (want & Want.user) !== 0 || (this.state.get32(State.cr0) & CR0_WP) !== 0;
    return (want & Want.write) === 0 || !binds || (rights & 2) === 0;
  }

  #touch(word: number, bits: number, want: number): void {
    const { u32 } = this.state;
    if ((want & Want.quiet) === 0 && (u32[word]! & bits) !== bits) u32[word]! |= bits;
  }

  #fail(want: number, code: number): number {
    this.errorCode = code | (want & Want.write ? 2 : 0) | (want & Want.user ? 4 : 0);
    const { state } = this;
    const reportsFetch =
      (state.get32(State.efer) & EFER_NXE) !== 0 || (state.get32(State.cr4) & ControlBit.SMEP) !== 0;
    if (want & Want.execute && reportsFetch) this.errorCode |= 16;
    return -1;
  }
}

function tableIndex(low: number, high: number, level: number): number {
  if (level === 3) return (high >>> 7) & 511;
  if (level === 2) return ((high << 2) | (low >>> 30)) & 511;
  return (low >>> (level === 1 ? 21 : 12)) & 511;
}
