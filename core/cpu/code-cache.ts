import type { Decoder } from '../isa/decoder.js';
import type { DecodeFailure, Instruction } from '../isa/instruction.js';
import type { ParsedRow } from '../isa/row.js';
import { Vector } from './guest-fault.js';
import { ARENA, ARENA_PAGES, PAGE_BYTES, PAGE_RECORDS_BYTES, RAM, RECORD_BYTES, State } from './layout.js';
import { Op } from './ops.js';
import type { RecordWriter } from './record.js';
import type { CpuState } from './state.js';

const MAX_LENGTH = 15;
/** Writes to a page with code before it is taken for data; doubles each time it becomes code again. */
const DROP_AFTER = 64;

/** Decoded records by physical page. */
export class CodeCache {
  /** By physical page: number of the arena page + 1. */
  readonly #slots: Uint16Array;
  /** By arena page: the physical page. */
  readonly #pages = new Int32Array(ARENA_PAGES);
  readonly #free: number[] = [];
  #used = 0;
  /** By physical page that was ever written while it held code. */
  readonly #writes = new Map<number, { count: number; limit: number }>();

  constructor(
    private readonly state: CpuState,
    private readonly decoder: Decoder,
    private readonly writer: RecordWriter,
    private readonly invalid: ParsedRow,
    private readonly hooks: {
      /** A physical page starts to hold decoded code: writes to it must come by. */
      pageBecameCode(physical: number): void;
      /** By offset in a page: a page may be mapped in several places. */
      hasBreakpoint(offset: number): boolean;
    },
  ) {
    this.#slots = new Uint16Array(Math.ceil(state.ramBytes / PAGE_BYTES));
  }

  isCode(physical: number): boolean {
    return this.#slots[Math.floor(physical / PAGE_BYTES)] !== 0;
  }

  /** Records of a physical page in RAM. May flush everything when the arena is full. */
  recordsOf(physical: number): number {
    const page = Math.floor(physical / PAGE_BYTES);
    const slot = this.#slots[page]!;
    return arenaAddress(slot !== 0 ? slot - 1 : this.#allocate(page));
  }

  /** Fills the record at `record`, which lies in the arena. */
  decodeAt(record: number): void {
    const slot = Math.floor((record - ARENA) / PAGE_RECORDS_BYTES);
    const offset = (record - arenaAddress(slot)) / RECORD_BYTES;
    const physical = this.#pages[slot]! * PAGE_BYTES;
    if (this.hooks.hasBreakpoint(offset)) return this.#setOp(record, Op.breakpoint);
    const start = RAM + physical + offset;
    const decoded = this.decoder.decode(this.state.u8, start, RAM + physical + PAGE_BYTES);
    if (decoded === 'truncated') return this.#setOp(record, Op.cross);
    const instruction = typeof decoded === 'string' ? this.#failed(decoded) : decoded;
    this.writer.write(record, instruction, offset, false);
  }

  /** Decodes `bytes`, found at `offset` of a page, into the record for one execution. */
  decodeOnce(bytes: Uint8Array, offset: number): number {
    const decoded = this.decoder.decode(bytes, 0, bytes.length);
    const instruction = typeof decoded === 'string' ? this.#failed(decoded) : decoded;
    const record = State.onceRecord;
    this.writer.write(record, instruction, offset, true);
    return record;
  }

  /** Bytes of physical memory were or will be written. */
  invalidate(physical: number, length: number): void {
    const first = Math.floor(physical / PAGE_BYTES);
    const last = Math.floor((physical + length - 1) / PAGE_BYTES);
    for (let page = first; page <= last && page < this.#slots.length; page++) {
      const slot = this.#slots[page]!;
      if (slot === 0) continue;
      const from = Math.max(0, physical - page * PAGE_BYTES);
      const to = Math.min(PAGE_BYTES, physical + length - page * PAGE_BYTES);
      if (this.#tooManyWrites(page, to - from) && this.#drop(slot - 1)) continue;
      this.#clear(slot - 1, Math.max(0, from - (MAX_LENGTH - 1)), to);
    }
  }

  /** Decodes again what lies at an offset, in every page. */
  invalidateOffset(offset: number): void {
    for (let slot = 0; slot < this.#used; slot++) this.#clear(slot, offset, offset + 1);
  }

  /** Forgets all decoded code. Not while a record is being executed. */
  flush(): void {
    for (let slot = 0; slot < this.#used; slot++) this.#clear(slot, 0, PAGE_BYTES);
    this.#slots.fill(0);
    this.#free.length = this.#used = 0;
    this.state.flushCodeTlb();
  }

  #allocate(page: number): number {
    if (this.#free.length === 0 && this.#used === ARENA_PAGES) this.flush();
    const slot = this.#free.pop() ?? this.#used++;
    this.#slots[page] = slot + 1;
    this.#pages[slot] = page;
    this.#setOp(arenaAddress(slot) + PAGE_BYTES * RECORD_BYTES, Op.pageEnd);
    this.hooks.pageBecameCode(page * PAGE_BYTES);
    return slot;
  }

  #tooManyWrites(page: number, bytes: number): boolean {
    if (bytes === PAGE_BYTES) return true;
    let writes = this.#writes.get(page);
    if (!writes) this.#writes.set(page, (writes = { count: 0, limit: DROP_AFTER }));
    if (++writes.count < writes.limit) return false;
    writes.count = 0;
    writes.limit *= 2;
    return true;
  }

  /** False when the page is executing. */
  #drop(slot: number): boolean {
    if (this.state.get32(State.recordBase) === arenaAddress(slot)) return false;
    this.#clear(slot, 0, PAGE_BYTES);
    this.#slots[this.#pages[slot]!] = 0;
    this.#free.push(slot);
    this.state.flushCodeTlb();
    return true;
  }

  #clear(slot: number, from: number, to: number): void {
    const records = arenaAddress(slot);
    const { u16 } = this.state;
    for (let offset = from; offset < to; offset++) u16[(records + offset * RECORD_BYTES) >> 1] = Op.undecoded;
  }

  #setOp(record: number, op: number): void {
    this.state.u16[record >> 1] = op;
  }

  /** An instruction that raises what the bytes deserve. */
  #failed(failure: DecodeFailure): Instruction {
    const vector = failure === 'undefined' ? Vector.UD : Vector.GP;
    return {
      row: this.invalid,
      length: 1,
      size: 64,
      sizeIndex: 0,
      reg: 0,
      rm: 0,
      memory: undefined,
      segment: undefined,
      immediate: vector,
      immediateHigh: 0,
      hasRex: false,
      lock: false,
      repeat: 0,
      address32: false,
    };
  }
}

const arenaAddress = (slot: number) => ARENA + slot * PAGE_RECORDS_BYTES;
