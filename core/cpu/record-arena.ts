import {
  CHUNK_BYTES,
  CHUNKS,
  Field,
  MAP_BYTES,
  MAPS,
  MAX_CHUNKS,
  MAX_MAPS,
  PAGE_BYTES,
  RECORD_BYTES,
} from './layout.js';
import { Op } from './ops.js';
import type { CpuState } from './state.js';

/** There is no room: everything has to go. */
export class ArenaFull extends Error {}

interface Waiting {
  readonly stub: number;
  readonly jumps: number[];
  /** One of them makes the target a head. */
  isHead: boolean;
}

/** What is decoded of one physical page. */
export interface CodePage {
  readonly number: number;
  /** A `CodeKind`. */
  readonly kind: number;
  /** Address of the map from offset to record. */
  readonly map: number;
  /** Where the next record of a run goes, and the end of its chunk. */
  next: number;
  end: number;
  /** The same for records that stand for a jump's target until it is decoded. */
  nextStub: number;
  endStub: number;
  /** Jumps that lead to such a record, by offset of the target. */
  readonly waiting: Map<number, Waiting>;
  /** Records that count in front of others. */
  readonly heads: Set<number>;
}

/** Of the jumps out of a new region, one in so many is told. */
const SAMPLE_OF = 32;

/** Physical pages are below 2^20: the memory has 4 GiB at most. */
const keyOf = (number: number, kind: number) => number + kind * 2 ** 20;

/** Memory for records and maps. */
export class RecordArena {
  readonly #pages = new Map<number, CodePage>();
  readonly #byMap: CodePage[] = [];
  /** The highest kind in use, plus one. */
  #kinds = 1;
  /** By chunk: the page whose records it holds. */
  readonly #owners: (CodePage | undefined)[] = [];

  constructor(
    private readonly state: CpuState,
    private readonly limits = { maps: MAX_MAPS, chunks: MAX_CHUNKS },
  ) {}

  page(number: number, kind: number): CodePage | undefined {
    return this.#pages.get(keyOf(number, kind));
  }

  /** What is decoded of a physical page, in whichever mode. */
  pagesOf(number: number): CodePage[] {
    const pages: CodePage[] = [];
    for (let kind = 0; kind < this.#kinds; kind++) {
      const page = this.#pages.get(keyOf(number, kind));
      if (page) pages.push(page);
    }
    return pages;
  }

  pages(): Iterable<CodePage> {
    return this.#pages.values();
  }

  ownerOf(record: number): CodePage {
    return this.#owners[Math.floor((record - CHUNKS) / CHUNK_BYTES)]!;
  }

  addPage(number: number, kind: number): CodePage {
    if (this.#pages.size === this.limits.maps) throw new ArenaFull();
    const map = MAPS + this.#pages.size * MAP_BYTES;
    const chunks = { next: 0, end: 0, nextStub: 0, endStub: 0 };
    const page: CodePage = { number, kind, map, ...chunks, waiting: new Map(), heads: new Set() };
    this.#pages.set(keyOf(number, kind), page);
    this.#kinds = Math.max(this.#kinds, kind + 1);
    this.#byMap.push(page);
    return page;
  }

  /** The next record of a run; the one before it leads there when a new chunk had to be opened. */
  nextRecord(page: CodePage): number {
    if (page.next === page.end) {
      const chunk = this.#addChunk(page);
      if (page.end !== 0) this.goto(page.end, chunk);
      page.next = chunk;
      // The last record is kept for the way to the next chunk.
      page.end = chunk + CHUNK_BYTES - RECORD_BYTES;
    }
    const record = page.next;
    page.next += RECORD_BYTES;
    return record;
  }

  /** Whether there is room for `addStub`. */
  hasStub(page: CodePage): boolean {
    return page.nextStub !== page.endStub || this.#owners.length < this.limits.chunks;
  }

  /** A record that is not decoded yet, outside all runs. */
  addStub(page: CodePage, offset: number): number {
    if (page.nextStub === page.endStub) {
      page.nextStub = this.#addChunk(page);
      page.endStub = page.nextStub + CHUNK_BYTES;
    }
    const record = page.nextStub;
    page.nextStub += RECORD_BYTES;
    this.undecoded(record, offset);
    return record;
  }

  undecoded(record: number, offset: number): void {
    this.setOp(record, Op.undecoded);
    this.state.u16[(record + Field.place) >> 1] = offset;
  }

  goto(record: number, target: number): void {
    this.setOp(record, Op.goto);
    this.state.i32[(record + Field.immediate) >> 2] = target - record;
  }

  /** Goes on at an offset from the page base, which may be the next page's first byte. */
  pageEnd(record: number, offset: number): void {
    this.setOp(record, Op.pageEnd);
    this.state.u16[(record + Field.place) >> 1] = offset & (PAGE_BYTES - 1);
    this.state.i32[(record + Field.displacement) >> 2] = offset;
  }

  setOp(record: number, op: number): void {
    this.state.u16[record >> 1] = op;
  }

  /** The record of the instruction at an offset, or 0. */
  recordAt(page: CodePage, offset: number): number {
    const entry = this.entryAt(page, offset);
    return entry !== 0 && this.#isHead(page, entry)
      ? entry + this.state.i32[(entry + Field.immediate) >> 2]!
      : entry;
  }

  /** Where jumps to an offset go: the head in front of the record, where there is one, else the record. */
  entryAt({ map }: CodePage, offset: number): number {
    return this.state.i32[(map >> 2) + offset]!;
  }

  setRecordAt(page: CodePage, offset: number, record: number): void {
    const entry = this.entryAt(page, offset);
    if (record !== 0 && entry !== 0 && this.#isHead(page, entry))
      this.state.i32[(entry + Field.immediate) >> 2] = record - entry;
    else this.state.i32[(page.map >> 2) + offset] = record;
  }

  /** The head in front of the record at an offset; a new one counts down from `count`. */
  headAt(page: CodePage, offset: number, count: number): number {
    const entry = this.entryAt(page, offset);
    if (this.#isHead(page, entry)) return entry;
    const head = this.addStub(page, offset);
    page.heads.add(head);
    this.goto(head, entry);
    this.count(head, count);
    this.state.i32[(page.map >> 2) + offset] = head;
    return head;
  }

  #isHead({ heads }: CodePage, record: number): boolean {
    return heads.has(record);
  }

  /** A head that counts (again). */
  count(head: number, count: number): void {
    this.setOp(head, Op.count);
    this.state.i32[(head + Field.displacement) >> 2] = count;
  }

  /** Heads that only lead on count again. */
  countAgain({ heads }: CodePage, count: number): void {
    for (const head of heads) if (this.state.u16[head >> 1] === Op.goto) this.count(head, count);
  }

  /** A head that only leads on. */
  setIdle(head: number): void {
    this.setOp(head, Op.goto);
  }

  /** A head with compiled code. */
  region(head: number, number: number): void {
    this.setOp(head, Op.region);
    this.state.i32[(head + Field.displacement) >> 2] = number;
    this.tellOneIn(head, SAMPLE_OF);
  }

  /** Of the jumps out of a region, one in so many is told, a power of two. */
  tellOneIn(head: number, jumps: number): void {
    this.state.u16[(head + Field.reg) >> 1] = jumps - 1;
  }

  pageOfMap(map: number): CodePage | undefined {
    return this.#byMap[(map - MAPS) / MAP_BYTES];
  }

  clear(): void {
    const { u8 } = this.state;
    u8.fill(0, MAPS, MAPS + this.#pages.size * MAP_BYTES);
    u8.fill(0, CHUNKS, CHUNKS + this.#owners.length * CHUNK_BYTES);
    this.#pages.clear();
    this.#byMap.length = 0;
    this.#kinds = 1;
    this.#owners.length = 0;
  }

  #addChunk(page: CodePage): number {
    if (this.#owners.length === this.limits.chunks) throw new ArenaFull();
    return CHUNKS + (this.#owners.push(page) - 1) * CHUNK_BYTES;
  }
}
