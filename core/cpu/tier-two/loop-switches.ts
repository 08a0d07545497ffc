import type { Graph } from './control-flow.js';
import { DominatorTree } from './control-flow.js';

/** A graph in which every loop has one entry: where one had more, a switch in front of them is the entry. */
export interface SwitchedGraph {
  /** Switches are the nodes beyond those of the graph that was given; what they lead to is in order. */
  readonly graph: Graph;
  /** The switch that an edge goes through. */
  switchOn(from: number, to: number): number | undefined;
}

/** Nothing changes where every loop has one entry already. */
export function switchedGraph(graph: Graph): SwitchedGraph {
  const entries = entriesOfLoops(graph);
  if (entries.length === 0) return { graph, switchOn: () => undefined };
  const switches = new Map(entries.flatMap((nodes, i) => nodes.map((node) => [node, graph.length + i])));
  const everywhere = graphWith(graph, entries, (_, to) => switches.get(to));
  const { rank, dominates } = new DominatorTree(everywhere);
  /** Edges inside the loop need no switch where they go down, or back to what they must have come through. */
  const switchOn = (from: number, to: number) => {
    const node = switches.get(to);
    if (node === undefined || !rank.has(from) || !dominates(node, from)) return node;
    return rank.get(from)! < rank.get(to)! || dominates(to, from) ? undefined : node;
  };
  return { graph: graphWith(graph, entries, switchOn), switchOn };
}

function graphWith(
  graph: Graph,
  entries: Graph,
  switchOn: (from: number, to: number) => number | undefined,
): Graph {
  const nodes = graph.map((next, from) => [...new Set(next.map((to) => switchOn(from, to) ?? to))]);
  return [...nodes, ...entries];
}

/** Of each loop with several entries, these: also of the loops that are left of a loop without its entries. */
function entriesOfLoops(graph: Graph): number[][] {
  const found: number[][] = [];
  const { order, predecessors } = new DominatorTree(graph);
  const waiting = [new Set(order)];
  for (const nodes of waiting) {
    for (const loop of loopsIn(graph, nodes, predecessors)) {
      const isEntry = (node: number) =>
        node === 0 || predecessors.get(node)!.some((before) => !loop.has(before));
      const entries = [...loop].filter(isEntry);
      if (entries.length > 1) found.push(entries);
      waiting.push(new Set([...loop].filter((node) => !entries.includes(node))));
    }
  }
  return found;
}

/** Strongly connected parts of these nodes, of two or more. */
function loopsIn(
  graph: Graph,
  nodes: ReadonlySet<number>,
  predecessors: ReadonlyMap<number, readonly number[]>,
): Set<number>[] {
  const left = new Set(nodes);
  const loops: Set<number>[] = [];
  for (const node of nodes) {
    if (!left.has(node)) continue;
    const after = reached(node, left, (each) => graph[each]!);
    const loop = reached(node, after, (each) => predecessors.get(each)!);
    for (const each of loop) left.delete(each);
    if (loop.size > 1) loops.push(loop);
  }
  return loops;
}

function reached(
  from: number,
  within: ReadonlySet<number>,
  next: (node: number) => readonly number[],
): Set<number> {
  const seen = new Set([from]);
  for (const node of seen) for (const each of next(node)) if (within.has(each)) seen.add(each);
  return seen;
}
