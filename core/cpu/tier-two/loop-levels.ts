import type { Graph } from './control-flow.js';

/** How the loops that pass a node lie to those that pass the first node of a graph. */
export type Level = 'around' | 'within' | 'same' | 'apart';

/** A loop lies around another one if only the other one can be gone round without it. */
export function levelOf(graph: Graph, node: number): Level {
  const [whole, back] = [comesBack(graph, 0), comesBack(graph, 0, node)];
  if (!whole || !reaches(graph, 0, node) || !reaches(graph, node, 0)) return 'apart';
  const alone = comesBack(graph, node, 0);
  if (back === alone) return back ? 'apart' : 'same';
  return back ? 'around' : 'within';
}

const comesBack = (graph: Graph, node: number, without?: number) => reaches(graph, node, node, without);

/** By one step or more. */
function reaches(graph: Graph, from: number, to: number, without?: number): boolean {
  const seen = new Set<number>();
  const waiting = [...graph[from]!];
  for (const node of waiting) {
    if (node === without || seen.has(node)) continue;
    if (node === to) return true;
    seen.add(node);
    waiting.push(...graph[node]!);
  }
  return false;
}
