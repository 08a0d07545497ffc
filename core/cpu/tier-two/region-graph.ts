import type { RegionBlock } from './region.js';
import { lastOf } from './region.js';

/** More than two places can be apart. */
const COPY = 2 ** 32;

/** Which blocks of a region follow each other, as far as places tell. */
export class RegionGraph {
  readonly #numbers: ReadonlyMap<number, number>;

  constructor(private readonly blocks: readonly RegionBlock[]) {
    this.#numbers = new Map(blocks.map(({ place, copy }, number) => [place + copy * COPY, number]));
  }

  numberOf(place: number, copy: number): number | undefined {
    return this.#numbers.get(place + copy * COPY);
  }

  /** The block at a place that another one goes on at, calls or jumps to. */
  leadsTo(from: number, place: number): number | undefined {
    const block = this.blocks[from]!;
    const { flow } = lastOf(block);
    const copy = flow === 'call' ? block.callee : block.copy;
    return copy === undefined ? undefined : this.numberOf(place, copy);
  }

  /** The block behind the last instruction of another one, in its function. */
  behind(number: number): number | undefined {
    const block = this.blocks[number]!;
    return this.numberOf(lastOf(block).next, block.copy);
  }

  /** Where a block leads without asking anybody. */
  direct(number: number): readonly number[] {
    const { flow, next, target } = lastOf(this.blocks[number]!);
    const places = {
      next: [next],
      branch: [target!, next],
      jump: [target!],
      call: [target!],
      return: [],
      indirect: [],
      elsewhere: [],
    }[flow];
    const numbers = places.map((place) => this.leadsTo(number, place));
    return [...new Set(numbers.filter((each) => each !== undefined))];
  }
}
