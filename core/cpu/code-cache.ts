import { MAX_INSTRUCTION_BYTES } from '../isa/instruction.js';
import type { PlacedInstruction } from './decoded-block.js';
import { isChecked, modeOf } from './code-kind.js';
import { Decoded, DecodeMode } from './decoder/decoded.js';
import type { DecodeRecord } from './decoder/decoded.js';
import { CODE_PAGES, CodeKind, Field, PAGE_BYTES, RAM, RECORD_BYTES, State } from './layout.js';
import { LegacyDecoder } from './legacy-decoder.js';
import type { ModelRows } from './model-rows.js';
import { Op } from './ops.js';
import type { CodePage } from './record-arena.js';
import { ArenaFull, RecordArena } from './record-arena.js';
import type { CpuState } from './state.js';

const MOST_WANTED = 4096;
/** Instructions decoded ahead of execution, at most. */
const RUN_LENGTH = 8;
/** Writes to a page with code before it is taken for data; doubles each time it becomes code again. */
const DROP_AFTER = 64;

export interface CodeCacheParts {
  readonly state: CpuState;
  /** For 64-bit code. */
  readonly decodeRecord: DecodeRecord;
  /** For all other code. */
  readonly rows: ModelRows;
  /** A physical page starts to hold decoded code: writes to it must come by. */
  pageBecameCode(physical: number): void;
  /** The page that is mapped so many bytes from the one that is executing, if code of it was executed lately. */
  pageAt?(distance: number): CodePage | undefined;
  /** How often a head is passed before it is reported as hot; 0: there are no heads. */
  readonly countTo?: number;
  /** Code was written, or has to be looked at again: from a byte to the one before another, of a physical page. */
  forgets?(page: number, from: number, to: number): void;
  /** All code is forgotten. */
  forgetsAll?(): void;
  /** By offset in a page: a page may be mapped in several places. */
  hasBreakpoint(offset: number): boolean;
  /** Whether there is one at any offset. */
  anyBreakpoint(): boolean;
  /** Present while somebody wants to know what is decoded. */
  blockDecoded?(): ((instructions: readonly PlacedInstruction[]) => void) | undefined;
  /** How many pages and chunks of records fit; the whole arena when left out. */
  readonly limits?: { readonly maps: number; readonly chunks: number };
}

/**
 * Decoded records by physical page. Instructions that follow each other in execution are decoded into neighbouring records, so that the
 * interpreter finds the next one without loading anything; a map for each page leads from offset to record.
 */
export class CodeCache {
  readonly #arena: RecordArena;
  readonly #legacy: LegacyDecoder;
  /** By physical page: writes must come by. */
  readonly #isCode: Uint8Array;
  /** Linear addresses that calls and backward jumps lead to, until they are reached. */
  readonly #wantedHeads = new Set<number>();
  /** By physical page that was ever written while it held code. */
  readonly #writes = new Map<number, { count: number; limit: number }>();
  /** What the run under way has decoded, while somebody wants to know. */
  #fresh: PlacedInstruction[] | undefined;
  /** Base and limit of the code segment that checked records were decoded for. */
  #checkedSegment: readonly [bigint, bigint] = [0n, 0n];

  constructor(private readonly parts: CodeCacheParts) {
    const { state } = parts;
    this.#arena = new RecordArena(state, parts.limits);
    this.#legacy = new LegacyDecoder(state, parts.rows, (...jump) => this.#linkTo(...jump));
    this.#isCode = state.u8.subarray(CODE_PAGES, CODE_PAGES + Math.ceil(state.ramBytes / PAGE_BYTES));
  }

  isCode(physical: number): boolean {
    return this.#isCode[Math.floor(physical / PAGE_BYTES)] !== 0;
  }

  /** Map of the page of a physical address in RAM, with a record for that address. May forget everything else. */
  makeKnown(physical: number): number {
    return this.#makingRoom(() => {
      const kind = this.#kind();
      const page = this.#page(Math.floor(physical / PAGE_BYTES), kind);
      const offset = physical % PAGE_BYTES;
      if (this.#arena.recordAt(page, offset) === 0) {
        this.#newRun(page, offset);
        this.#makeHead(page, offset);
      } else if (this.#wantedHeads.delete(this.#rip())) this.#makeHead(page, offset);
      return page.map;
    });
  }

  /** Linear address of what is executed next, as a number: exact enough to tell two apart. */
  #rip(): number {
    const { u32 } = this.parts.state;
    return u32[(State.rip >> 2) + 1]! * 2 ** 32 + u32[State.rip >> 2]!;
  }

  /** The record becomes one that has a head in front; the answer is the head, or 0. */
  makeHeadOf(record: number): number {
    const offset = this.parts.state.u16[(record + Field.place) >> 1]! & (PAGE_BYTES - 1);
    const page = this.#arena.ownerOf(record);
    if (page.heads.has(record)) return record;
    if (!this.#arena.hasStub(page) || this.#arena.entryAt(page, offset) !== record) return 0;
    this.#makeHead(page, offset);
    const head = this.#arena.entryAt(page, offset);
    return head === record ? 0 : head;
  }

  #makeHead(page: CodePage, offset: number): void {
    const { countTo } = this.parts;
    if (countTo && page.kind === CodeKind.long) this.#arena.headAt(page, offset, countTo);
  }

  /** A jump or call leads to another page: `distance` bytes from the start of the one that is executing. */
  #farTarget(distance: number): void {
    const page = this.parts.pageAt!(distance & -PAGE_BYTES);
    const offset = distance & (PAGE_BYTES - 1);
    if (page && this.#arena.recordAt(page, offset) !== 0) return this.#makeHead(page, offset);
    if (this.#wantedHeads.size > MOST_WANTED) this.#wantedHeads.clear();
    const rip = this.#rip();
    this.#wantedHeads.add(rip - (rip % PAGE_BYTES) + distance);
  }

  /** Decodes at a record that was reached undecoded; the answer is where to go on, or 0 to look rip up. */
  decodeAt(record: number): number {
    try {
      const owner = this.#arena.ownerOf(record);
      const page = this.#page(owner.number, owner.kind);
      this.#decodeInto(page, record);
      return record;
    } catch (full) {
      if (!(full instanceof ArenaFull)) throw full;
      this.flush();
      return 0;
    }
  }

  /** Decodes `bytes`, found at `offset` of a page, into the record for one execution. */
  decodeOnce(bytes: Uint8Array, offset: number): number {
    const decoded = this.#decodeBytes(bytes, offset, DecodeMode.allThereIs);
    this.#arena.pageEnd(State.onceRecord + RECORD_BYTES, offset + (decoded & Decoded.length));
    return State.onceRecord;
  }

  /** Whether `bytes` hold a whole instruction, be it one that does not exist. */
  isComplete(bytes: Uint8Array): boolean {
    return this.#decodeBytes(bytes, 0, DecodeMode.once) !== 0;
  }

  #decodeBytes(bytes: Uint8Array, offset: number, mode: 1 | 2): number {
    const { state, decodeRecord } = this.parts;
    const { onceRecord, onceBytes } = State;
    const end = onceBytes + bytes.length;
    state.u8.set(bytes, onceBytes);
    if (state.isLong) return decodeRecord(onceRecord, onceBytes, end, offset, mode);
    const kind = state.get32(State.codeKind);
    return this.#legacy.decode(onceRecord, onceBytes, end, { offset, kind, mode });
  }

  /** Bytes of physical memory were or will be written. */
  invalidate(physical: number, length: number): void {
    const first = Math.floor(physical / PAGE_BYTES);
    const last = Math.min(Math.floor((physical + length - 1) / PAGE_BYTES), this.#isCode.length - 1);
    for (let number = first; number <= last; number++) {
      if (this.#isCode[number] === 0) continue;
      const pages = this.#arena.pagesOf(number);
      const from = Math.max(0, physical - number * PAGE_BYTES);
      const to = Math.min(PAGE_BYTES, physical + length - number * PAGE_BYTES);
      this.parts.forgets?.(number, from, to);
      if (this.#tooManyWrites(number, to - from)) this.#drop(number, pages);
      else for (const page of pages) this.#forget(page, Math.max(0, from - (MAX_INSTRUCTION_BYTES - 1)), to);
    }
  }

  /** Decodes again what lies at an offset, in every page. */
  invalidateOffset(offset: number): void {
    for (const page of this.#arena.pages()) {
      this.parts.forgets?.(page.number, offset, offset + 1);
      this.#forget(page, offset, offset + 1);
      this.#arena.countAgain(page, this.parts.countTo ?? 0);
    }
  }

  /** Forgets all decoded code. Not while a record is being executed. */
  flush(): void {
    this.parts.forgetsAll?.();
    this.#arena.clear();
    this.#isCode.fill(0);
    this.parts.state.tlb.flushCode();
  }

  /** For those who keep more about a head. */
  get arena(): RecordArena {
    return this.#arena;
  }

  #makingRoom<T>(action: () => T): T {
    try {
      return action();
    } catch (full) {
      if (!(full instanceof ArenaFull)) throw full;
      this.flush();
      return action();
    }
  }

  /** The kind of code at rip. Records of a checked segment go when another takes its place. */
  #kind(): number {
    const { state } = this.parts;
    const kind = state.get32(State.codeKind);
    if (!isChecked(kind)) return kind;
    const [base, limit] = [state.get64(State.codeBase), state.get64(State.codeLimit)];
    const [oldBase, oldLimit] = this.#checkedSegment;
    if (base !== oldBase || limit !== oldLimit) this.flush();
    this.#checkedSegment = [base, limit];
    return kind;
  }

  #page(number: number, kind: number): CodePage {
    const page = this.#arena.page(number, kind) ?? this.#arena.addPage(number, kind);
    if (this.#isCode[number] === 0) {
      this.#isCode[number] = 1;
      this.parts.pageBecameCode(number * PAGE_BYTES);
    }
    return page;
  }

  #decodeInto(page: CodePage, record: number): void {
    const place = this.parts.state.u16[(record + Field.place) >> 1]!;
    const offset = place & (PAGE_BYTES - 1);
    const known = this.#arena.recordAt(page, offset);
    if (known !== 0 && known !== record) this.#arena.goto(record, this.#arena.entryAt(page, offset));
    else if (known === record) this.#again(page, record, offset, place >> 12);
    else if (record + RECORD_BYTES === page.next) this.#run(page, record, offset);
    else this.#arena.goto(record, this.#newRun(page, offset));
  }

  /** The bytes were written since: a record keeps its place in its run when the length is still the same. */
  #again(page: CodePage, record: number, offset: number, oldLength: number): void {
    const decoded = this.#decode(page, record, offset);
    if (decoded !== 0 && (decoded & Decoded.length) === oldLength) {
      this.#finish(page, record, offset, decoded);
      this.#tellAgain(page, offset);
    } else {
      this.#arena.setRecordAt(page, offset, 0);
      this.#arena.goto(record, this.#newRun(page, offset));
    }
  }

  /** Where a probe is woven in, the probe itself was the reason. */
  #tellAgain(page: CodePage, offset: number): void {
    const tell = this.parts.hasBreakpoint(offset) ? undefined : this.parts.blockDecoded?.();
    tell?.([this.#placed(page, offset)]);
  }

  #newRun(page: CodePage, offset: number): number {
    const record = this.#arena.nextRecord(page);
    this.#run(page, record, offset);
    return this.#arena.recordAt(page, offset);
  }

  #run(page: CodePage, first: number, start: number): void {
    const tell = this.parts.blockDecoded?.();
    if (!tell) return this.#decodeRun(page, first, start);
    const fresh: PlacedInstruction[] = (this.#fresh = []);
    this.#decodeRun(page, first, start);
    this.#fresh = undefined;
    if (fresh.length > 0) tell(fresh);
  }

  /** Decodes from `record` on, the last one handed out; ends with a record that leads on, or is decoded when it is reached. */
  #decodeRun(page: CodePage, first: number, start: number): void {
    const arena = this.#arena;
    const isPlain = this.#fresh === undefined && !this.parts.anyBreakpoint();
    let [record, offset] = [first, start];
    for (let count = 0; count < RUN_LENGTH; count++) {
      if (offset >= PAGE_BYTES) return arena.pageEnd(record, offset);
      const known = arena.entryAt(page, offset);
      if (known !== 0) return arena.goto(record, known);
      const decoded = this.#decode(page, record, offset);
      arena.setRecordAt(page, offset, record);
      if (page.waiting.size > 0) this.#settle(page, offset, record);
      if (decoded === 0) return this.#cross(record, offset);
      if (!isPlain || decoded & Decoded.relative) this.#finish(page, record, offset, decoded);
      offset += decoded & Decoded.length;
      record = arena.nextRecord(page);
      // A record that leads on follows even here: the instruction may be replaced by one that falls through.
      if (decoded & Decoded.endsRun) break;
    }
    if (offset >= PAGE_BYTES) arena.pageEnd(record, offset);
    else arena.undecoded(record, offset);
  }

  /** `record` is what jumps to `offset` were waiting for. */
  #settle(page: CodePage, offset: number, record: number): void {
    const waiting = page.waiting.get(offset);
    if (!waiting) return;
    page.waiting.delete(offset);
    const { i32 } = this.parts.state;
    const entry = waiting.isHead ? this.#arena.headAt(page, offset, this.parts.countTo!) : record;
    for (const jump of waiting.jumps) {
      const at = (jump + Field.immediate) >> 2;
      if (i32[at] === waiting.stub - jump) i32[at] = entry - jump;
    }
  }

  /** Where a jump in `record` to an offset of its page leads: to the target's record, or to one that will be decoded. */
  #linkTo(record: number, offset: number, isCall: boolean): number {
    const arena = this.#arena;
    const page = arena.ownerOf(record);
    const { countTo } = this.parts;
    const goesBack = offset <= (this.parts.state.u16[(record + Field.place) >> 1]! & (PAGE_BYTES - 1));
    const isHead = countTo && page.kind === CodeKind.long ? isCall || goesBack : false;
    const known = arena.entryAt(page, offset);
    if (known !== 0) return isHead ? arena.headAt(page, offset, countTo!) : known;
    let waiting = page.waiting.get(offset);
    if (!waiting)
      page.waiting.set(offset, (waiting = { stub: arena.addStub(page, offset), jumps: [], isHead }));
    waiting.jumps.push(record);
    waiting.isHead ||= isHead;
    return waiting.stub;
  }

  #cross(record: number, offset: number): void {
    this.parts.state.u16[(record + Field.place) >> 1] = offset;
    this.#arena.setOp(record, Op.cross);
  }

  /** Answers the length with `Decoded` flags, or 0 where the page or segment ends within the instruction. */
  #decode(page: CodePage, record: number, offset: number): number {
    const start = RAM + page.number * PAGE_BYTES + offset;
    if (page.kind === CodeKind.long) {
      return this.parts.decodeRecord(record, start, start - offset + PAGE_BYTES, offset, DecodeMode.inPage);
    }
    const room = Math.min(PAGE_BYTES - offset, this.#roomInSegment(page, offset));
    const { kind } = page;
    return this.#legacy.decode(record, start, start + room, { offset, kind, mode: DecodeMode.inPage });
  }

  /** What is left to do once the record is known under its offset. */
  #finish(page: CodePage, record: number, offset: number, decoded: number): void {
    if (decoded & Decoded.relative) this.#link(record, offset + (decoded & Decoded.length), decoded);
    this.#fresh?.push(this.#placed(page, offset));
    if (this.parts.hasBreakpoint(offset)) this.#arena.setOp(record, Op.breakpoint);
  }

  /** A jump or call of 64-bit code, whose distance counts from `next`. */
  #link(record: number, next: number, decoded: number): void {
    const { i32 } = this.parts.state;
    const at = (record + Field.immediate) >> 2;
    const target = next + i32[at]!;
    const isCall = (decoded & Decoded.isCall) !== 0;
    if (decoded & Decoded.near) i32[at] = this.#linkTo(record, target, isCall) - record;
    else if (this.parts.countTo && (target < 0 || isCall)) this.#farTarget(target);
  }

  #placed(page: CodePage, offset: number): PlacedInstruction {
    const start = RAM + page.number * PAGE_BYTES;
    const instruction = this.#legacy.instructionAt(start + offset, start + PAGE_BYTES, modeOf(page.kind));
    return { offset, instruction };
  }

  #forget(page: CodePage, from: number, to: number): void {
    for (let offset = from; offset < to; offset++) {
      const record = this.#arena.recordAt(page, offset);
      if (record === 0) continue;
      this.#arena.setOp(record, Op.undecoded);
      const entry = this.#arena.entryAt(page, offset);
      if (entry !== record) this.#arena.count(entry, this.parts.countTo!);
    }
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

  /** The page is data again until it is executed next. */
  #drop(number: number, pages: readonly CodePage[]): void {
    this.parts.forgets?.(number, 0, PAGE_BYTES);
    for (const page of pages) this.#forget(page, 0, PAGE_BYTES);
    this.#isCode[number] = 0;
    this.parts.state.tlb.flushCode();
  }

  /** Bytes that the code segment holds from an offset of the page at rip on. */
  #roomInSegment({ kind }: CodePage, offset: number): number {
    if (!isChecked(kind)) return PAGE_BYTES;
    const { state } = this.parts;
    const ahead = offset - (state.get32(State.rip) & (PAGE_BYTES - 1));
    const pointer = (Number(state.instructionPointer) + ahead) >>> 0;
    return Math.max(0, state.get32(State.codeLimit) - pointer + 1);
  }
}
