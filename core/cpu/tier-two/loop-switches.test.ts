import { expect } from 'chai';
import { nestingOf } from './control-flow.js';
import { switchedGraph } from './loop-switches.js';

describe('switchedGraph', () => {
  it('leaves a graph alone whose loops have one entry each', () => {
    const graph = [[1], [2, 3], [1], []];
    const switched = switchedGraph(graph);
    expect(switched.graph).to.equal(graph);
    expect(switched.switchOn(2, 1)).to.equal(undefined);
  });

  it('enters a loop with two entries through a switch', () => {
    // 1 and 2 lead to each other, and both are entered from 0.
    const { graph, switchOn } = switchedGraph([[1, 2], [2], [1, 3], []]);
    expect(graph.length).to.equal(5);
    expect(graph[4]).to.have.members([1, 2]);
    expect([switchOn(0, 1), switchOn(0, 2), switchOn(2, 3)]).to.deep.equal([4, 4, undefined]);
    expect(nestingOf(graph)).not.to.equal(undefined);
  });

  it('needs the switch only one way round within the loop', () => {
    const { switchOn } = switchedGraph([[1, 2], [2], [1, 3], []]);
    expect([switchOn(1, 2), switchOn(2, 1)].filter((node) => node === undefined)).to.have.length(1);
  });

  it('leaves a loop in the loop to its own head', () => {
    // 1 also leads to itself.
    const { graph, switchOn } = switchedGraph([[1, 2], [1, 2], [1]]);
    expect(switchOn(1, 1)).to.equal(undefined);
    expect(nestingOf(graph)).not.to.equal(undefined);
  });

  it('finds a loop with two entries inside another one', () => {
    // 1 heads a loop of 1 to 4, where 2 and 3 lead to each other.
    const { graph } = switchedGraph([[1], [2, 3], [3], [2, 4], [1, 5], []]);
    expect(graph[6]).to.have.members([2, 3]);
    expect(nestingOf(graph)).not.to.equal(undefined);
  });

  it('gives every graph one that nests', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let i = 0; i < 2000; i++) {
      const size = 2 + random(14);
      const graph = Array.from({ length: size }, () => [
        ...new Set(Array.from({ length: random(4) }, () => random(size))),
      ]);
      expect(nestingOf(switchedGraph(graph).graph), JSON.stringify(graph)).not.to.equal(undefined);
    }
  });
});
