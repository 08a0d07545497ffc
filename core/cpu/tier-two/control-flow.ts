/** A flow graph by numbers: node 0 is where it is entered, `successors[n]` are the nodes that n leads to. */
export type Graph = readonly (readonly number[])[];

/**
 * How nodes nest in structured code (Ramsey, Beyond Relooper, 2022): each node's code comes first, then that of the nodes placed behind it,
 * in an order in which only jumps back to the head of a loop go up.
 */
export interface Nesting {
  readonly isLoop: boolean;
  /** Behind the node, inside the loop when the node is the head of one. */
  readonly inside: readonly number[];
  /** Behind the whole loop. */
  readonly outside: readonly number[];
}

/** By node; undefined for those that cannot be reached. No answer where a loop has two entries. */
export function nestingOf(graph: Graph): (Nesting | undefined)[] | undefined {
  const tree = new DominatorTree(graph);
  const loops = loopsOf(graph, tree);
  if (!loops) return undefined;
  const nesting: { isLoop: boolean; inside: number[]; outside: number[] }[] = [];
  for (const node of tree.order) nesting[node] = { isLoop: loops.has(node), inside: [], outside: [] };
  for (const node of tree.order.slice(1)) {
    const left = outermostLeft(node, tree.dominator, loops);
    if (left === undefined) nesting[tree.dominator.get(node)!]!.inside.push(node);
    else nesting[left]!.outside.push(node);
  }
  return nesting;
}

/** What can be reached in a graph, and what every way to it passes. */
export class DominatorTree {
  /** Reverse postorder. */
  readonly order: readonly number[];
  readonly rank: Rank;
  readonly predecessors: Predecessors;
  /** The immediate one by node. */
  readonly dominator: ReadonlyMap<number, number>;

  constructor(graph: Graph) {
    this.order = reversePostorder(graph);
    this.rank = new Map(this.order.map((node, i) => [node, i]));
    this.predecessors = predecessorsOf(graph, this.order);
    this.dominator = dominators(this.order, this.rank, this.predecessors);
  }

  readonly dominates = (a: number, b: number): boolean => {
    for (let node = b; ; node = this.dominator.get(node)!) {
      if (node === a) return true;
      if (node === 0) return false;
    }
  };
}

function reversePostorder(graph: Graph): number[] {
  const seen = new Set<number>([0]);
  const done: number[] = [];
  const visit = (node: number): void => {
    for (const next of graph[node]!) {
      if (seen.has(next)) continue;
      seen.add(next);
      visit(next);
    }
    done.push(node);
  };
  visit(0);
  return done.reverse();
}

function predecessorsOf(graph: Graph, order: readonly number[]): Map<number, number[]> {
  const predecessors = new Map<number, number[]>(order.map((node) => [node, []]));
  for (const node of order) for (const next of graph[node]!) predecessors.get(next)!.push(node);
  return predecessors;
}

type Rank = ReadonlyMap<number, number>;
type Predecessors = ReadonlyMap<number, readonly number[]>;

/** Immediate dominators (Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm, 2001). */
function dominators(order: readonly number[], rank: Rank, predecessors: Predecessors): Map<number, number> {
  const dominator = new Map<number, number>([[0, 0]]);
  const common = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      if (rank.get(x)! > rank.get(y)!) x = dominator.get(x)!;
      else y = dominator.get(y)!;
    }
    return x;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order.slice(1)) {
      const known = predecessors.get(node)!.filter((before) => dominator.has(before));
      const found = known.reduce(common);
      if (dominator.get(node) === found) continue;
      dominator.set(node, found);
      changed = true;
    }
  }
  return dominator;
}

/** Natural loops by head, with all their nodes. */
function loopsOf(
  graph: Graph,
  { order, rank, predecessors, dominates }: DominatorTree,
): Map<number, Set<number>> | undefined {
  const loops = new Map<number, Set<number>>();
  for (const node of order) {
    for (const head of graph[node]!) {
      if (rank.get(head)! > rank.get(node)!) continue;
      if (!dominates(head, node)) return undefined;
      const members = loops.get(head) ?? new Set([head]);
      loops.set(head, members);
      const waiting = [node];
      for (const member of waiting) {
        if (members.has(member)) continue;
        members.add(member);
        waiting.push(...predecessors.get(member)!);
      }
    }
  }
  return loops;
}

/** The head of the outermost loop that holds what dominates the node, and not the node itself. */
function outermostLeft(
  node: number,
  dominator: ReadonlyMap<number, number>,
  loops: ReadonlyMap<number, ReadonlySet<number>>,
): number | undefined {
  const before = dominator.get(node)!;
  let left: number | undefined;
  for (let head = before; ; head = dominator.get(head)!) {
    const loop = loops.get(head);
    if (loop?.has(before) && !loop.has(node)) left = head;
    if (head === 0) return left;
  }
}

/** By node: the head of the innermost loop that it belongs to. */
export function headsOf(nesting: readonly (Nesting | undefined)[]): ReadonlyMap<number, number> {
  const heads = new Map<number, number>();
  const visit = (node: number, head: number): void => {
    const { isLoop, inside, outside } = nesting[node]!;
    heads.set(node, isLoop ? node : head);
    for (const next of inside) visit(next, isLoop ? node : head);
    for (const next of outside) visit(next, head);
  };
  visit(0, -1);
  return heads;
}
