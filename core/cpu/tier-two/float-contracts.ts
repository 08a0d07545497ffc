import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import { v128 } from '../wasm/simd-expr.js';
import type { Graph } from './control-flow.js';
import type { NumberNeed } from './float-needs.js';
import { numberNeeds } from './float-needs.js';
import type { KnownNumbers } from './known-numbers.js';
import type { LowLanes } from './low-lanes.js';
import { FLOATS, topOf, vectorAt } from './low-lanes.js';
import { areWithin, areWithinOrZero, isNonzero, isWithin, rangeOf } from './number-checks.js';
import type { Range } from './number-ranges.js';
import { isInside } from './number-ranges.js';
import type { RegionBlock } from './region.js';
import type { RegionBody } from './region-body.js';

type Leave = (condition: Expr) => void;

/**
 * What the heads of loops take for granted of numbers in vector registers: those that the loop computes with before it writes them lie in
 * certain ranges. Every way there sees to it; so a number that the loop does not change is asked once, in front of the loop.
 */
export class FloatContracts {
  readonly #needs = new Map<number, readonly NumberNeed[]>();
  /** By block that is done, what is known behind it. */
  readonly #known = new Map<number, KnownNumbers>();

  constructor(
    private readonly body: RegionBody,
    private readonly known: KnownNumbers,
    private readonly lanes: LowLanes,
  ) {}

  make(blocks: readonly RegionBlock[], graph: Graph, isLoop: (number: number) => boolean): void {
    const needs = numberNeeds(blocks, graph);
    needs.forEach((each, number) => {
      if (isLoop(number)) this.#needs.set(number, [...each.values()]);
    });
  }

  begin(number: number, predecessors: readonly number[]): void {
    this.lanes.forget();
    this.known.forget();
    const needs = this.#needs.get(number);
    if (needs)
      for (const need of needs) this.known.learn(need.register, need.format, need.bytes, grantedBy(need));
    else this.#meet(predecessors);
  }

  #meet(predecessors: readonly number[]): void {
    const before = predecessors.map((each) => this.#known.get(each));
    if (before.every((each) => each !== undefined)) this.known.meet(before);
  }

  end(number: number): void {
    this.#known.set(number, this.known.snapshot());
  }

  /** Leaves unless everything is as the block takes it for granted. */
  fulfil(number: number, leave: Leave): void {
    for (const need of this.#needs.get(number) ?? []) {
      const { register, format, bytes } = need;
      const range = this.known.rangeOf(register, format, bytes);
      if (!range || !isInside(range, grantedBy(need))) this.#require(need, leave);
    }
  }

  /** The same for the block at the head, from the state in memory. */
  enter(leave: Leave): void {
    for (const need of this.#needs.get(0) ?? []) this.#require(need, leave);
  }

  #require(need: NumberNeed, leave: Leave): void {
    const { register, format, bytes } = need;
    const { body } = this;
    if (bytes <= 8) {
      const value = body.let(FLOATS[format].load(i32.const(0), vectorAt(register)));
      const within = isWithin(format, need.need, topOf(format, value));
      return body.unless(within, () => leave(isNonzero(format, value)));
    }
    const parts = Array.from({ length: bytes / 16 }, (_, i) =>
      body.let(v128.load(i32.const(0), vectorAt(register) + i * 16)),
    );
    body.unless(areWithin(format, need.need, parts), () =>
      leave(i32.eqz(areWithinOrZero(format, need.need, parts))),
    );
  }
}

/** A sum of loose numbers is as loose as they are: a multiple of the same power of two. */
function grantedBy({ format, need }: NumberNeed): Range {
  const range = rangeOf(format, need);
  return need === 'tight' ? range : { ...range, least: range.grain };
}
