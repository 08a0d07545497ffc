import type { Region, RegionBlock, RegionInstruction } from './region.js';

/** From so many on, comparing costs more than leaving. */
const MOST_RETURNS = 16;

/**
 * Where the returns and indirect jumps of a region may lead, as far as that is worth comparing with; what is missing here leaves the
 * region. A return leads behind the calls of its own function: fewer edges keep loops apart that share what they call.
 */
export class IndirectTargets {
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #last: readonly RegionInstruction[];
  /** Behind the calls of a function, by its place. */
  readonly #behindCalls = new Map<number, Set<number>>();
  readonly #behindIndirectCalls = new Set<number>();
  /** By place of a return. */
  readonly #returns = new Map<number, Set<number>>();
  readonly #jumps: readonly number[];

  /** `goesOut`: returns of the function that the region begins in may lead to where it has been left to. */
  constructor(
    readonly region: Region,
    goesOut: boolean,
  ) {
    this.#numbers = new Map(region.blocks.map(({ place }, number) => [place, number]));
    this.#last = region.blocks.map(lastOf);
    for (const instruction of this.#last) this.#noteCall(instruction);
    const behind = new Set([
      ...this.#behindIndirectCalls,
      ...[...this.#behindCalls.values()].flatMap((each) => [...each]),
    ]);
    this.#jumps = region.jumpPlaces.filter((place) => !behind.has(place));
    for (const [place, places] of this.#behindCalls) this.#noteReturns(place, places);
    const outside = new Set([...(goesOut ? region.jumpPlaces : []), ...this.#behindIndirectCalls]);
    for (const place of [region.blocks[0]!.place, ...region.jumpPlaces]) this.#noteReturns(place, outside);
  }

  /** Places of blocks, ascending. */
  of({ flow, place }: RegionInstruction): readonly number[] {
    const places = flow === 'return' ? (this.#returns.get(place) ?? []) : this.#jumps;
    return [...places].sort((a, b) => a - b);
  }

  #noteCall(instruction: RegionInstruction): void {
    const { flow, next, target } = instruction;
    if (!this.#numbers.has(next)) return;
    if (flow !== 'call') {
      if (isIndirectCall(instruction)) this.#behindIndirectCalls.add(next);
      return;
    }
    const places = this.#behindCalls.get(target!) ?? new Set();
    this.#behindCalls.set(target!, places.add(next));
  }

  /** The returns that are reached from a place without passing through one. */
  #noteReturns(from: number, to: ReadonlySet<number>): void {
    const seen = new Set([from]);
    for (const place of seen) {
      const number = this.#numbers.get(place);
      if (number === undefined) continue;
      const instruction = this.#last[number]!;
      if (instruction.flow === 'return') this.#addReturns(instruction.place, to);
      else for (const next of this.#within(instruction)) seen.add(next);
    }
  }

  #addReturns(from: number, to: ReadonlySet<number>): void {
    const places = this.#returns.get(from) ?? new Set();
    for (const place of to) if (places.size < MOST_RETURNS) places.add(place);
    this.#returns.set(from, places);
  }

  /** Where its function goes on. */
  #within(instruction: RegionInstruction): readonly number[] {
    const { flow, next, target } = instruction;
    if (flow === 'branch') return [target!, next];
    if (flow === 'jump') return [target!];
    if (flow === 'indirect' && !isIndirectCall(instruction)) return this.#jumps;
    return flow === 'elsewhere' ? [] : [next];
  }
}

const lastOf = ({ instructions }: RegionBlock) => instructions.at(-1)!;

const isIndirectCall = ({ flow, form }: RegionInstruction) =>
  flow === 'indirect' && form.row.mnemonic === 'call';
