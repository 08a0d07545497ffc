import { expect } from 'chai';
import { nestingOf } from './control-flow.js';
import { UnrolledGraph } from './unrolled-loops.js';

const unrolled = (graph: number[][], sizes: number[]) => new UnrolledGraph(graph, nestingOf(graph)!, sizes);

describe('UnrolledGraph', () => {
  it('does four turns of a short loop before it goes back', () => {
    const { graph } = unrolled([[1], [1, 2], []], [5, 5, 5]);
    expect(graph).to.deep.equal([[1], [3, 2], [], [4, 2], [5, 2], [1, 2]]);
  });

  it('does as many turns as there is room for', () => {
    expect(unrolled([[1], [1]], [1, 25]).graph).to.deep.equal([[1], [2], [1]]);
    expect(unrolled([[1], [1]], [1, 40]).graph).to.deep.equal([[1], [1]]);
  });

  it('keeps the blocks of a turn together', () => {
    const flow = unrolled([[1], [2, 3], [1], []], [1, 16, 16, 1]);
    expect(flow.graph).to.deep.equal([[1], [2, 3], [4], [], [5, 3], [1]]);
    expect([4, 5].map((node) => flow.base(node))).to.deep.equal([1, 2]);
  });

  it('leaves a loop around another one alone, and those with switches', () => {
    expect(unrolled([[1], [2], [2, 1]], [1, 1, 30]).graph).to.deep.equal([[1], [2], [3, 1], [2, 1]]);
    expect(unrolled([[1], [2], [1]], [1, 1]).graph).to.deep.equal([[1], [2], [1]]);
  });
});
