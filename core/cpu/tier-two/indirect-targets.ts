import type { Graph } from './control-flow.js';
import type { FoundRegion, RegionBlock, RegionInstruction } from './region.js';
import { lastOf } from './region.js';
import { RegionGraph } from './region-graph.js';

/** From so many on, comparing costs more than leaving. */
const MOST_RETURNS = 16;

/**
 * Where the returns and indirect jumps of a region may lead, as far as that is worth comparing with; what is missing here leaves the
 * region. A return leads behind the calls of its own function: fewer edges keep loops apart that share what they call. Everything
 * is told by numbers of blocks.
 */
export class IndirectTargets {
  readonly #blocks: readonly RegionBlock[];
  /** Behind the calls of a function, by its first block. */
  readonly #behindCalls = new Map<number, Set<number>>();
  readonly #behindIndirectCalls = new Set<number>();
  /** By block that ends in a return. */
  readonly #returns = new Map<number, Set<number>>();
  readonly #jumps: readonly number[];

  /** `goesOut`: returns of the function that the region begins in may lead to where it has been left to. */
  constructor(
    region: Pick<FoundRegion, 'blocks' | 'jumpPlaces'>,
    private readonly graph: RegionGraph,
    goesOut: boolean,
  ) {
    this.#blocks = region.blocks;
    for (const number of this.#blocks.keys()) this.#noteCall(number);
    const behind = new Set([
      ...this.#behindIndirectCalls,
      ...[...this.#behindCalls.values()].flatMap((each) => [...each]),
    ]);
    const places = numbersOf(region.jumpPlaces.map((place) => graph.numberOf(place, 0)));
    this.#jumps = places.filter((number) => !behind.has(number));
    for (const [number, numbers] of this.#behindCalls) this.#noteReturns(number, numbers);
    const outside = new Set([...(goesOut ? places : []), ...this.#behindIndirectCalls]);
    for (const number of [0, ...places]) this.#noteReturns(number, outside);
  }

  /** Blocks, ascending by place. */
  of(number: number): readonly number[] {
    const isReturn = lastOf(this.#blocks[number]!).flow === 'return';
    const numbers = isReturn ? (this.#returns.get(number) ?? []) : this.#jumps;
    return [...numbers].sort((a, b) => this.#blocks[a]!.place - this.#blocks[b]!.place);
  }

  /** Where each block leads. */
  successors(): Graph {
    return this.#blocks.map((block, number) => {
      const { flow } = lastOf(block);
      return flow === 'return' || flow === 'indirect' ? this.of(number) : this.graph.direct(number);
    });
  }

  #noteCall(number: number): void {
    const instruction = lastOf(this.#blocks[number]!);
    const behind = this.graph.behind(number);
    if (behind === undefined) return;
    if (instruction.flow !== 'call') {
      if (isIndirectCall(instruction)) this.#behindIndirectCalls.add(behind);
      return;
    }
    const called = this.graph.leadsTo(number, instruction.target!);
    if (called === undefined) return;
    this.#behindCalls.set(called, (this.#behindCalls.get(called) ?? new Set()).add(behind));
  }

  /** The returns that are reached from a block without passing through one. */
  #noteReturns(from: number, to: ReadonlySet<number>): void {
    const seen = new Set([from]);
    for (const number of seen) {
      if (lastOf(this.#blocks[number]!).flow === 'return') this.#addReturns(number, to);
      else for (const next of this.#within(number)) seen.add(next);
    }
  }

  #addReturns(from: number, to: ReadonlySet<number>): void {
    const numbers = this.#returns.get(from) ?? new Set();
    for (const number of to) if (numbers.size < MOST_RETURNS) numbers.add(number);
    this.#returns.set(from, numbers);
  }

  /** Where its function goes on. */
  #within(number: number): readonly number[] {
    const instruction = lastOf(this.#blocks[number]!);
    const { flow } = instruction;
    if (flow === 'branch' || flow === 'jump') return this.graph.direct(number);
    if (flow === 'indirect' && !isIndirectCall(instruction)) return this.#jumps;
    return flow === 'elsewhere' ? [] : numbersOf([this.graph.behind(number)]);
  }
}

/** Where each block of a region leads, as far as that is known. */
export const flowGraph = (region: Pick<FoundRegion, 'blocks' | 'jumpPlaces'>): Graph =>
  new IndirectTargets(region, new RegionGraph(region.blocks), true).successors();

const numbersOf = (numbers: readonly (number | undefined)[]) =>
  numbers.filter((number) => number !== undefined);

const isIndirectCall = ({ flow, form }: RegionInstruction) =>
  flow === 'indirect' && form.row.mnemonic === 'call';
