import type { ParsedRow } from '../../isa/row.js';
import type { RegionBlock, RegionInstruction } from './region.js';
import { MOST_INSTRUCTIONS_A_BLOCK } from './region.js';

/** How deep calls are followed into copies. */
const DEEPEST = 8;

/** A function of the region, or all of them. */
interface Copy {
  readonly entry: number;
  readonly caller: Copy | undefined;
  readonly depth: number;
  readonly number: number;
  readonly places: Set<number>;
  readonly leaders: Set<number>;
  /** By place of the call. */
  readonly callees: Map<number, Copy>;
}

/** Everything that is reached from a place by direct jumps and calls, nearest first, as far as the limits go. */
export class RegionScan {
  readonly #copies: Copy[] = [];
  readonly #leaders: [number, Copy][] = [];
  readonly #calls = new Map<number, Set<number>>();
  #size = 0;
  /** Nothing was left out for want of room. */
  isWhole = true;

  constructor(
    private readonly at: (place: number) => RegionInstruction | undefined,
    private readonly mayBegin: (place: number, copy: number) => boolean,
    private readonly limits: { readonly instructions: number; readonly blocks: number },
    /** A function gets a copy for each place that it is called from, but for calls of itself. */
    private readonly makesCopies: boolean,
  ) {}

  from(head: number, others: readonly number[]): this {
    const root = this.#copy(head, undefined);
    const waiting = [head, ...others].map((place): [number, Copy] => [place, root]);
    for (const [place, copy] of waiting) {
      if (copy.leaders.has(place)) continue;
      if (this.#leaders.length >= this.limits.blocks || this.#isFull) {
        this.isWhole = false;
        break;
      }
      if (this.#scan(place, copy, waiting)) {
        copy.leaders.add(place);
        this.#leaders.push([place, copy]);
      } else if (place === head) break;
    }
    return this;
  }

  /** Instructions. */
  get size(): number {
    return this.#size;
  }

  get #isFull(): boolean {
    return this.#size >= this.limits.instructions;
  }

  /** Whether a function is called from several places. */
  get callsTwice(): boolean {
    return [...this.#calls.values()].some(({ size }) => size > 1);
  }

  get places(): ReadonlySet<number> {
    return new Set(this.#copies.flatMap(({ places }) => [...places]));
  }

  get rows(): ParsedRow[] {
    return [...this.places].map((place) => this.at(place)!.form.row);
  }

  /** Whether there is a block at a place of the function that the region begins in. */
  begins(place: number): boolean {
    return this.#copies[0]!.leaders.has(place);
  }

  blocks(): RegionBlock[] {
    return this.#leaders.map(([place, copy]) => this.#block(place, copy));
  }

  /** To the end of the block, or to what is known already; false when not even the first instruction can be had. */
  #scan(start: number, copy: Copy, waiting: [number, Copy][]): boolean {
    if (copy.places.has(start)) return true;
    if (!this.mayBegin(start, copy.number)) return false;
    for (let place = start; !copy.places.has(place);) {
      if (this.#isFull) this.isWhole = false;
      const instruction = this.#isFull ? undefined : this.at(place);
      if (!instruction) break;
      copy.places.add(place);
      this.#size++;
      const { flow, next, target } = instruction;
      if (flow === 'next') {
        place = next;
        continue;
      }
      const called = flow === 'call' ? this.#call(instruction, copy) : copy;
      if (!called) this.isWhole = false;
      if (target !== undefined && called) waiting.push([target, called]);
      if (flow === 'branch' || isCall(instruction)) waiting.push([next, copy]);
      break;
    }
    return copy.places.has(start);
  }

  /** The copy that a call leads to; none where calls are too deep. */
  #call({ place, target }: RegionInstruction, from: Copy): Copy | undefined {
    this.#calls.set(target!, (this.#calls.get(target!) ?? new Set()).add(place));
    const callee = this.makesCopies ? this.#copyFor(target!, from) : from;
    if (callee) from.callees.set(place, callee);
    return callee;
  }

  #copyFor(entry: number, caller: Copy): Copy | undefined {
    for (let copy: Copy | undefined = caller; copy; copy = copy.caller) if (copy.entry === entry) return copy;
    return caller.depth < DEEPEST ? this.#copy(entry, caller) : undefined;
  }

  #copy(entry: number, caller: Copy | undefined): Copy {
    const copy: Copy = {
      entry,
      caller,
      depth: caller ? caller.depth + 1 : 0,
      number: this.#copies.length,
      places: new Set(),
      leaders: new Set(),
      callees: new Map(),
    };
    this.#copies.push(copy);
    return copy;
  }

  #block(start: number, { number, places, leaders, callees }: Copy): RegionBlock {
    const instructions: RegionInstruction[] = [];
    for (let place = start; places.has(place);) {
      if (place !== start && leaders.has(place)) break;
      const instruction = this.at(place)!;
      instructions.push(instruction);
      place = instruction.next;
      if (instruction.flow !== 'next' || instructions.length === MOST_INSTRUCTIONS_A_BLOCK) break;
    }
    return {
      place: start,
      copy: number,
      callee: callees.get(instructions.at(-1)!.place)?.number,
      instructions,
    };
  }
}

const isCall = ({ flow, form }: RegionInstruction) =>
  flow === 'call' || (flow === 'indirect' && form.row.mnemonic === 'call');
