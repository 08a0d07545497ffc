import { flowOf } from '../../isa/flow.js';
import { MAX_INSTRUCTION_BYTES } from '../../isa/instruction.js';
import type { DecodeFailure, Instruction } from '../../isa/instruction.js';
import { PAGE_BYTES, RAM, RECORD_BYTES, State } from '../layout.js';
import type { ModelRows } from '../model-rows.js';
import type { ParsedRow } from '../../isa/row.js';
import { RecordWriter } from '../record.js';
import type { CpuState } from '../state.js';
import { CodeBytes } from './code-bytes.js';
import { isPlain } from './plain-float.js';
import { isNearEnough } from './region-function.js';
import type { FoundRegion, RegionInstruction } from './region.js';
import { RegionScan } from './region-scan.js';
import { canHoldStack } from './x87-shortcuts.js';
import type { X87Entry } from './x87-stack.js';
import { x87Entry } from './x87-stack.js';

/** Of a region, and of one that has copies of functions. */
export const LIMITS = { instructions: 300, blocks: 64 };
export const COPIED_LIMITS = { instructions: 500, blocks: 100 };
/** Families of rows that change what regions take for granted, or ask TypeScript. */
const PRIVILEGED = new Set(['system', 'processor']);
const INDIRECT = /^(JMP|CALL)_Ev$/;

export interface RegionSources {
  readonly state: CpuState;
  readonly rows: ModelRows;
  /** The page that lies `distance` bytes from the head's page, when it is known to be mapped and to hold code. */
  pageAt(distance: number): SourcePage | undefined;
  hasBreakpoint(offset: number): boolean;
  /** Code that has not been executed, too. */
  readonly takesAll: boolean;
}

export interface SourcePage {
  /** Physical page. */
  readonly number: number;
  readonly map: number;
}

/** What is known before of how a region goes on. */
export interface RegionHints {
  readonly jumpPlaces: readonly number[];
  /** Where other regions begin, to which this one hands over. */
  readonly stops: ReadonlySet<number>;
}

/** Everything that is reached from the head by direct jumps and calls, nearest first, as far as the limits go. */
export function findRegion(
  sources: RegionSources,
  head: number,
  hints: RegionHints,
): FoundRegion | undefined {
  return new RegionFinder(sources, hints).find(head);
}

class RegionFinder {
  /** By place. */
  readonly #instructions = new Map<number, RegionInstruction | undefined>();
  readonly #pages = new Map<number, SourcePage>();
  readonly #bytes = new CodeBytes();
  readonly #writer: RecordWriter;

  constructor(
    private readonly sources: RegionSources,
    private readonly hints: RegionHints,
  ) {
    this.#writer = new RecordWriter(sources.state, sources.rows.ops, () => 0);
  }

  find(head: number): FoundRegion | undefined {
    const { jumpPlaces } = this.hints;
    const merged = this.#scan(LIMITS, false, head);
    if (merged.size === 0) return undefined;
    const asks = jumpPlaces.length > 0 && merged.rows.some(({ name }) => INDIRECT.test(name));
    const scan = asks || !merged.callsTwice ? merged : this.#scan(COPIED_LIMITS, true, head);
    for (const place of scan.places) this.#noteBytes(place);
    return {
      blocks: scan.blocks(),
      isWhole: scan.isWhole,
      jumpPlaces: jumpPlaces.filter((place) => scan.begins(place)),
      tlb: this.sources.state.get32(State.tlb),
      isPlainFloat: isPlain(this.sources.state),
      isWide: false,
      x87: this.#x87Entry(scan.rows),
      pages: [...this.#pages]
        .filter(([distance, { number }]) => distance !== 0 && this.#bytes.has(number))
        .map(([distance, { map }]) => ({ distance, map })),
      bytes: this.#bytes,
    };
  }

  #scan(limits: typeof LIMITS, makesCopies: boolean, head: number): RegionScan {
    const at = (place: number) => this.#at(place);
    const mayBegin = (place: number, copy: number) =>
      (copy !== 0 || place === head || !this.hints.stops.has(place)) &&
      (this.sources.takesAll || this.#isKnown(place));
    return new RegionScan(at, mayBegin, limits, makesCopies).from(head, this.hints.jumpPlaces);
  }

  /** Tier 1 has decoded it: it has been executed, or comes soon behind what has. */
  #isKnown(place: number): boolean {
    const distance = place & -PAGE_BYTES;
    const page = this.#page(distance);
    return page !== undefined && this.sources.state.i32[(page.map >> 2) + place - distance] !== 0;
  }

  #at(place: number): RegionInstruction | undefined {
    if (this.#instructions.has(place)) return this.#instructions.get(place);
    const instruction = this.#decode(place);
    this.#instructions.set(place, instruction);
    return instruction;
  }

  #decode(place: number): RegionInstruction | undefined {
    const { state, rows } = this.sources;
    const distance = place & -PAGE_BYTES;
    const page = this.#page(distance);
    const offset = place - distance;
    if (!page || this.sources.hasBreakpoint(offset)) return undefined;
    const start = RAM + page.number * PAGE_BYTES;
    let decoded = rows.decoder.decode(state.u8, start + offset, start + PAGE_BYTES);
    if (decoded === 'truncated') decoded = this.#decodeAcross(start + offset, distance + PAGE_BYTES);
    if (typeof decoded === 'string' || PRIVILEGED.has(rows.families.get(decoded.row)!)) return undefined;
    const record = State.onceRecord + 2 * RECORD_BYTES;
    this.#writer.write(record, decoded, offset, true);
    const form = rows.ops.forms[formIn(decoded)]!;
    const flow = flowOf(decoded.row);
    const next = place + decoded.length;
    const target =
      flow === 'jump' || flow === 'branch' || flow === 'call' ? next + decoded.immediate : undefined;
    const fields = new DataView(state.u8.slice(record, record + RECORD_BYTES).buffer);
    return { place, next, form, fields, flow, target };
  }

  /** The instruction at a host's address that goes on in the page at `distance`. */
  #decodeAcross(from: number, distance: number): Instruction | DecodeFailure {
    const { state, rows } = this.sources;
    const second = this.#page(distance);
    if (!second) return 'truncated';
    const start = RAM + second.number * PAGE_BYTES;
    const room = PAGE_BYTES - (from % PAGE_BYTES);
    const bytes = Uint8Array.of(
      ...state.u8.subarray(from, from + room),
      ...state.u8.subarray(start, start + MAX_INSTRUCTION_BYTES),
    );
    return rows.decoder.decode(bytes, 0, bytes.length);
  }

  #page(distance: number): SourcePage | undefined {
    if (!isNearEnough(distance)) return undefined;
    let page = this.#pages.get(distance);
    if (page) return page;
    page = this.sources.pageAt(distance);
    if (page) this.#pages.set(distance, page);
    return page;
  }

  #noteBytes(place: number): void {
    const distance = place & -PAGE_BYTES;
    const [from, to] = [place - distance, this.#at(place)!.next - distance];
    this.#bytes.add(this.#page(distance)!.number, from, Math.min(to, PAGE_BYTES));
    if (to > PAGE_BYTES) this.#bytes.add(this.#page(distance + PAGE_BYTES)!.number, 0, to - PAGE_BYTES);
  }

  #x87Entry(rows: readonly ParsedRow[]): X87Entry | undefined {
    return canHoldStack(rows) ? x87Entry((offset) => this.sources.state.get32(offset)) : undefined;
  }
}

function formIn({ row, sizeIndex, memory }: Instruction): number {
  const variant = memory
    ? row.variants.indexOf('m')
    : row.variants.includes('far')
      ? row.variants.indexOf('far')
      : 0;
  return row.firstForm + sizeIndex * row.variants.length + variant;
}
