import type { Graph, Nesting } from './control-flow.js';

/** A loop has so many turns one after the other in the code, as far as they have no more instructions together. */
const MOST_TURNS = 4;
const MOST_INSTRUCTIONS = 64;

interface Turns {
  readonly head: number;
  readonly turns: number;
  readonly members: ReadonlySet<number>;
  /** Of the first node that stands for a later turn, in the order of members. */
  readonly first: number;
}

/**
 * A graph whose innermost loops, where they are short, do several turns before they go back: what is known at the end of a turn is known in
 * the next one. Nodes beyond those of the graph that was given stand for one of them in a later turn.
 */
export class UnrolledGraph {
  readonly graph: Graph;
  readonly #loops = new Map<number, Turns>();
  /** By node of a later turn. */
  readonly #bases: number[] = [];
  readonly #turns: number[] = [];

  /** `sizes`: instructions by node; a node without is left where it is. */
  constructor(
    private readonly given: Graph,
    nesting: readonly (Nesting | undefined)[],
    sizes: readonly number[],
  ) {
    for (const [head, node] of nesting.entries()) {
      const members = node?.isLoop ? innermost(head, nesting) : undefined;
      if (members?.every((member) => member < sizes.length)) this.#unroll(head, members, sizes);
    }
    const nodes = [...given.keys(), ...this.#bases.map((_, i) => given.length + i)];
    this.graph = nodes.map((node) => given[this.base(node)]!.map((to) => this.resolve(node, to)));
  }

  #unroll(head: number, members: readonly number[], sizes: readonly number[]): void {
    const size = members.reduce((sum, member) => sum + sizes[member]!, 0);
    const turns = Math.min(MOST_TURNS, Math.floor(MOST_INSTRUCTIONS / size));
    if (turns < 2) return;
    const first = this.given.length + this.#bases.length;
    const loop = { head, turns, members: new Set(members), first };
    for (const member of members) this.#loops.set(member, loop);
    for (let turn = 1; turn < turns; turn++) {
      this.#bases.push(...members);
      this.#turns.push(...members.map(() => turn));
    }
  }

  /** What a node stands for. */
  base(node: number): number {
    return node < this.given.length ? node : this.#bases[node - this.given.length]!;
  }

  /** Where an edge from a node leads that in the graph that was given leads to `to`. */
  resolve(from: number, to: number): number {
    const loop = this.#loops.get(to);
    if (!loop?.members.has(this.base(from))) return to;
    const turn = (this.#turnOf(from) + (to === loop.head ? 1 : 0)) % loop.turns;
    if (turn === 0) return to;
    return loop.first + (turn - 1) * loop.members.size + [...loop.members].indexOf(to);
  }

  #turnOf(node: number): number {
    return node < this.given.length ? 0 : this.#turns[node - this.given.length]!;
  }
}

/** All nodes of a loop, unless there is another one in it. */
function innermost(head: number, nesting: readonly (Nesting | undefined)[]): number[] | undefined {
  const members = [head];
  const waiting = [...nesting[head]!.inside];
  for (const node of waiting) {
    const { isLoop, inside, outside } = nesting[node]!;
    if (isLoop) return undefined;
    members.push(node);
    waiting.push(...inside, ...outside);
  }
  return members;
}
