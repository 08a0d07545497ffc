import type { Graph, Nesting } from './control-flow.js';
import { headsOf, nestingOf } from './control-flow.js';
import { IndirectTargets } from './indirect-targets.js';
import type { SwitchedGraph } from './loop-switches.js';
import { switchedGraph } from './loop-switches.js';
import { RegionGraph } from './region-graph.js';
import type { Region, RegionBlock } from './region.js';
import { MOST_INSTRUCTIONS_A_BLOCK } from './region.js';
import { SharedBudget } from './shared-budget.js';
import { UnrolledGraph } from './unrolled-loops.js';

const NO_BLOCK: RegionBlock = { place: 0, copy: 0, callee: undefined, instructions: [] };

/**
 * How a region's code is laid out: nodes are its blocks, some of them several times, and switches in front of loops with several
 * entries.
 */
export class RegionFlow {
  readonly nesting: readonly (Nesting | undefined)[];
  readonly predecessors: readonly (readonly number[])[];
  readonly budget: SharedBudget;
  /** By node; empty where it is a switch. */
  readonly blocks: readonly RegionBlock[];
  /** Without switches. */
  readonly direct: Graph;
  readonly #graph: RegionGraph;
  readonly #targets: IndirectTargets;
  readonly #switched: SwitchedGraph;
  readonly #unrolled: UnrolledGraph;

  constructor(private readonly region: Region) {
    this.#graph = new RegionGraph(region.blocks);
    const outward = new IndirectTargets(region, this.#graph, true);
    const inward = new IndirectTargets(region, this.#graph, false);
    const isInward = !nestingOf(outward.successors()) && nestingOf(inward.successors()) !== undefined;
    this.#targets = isInward ? inward : outward;
    const between = this.#targets.successors();
    this.#switched = switchedGraph(between);
    const sizes = region.blocks.map(({ instructions }) => instructions.length);
    this.#unrolled = new UnrolledGraph(this.#switched.graph, nestingOf(this.#switched.graph)!, sizes);
    const { graph } = this.#unrolled;
    const nodes = [...graph.keys()];
    this.blocks = nodes.map((node) => this.blockOf(node) ?? NO_BLOCK);
    this.direct = nodes.map((node) =>
      (between[this.#unrolled.base(node)] ?? []).map((to) => this.#unrolled.resolve(node, to)),
    );
    this.nesting = nestingOf(graph)!;
    this.predecessors = predecessorsIn(graph);
    const eachSize = [...graph.keys()].map((node) => sizes[this.#unrolled.base(node)]);
    this.budget = new SharedBudget(
      eachSize,
      this.predecessors,
      headsOf(this.nesting),
      MOST_INSTRUCTIONS_A_BLOCK,
    );
  }

  /** The block of a node, unless it is a switch. */
  blockOf(node: number): RegionBlock | undefined {
    return this.region.blocks[this.#unrolled.base(node)];
  }

  /** The node at a place that a block goes on at, calls or jumps to. */
  leadsTo(from: number, place: number): number | undefined {
    const number = this.#graph.leadsTo(this.#unrolled.base(from), place);
    return number === undefined ? undefined : this.#unrolled.resolve(from, number);
  }

  /** Where the return or indirect jump at the end of a block may lead, ascending by place. */
  targetsOf(from: number): readonly number[] {
    return this.#targets.of(this.#unrolled.base(from)).map((number) => this.#unrolled.resolve(from, number));
  }

  /** The switch that a way goes through. */
  switchOn(from: number, to: number): number | undefined {
    const isSameLoop = to !== this.#unrolled.base(to);
    return isSameLoop ? undefined : this.#switched.switchOn(this.#unrolled.base(from), to);
  }

  /** What a switch leads to. */
  choicesOf(node: number): readonly number[] {
    return this.#unrolled.graph[node]!;
  }
}

const predecessorsIn = (graph: Graph): number[][] => {
  const predecessors = graph.map((): number[] => []);
  for (const [node, next] of graph.entries()) for (const to of next) predecessors[to]!.push(node);
  return predecessors;
};
