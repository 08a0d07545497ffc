import { flowOf } from '../../isa/flow.js';
import { MAX_INSTRUCTION_BYTES } from '../../isa/instruction.js';
import type { DecodeFailure, Instruction } from '../../isa/instruction.js';
import { PAGE_BYTES, RAM, RECORD_BYTES, State } from '../layout.js';
import type { ModelRows } from '../model-rows.js';
import { RecordWriter } from '../record.js';
import type { CpuState } from '../state.js';
import { isPlain } from './plain-float.js';
import { isNearEnough, MOST_INSTRUCTIONS_A_BLOCK } from './region-function.js';
import type { Region, RegionBlock, RegionInstruction } from './region.js';
import { canHoldStack } from './x87-shortcuts.js';
import type { X87Entry } from './x87-stack.js';
import { x87Entry } from './x87-stack.js';

export const LIMITS = { instructions: 300, blocks: 64, instructionsInBlock: 64 };

/** Families of rows that change what regions take for granted, or ask TypeScript. */
const PRIVILEGED = new Set(['system', 'processor']);

export interface RegionSources {
  readonly state: CpuState;
  readonly rows: ModelRows;
  /** The page that lies `distance` bytes from the head's page, when it is known to be mapped and to hold code. */
  pageAt(distance: number): SourcePage | undefined;
  hasBreakpoint(offset: number): boolean;
}

export interface SourcePage {
  /** Physical page. */
  readonly number: number;
  readonly map: number;
}

/** Everything that is reached from the head by direct jumps and calls, nearest first, as far as the limits go. */
export function findRegion(
  sources: RegionSources,
  head: number,
  jumpPlaces: readonly number[] = [],
): Omit<Region, 'number'> | undefined {
  return new RegionFinder(sources).find(head, jumpPlaces);
}

class RegionFinder {
  readonly #instructions = new Map<number, RegionInstruction>();
  readonly #leaders = new Set<number>();
  readonly #pages = new Map<number, SourcePage>();
  readonly #bytes = new Map<number, Uint8Array>();
  readonly #writer: RecordWriter;

  constructor(private readonly sources: RegionSources) {
    this.#writer = new RecordWriter(sources.state, sources.rows.ops, () => 0);
  }

  find(head: number, jumpPlaces: readonly number[]): Omit<Region, 'number'> | undefined {
    const waiting = [head, ...jumpPlaces];
    for (const place of waiting) {
      if (this.#leaders.size >= LIMITS.blocks || this.#instructions.size >= LIMITS.instructions) break;
      if (this.#leaders.has(place)) continue;
      if (this.#scan(place, waiting)) this.#leaders.add(place);
    }
    if (!this.#leaders.has(head)) return undefined;
    return {
      blocks: [...this.#leaders].map((place) => this.#block(place)),
      jumpPlaces: jumpPlaces.filter((place) => this.#leaders.has(place)),
      isPlainFloat: isPlain(this.sources.state),
      x87: this.#x87Entry(),
      pages: [...this.#pages]
        .filter(([distance, { number }]) => distance !== 0 && this.#bytes.has(number))
        .map(([distance, { map }]) => ({ distance, map })),
      bytes: this.#bytes,
    };
  }

  /** Decodes to the end of the block, or to what is known already; false when not even the first instruction can be had. */
  #scan(start: number, waiting: number[]): boolean {
    for (let place = start; !this.#instructions.has(place);) {
      if (this.#instructions.size >= LIMITS.instructions) break;
      const instruction = this.#decode(place);
      if (!instruction) break;
      this.#instructions.set(place, instruction);
      const { flow, next, target } = instruction;
      if (flow === 'next') {
        place = next;
        continue;
      }
      if (target !== undefined) waiting.push(target);
      if (flow === 'branch' || isCall(instruction)) waiting.push(next);
      break;
    }
    return this.#instructions.has(start);
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
    this.#note(page, offset, decoded.length);
    const behind = offset + decoded.length - PAGE_BYTES;
    if (behind > 0) this.#note(this.#page(distance + PAGE_BYTES)!, 0, behind);
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

  #note({ number }: SourcePage, offset: number, length: number): void {
    let used = this.#bytes.get(number);
    if (!used) this.#bytes.set(number, (used = new Uint8Array(PAGE_BYTES)));
    used.fill(1, offset, offset + length);
  }

  #block(start: number): RegionBlock {
    const instructions: RegionInstruction[] = [];
    for (let place = start; ;) {
      const instruction = this.#instructions.get(place);
      if (!instruction || (place !== start && this.#leaders.has(place))) break;
      instructions.push(instruction);
      place = instruction.next;
      if (instruction.flow !== 'next' || instructions.length === MOST_INSTRUCTIONS_A_BLOCK) break;
    }
    return { place: start, instructions };
  }

  #x87Entry(): X87Entry | undefined {
    const rows = [...this.#instructions.values()].map(({ form }) => form.row);
    return canHoldStack(rows) ? x87Entry((offset) => this.sources.state.get32(offset)) : undefined;
  }
}

const isCall = ({ flow, form }: RegionInstruction) =>
  flow === 'call' || (flow === 'indirect' && form.row.mnemonic === 'call');

function formIn({ row, sizeIndex, memory }: Instruction): number {
  const variant = memory
    ? row.variants.indexOf('m')
    : row.variants.includes('far')
      ? row.variants.indexOf('far')
      : 0;
  return row.firstForm + sizeIndex * row.variants.length + variant;
}
