import {
  CODE_TLB,
  CODE_TLB_ENTRIES,
  Derived,
  EMPTY_TAG,
  ENTERED_PAGES,
  MOST_TLB_LOCALS,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_LOCALS,
  TLB_SUPERVISOR,
  TLB_USER,
  TLB_WRITE,
} from './layout.js';

const PAGE_MASK = 0xffff_f000;
const PAGE_SHIFT = 12;
const END = CODE_TLB + CODE_TLB_ENTRIES * TLB_ENTRY_BYTES;
const LOCALS = Derived.tlbLocals >> 2;

/** A translation as a page walk answers it. Linear addresses are given as 32-bit halves. */
export interface TlbEntry {
  readonly low: number;
  readonly high: number;
  /** Data: what to add to the low half for the host's address. Code: the map of the page's records. */
  readonly value: number;
  /** The page outlives a change of CR3 (manual volume 3, 4.10.2.4). */
  readonly global: boolean;
}

/** As generated code computes them: `lookup` of the emitter, and `codeTlbEntry`. */
export const dataIndex = (low: number) => (low >>> 8) & ((TLB_ENTRIES - 1) * TLB_ENTRY_BYTES);
const codeIndex = (low: number) => (low >>> 8) & ((CODE_TLB_ENTRIES - 1) * TLB_ENTRY_BYTES);

/**
 * The tables in which generated code looks for translations: data by privilege and kind of access, and code. The page walk of generated
 * code (page-walk.ts) enters translations too.
 */
export class Tlb {
  readonly #local: Int32Array;
  readonly #entered: Uint8Array;

  constructor(private readonly i32: Int32Array<ArrayBuffer>) {
    this.#local = i32.subarray(TLB_LOCALS >> 2, (TLB_LOCALS >> 2) + MOST_TLB_LOCALS);
    this.#entered = new Uint8Array(i32.buffer, ENTERED_PAGES, i32.byteLength >>> PAGE_SHIFT);
  }

  enterData(table: number, entry: TlbEntry): void {
    this.#enter(table + dataIndex(entry.low), entry, 0);
    this.#entered[((entry.low + entry.value) >>> 0) >>> PAGE_SHIFT] = 1;
  }

  /** `tag` tells user from supervisor. */
  enterCode(tag: number, entry: TlbEntry): void {
    this.#enter(CODE_TLB + codeIndex(entry.low), entry, tag);
  }

  /** The host's address of a byte, or 0 when the table does not know it. */
  find(table: number, low: number, high: number): number {
    const at = (table + dataIndex(low)) >> 2;
    const known = this.i32[at] === (low & PAGE_MASK) && this.i32[at + 1] === high;
    return known ? (low + this.i32[at + 2]!) >>> 0 : 0;
  }

  flush(): void {
    this.#empty(TLB_USER, END);
    this.i32[LOCALS] = 0;
  }

  /** What a write of CR3 does: global pages stay. */
  flushLocal(): void {
    const count = this.i32[LOCALS]!;
    if (count > MOST_TLB_LOCALS) return this.flush();
    for (let i = 0; i < count; i++) this.i32[this.#local[i]!] = EMPTY_TAG;
    this.i32[LOCALS] = 0;
  }

  flushCode(): void {
    this.#empty(CODE_TLB, END);
  }

  invalidatePage(low: number): void {
    const index = dataIndex(low);
    for (const table of [TLB_USER, TLB_SUPERVISOR]) {
      this.i32[(table + index) >> 2] = EMPTY_TAG;
      this.i32[(table + TLB_WRITE + index) >> 2] = EMPTY_TAG;
    }
    this.i32[(CODE_TLB + codeIndex(low)) >> 2] = EMPTY_TAG;
  }

  /** The next write to the page at a host's address is not found. */
  forgetWrites(host: number): void {
    const page = host >>> PAGE_SHIFT;
    if (this.#entered[page] === 0) return;
    this.#entered[page] = 0;
    for (const table of [TLB_USER + TLB_WRITE, TLB_SUPERVISOR + TLB_WRITE]) {
      for (let at = table >> 2; at < (table + TLB_ENTRIES * TLB_ENTRY_BYTES) >> 2; at += 4) {
        if (((this.i32[at]! + this.i32[at + 2]!) | 0) === (host | 0)) this.i32[at] = EMPTY_TAG;
      }
    }
  }

  #enter(address: number, { low, high, value, global }: TlbEntry, tag: number): void {
    const at = address >> 2;
    this.i32[at] = (low & PAGE_MASK) | tag;
    this.i32[at + 1] = high;
    this.i32[at + 2] = value;
    if (global) return;
    const count = this.i32[LOCALS]!;
    if (count < MOST_TLB_LOCALS) this.#local[count] = at;
    this.i32[LOCALS] = count + 1;
  }

  /** Every word, because filling 32-bit words is fastest: a tag of such words matches nothing either. */
  #empty(from: number, to: number): void {
    this.i32.fill(EMPTY_TAG, from >> 2, to >> 2);
  }
}
