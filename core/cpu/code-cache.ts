import type { Decoder } from '../isa/decoder.js';
import type { DecodeFailure, Instruction, Mode } from '../isa/instruction.js';
import type { ParsedRow } from '../isa/row.js';
import type { PlacedInstruction } from './decoded-block.js';
import { Vector } from './guest-fault.js';
import { CodeKind, Field, PAGE_BYTES, RAM, RECORD_BYTES, State } from './layout.js';
import type { OpTable } from './ops.js';
import { Op } from './ops.js';
import type { CodePage } from './record-arena.js';
import { ArenaFull, RecordArena } from './record-arena.js';
import { RecordWriter } from './record.js';
import type { CpuState } from './state.js';

const MAX_LENGTH = 15;
const MOST_WANTED = 4096;
/** Instructions decoded ahead of execution, at most. */
const RUN_LENGTH = 8;
/** Writes to a page with code before it is taken for data; doubles each time it becomes code again. */
const DROP_AFTER = 64;
const isChecked = (kind: number) => kind === CodeKind.checked32 || kind === CodeKind.checked16;

function modeOf(kind: number): Mode {
  if (kind === CodeKind.long) return 64;
  return kind === CodeKind.code32 || kind === CodeKind.checked32 ? 32 : 16;
}

/** No instruction behind these is reached by falling through. */
const ENDS_RUN = /^(JMP|RET|IRET|SYSRET|UD|INVALID|HLT)/;

export interface CodeCacheParts {
  readonly state: CpuState;
  readonly decoder: Decoder;
  readonly ops: OpTable;
  /** The row that stands for bytes that are no instruction. */
  readonly invalid: ParsedRow;
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
  readonly #writer: RecordWriter;
  /** By physical page: writes must come by. */
  readonly #isCode: Uint8Array;
  /** By physical page that was ever written while it held code. */
  /** Linear addresses that calls and backward jumps lead to, until they are reached. */
  readonly #wantedHeads = new Set<number>();
  readonly #writes = new Map<number, { count: number; limit: number }>();
  /** What the run under way has decoded, while somebody wants to know. */
  #fresh: PlacedInstruction[] | undefined;
  /** Base and limit of the code segment that checked records were decoded for. */
  #checkedSegment: readonly [bigint, bigint] = [0n, 0n];

  constructor(private readonly parts: CodeCacheParts) {
    const { state, ops } = parts;
    this.#arena = new RecordArena(state, parts.limits);
    this.#writer = new RecordWriter(state, ops, (...jump) => this.#linkTo(...jump));
    this.#isCode = new Uint8Array(Math.ceil(state.ramBytes / PAGE_BYTES));
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
    const { mode } = this.parts.state;
    const instruction = this.#decode(bytes, 0, bytes.length, mode);
    const record = State.onceRecord;
    this.#writer.write(
      record,
      instruction === 'truncated' ? this.#failed('undefined', mode) : instruction,
      offset,
      true,
      isChecked(this.parts.state.get32(State.codeKind)),
    );
    const { length } = instruction === 'truncated' ? { length: 1 } : instruction;
    this.#arena.pageEnd(record + RECORD_BYTES, offset + length);
    return record;
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
      else for (const page of pages) this.#forget(page, Math.max(0, from - (MAX_LENGTH - 1)), to);
    }
  }

  /** Decodes again what lies at an offset, in every page. */
  invalidateOffset(offset: number): void {
    for (const page of this.#arena.pages()) {
      this.parts.forgets?.(page.number, offset, offset + 1);
      this.#forget(page, offset, offset + 1);
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
    const instruction = this.#decodeFrom(page, offset);
    const fits = instruction !== 'truncated' && instruction.length === oldLength;
    if (fits) this.#writeAgain(record, instruction, offset);
    else {
      this.#arena.setRecordAt(page, offset, 0);
      this.#arena.goto(record, this.#newRun(page, offset));
    }
  }

  #writeAgain(record: number, instruction: Instruction, offset: number): void {
    this.#write(record, instruction, offset);
    // Where a probe is woven in, the probe itself was the reason.
    if (!this.parts.hasBreakpoint(offset)) this.parts.blockDecoded?.()?.([{ offset, instruction }]);
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
    let [record, offset] = [first, start];
    for (let count = 0; count < RUN_LENGTH; count++) {
      if (offset >= PAGE_BYTES) return arena.pageEnd(record, offset);
      const known = arena.recordAt(page, offset);
      if (known !== 0) return arena.goto(record, arena.entryAt(page, offset));
      const instruction = this.#decodeFrom(page, offset);
      this.#settle(page, offset, record);
      if (instruction === 'truncated') return this.#cross(record, offset);
      this.#write(record, instruction, offset);
      offset += instruction.length;
      record = arena.nextRecord(page);
      // A record that leads on follows even here: the instruction may be replaced by one that falls through.
      if (ENDS_RUN.test(instruction.row.name)) break;
    }
    if (offset >= PAGE_BYTES) arena.pageEnd(record, offset);
    else arena.undecoded(record, offset);
  }

  /** `record` is what jumps to `offset` were waiting for. */
  #settle(page: CodePage, offset: number, record: number): void {
    this.#arena.setRecordAt(page, offset, record);
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

  #write(record: number, instruction: Instruction, offset: number): void {
    const { kind } = this.#arena.ownerOf(record);
    this.#writer.write(record, instruction, offset, false, isChecked(kind));
    this.#fresh?.push({ offset, instruction });
    if (this.parts.countTo && kind === CodeKind.long) this.#noteTarget(instruction, offset);
    if (this.parts.hasBreakpoint(offset)) this.#arena.setOp(record, Op.breakpoint);
  }

  #noteTarget({ row, length, immediate }: Instruction, offset: number): void {
    if (!row.operands.some(({ kind }) => kind === 'J')) return;
    const target = offset + length + immediate;
    const isFar = target < 0 || target >= PAGE_BYTES;
    if (isFar && (target < 0 || row.mnemonic === 'call')) this.#farTarget(target);
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

  #decodeFrom(page: CodePage, offset: number): Instruction | 'truncated' {
    const start = RAM + page.number * PAGE_BYTES + offset;
    const room = Math.min(PAGE_BYTES - offset, this.#roomInSegment(page, offset));
    return this.#decode(this.parts.state.u8, start, start + room, modeOf(page.kind));
  }

  /** Bytes that the code segment holds from an offset of the page at rip on. */
  #roomInSegment({ kind }: CodePage, offset: number): number {
    if (!isChecked(kind)) return PAGE_BYTES;
    const { state } = this.parts;
    const ahead = offset - (state.get32(State.rip) & (PAGE_BYTES - 1));
    const pointer = (Number(state.instructionPointer) + ahead) >>> 0;
    return Math.max(0, state.get32(State.codeLimit) - pointer + 1);
  }

  #decode(bytes: Uint8Array, start: number, end: number, mode: Mode): Instruction | 'truncated' {
    const decoded = this.parts.decoder.decode(bytes, start, end, mode);
    if (decoded === 'truncated') return decoded;
    return typeof decoded === 'string' ? this.#failed(decoded, mode) : decoded;
  }

  /** An instruction that raises what the bytes deserve. */
  #failed(failure: DecodeFailure, mode: Mode): Instruction {
    const vector = failure === 'undefined' ? Vector.UD : Vector.GP;
    return {
      row: this.parts.invalid,
      length: 1,
      size: 64,
      sizeIndex: 0,
      reg: 0,
      rm: 0,
      vvvv: 0,
      memory: undefined,
      segment: undefined,
      immediate: vector,
      immediateHigh: 0,
      hasRex: false,
      lock: false,
      repeat: 0,
      addressBits: mode,
      mode,
    };
  }
}
