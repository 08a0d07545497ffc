import { expect } from 'chai';
import { SharedBudget } from './shared-budget.js';

/** Blocks of 10, 1, 2, … instructions, all in one loop unless told. */
function budgetOf(predecessors: number[][], { most = 255, loops = new Map<number, number>() } = {}) {
  const sizes = predecessors.map((_, number) => number || 10);
  return new SharedBudget(sizes, predecessors, loops, most);
}

describe('SharedBudget', () => {
  it('takes the longest way at once, and gives the rest back on a shorter one', () => {
    // 0 leads to 1 and 2, and 2 to 3; all lead to 4.
    const budget = budgetOf([[], [0], [0], [2], [1, 3]]);
    expect([0, 1, 2, 3, 4].map((number) => budget.taken(number))).to.deep.equal([15, 0, 0, 0, 4]);
    expect([0, 1, 2, 3, 4].map((number) => budget.rest(number))).to.deep.equal([5, 4, 3, 0, 0]);
    expect([budget.shares(0, 2), budget.shares(3, 4)]).to.deep.equal([true, false]);
  });

  it('does not take more than can be given back', () => {
    const budget = budgetOf([[], [0], [1]], { most: 11 });
    expect([0, 1, 2].map((number) => budget.taken(number))).to.deep.equal([10, 3, 0]);
  });

  it('does not pay in every turn of a loop for what comes behind it', () => {
    const loops = new Map([
      [0, -1],
      [1, 1],
      [2, -1],
    ]);
    const budget = budgetOf([[], [0, 1], [1]], { loops });
    expect([0, 1, 2].map((number) => budget.taken(number))).to.deep.equal([10, 1, 2]);
  });

  it('takes nothing for what has no block, nor there', () => {
    const budget = new SharedBudget([3, undefined, 4], [[], [0], [1]], new Map(), 255);
    expect([0, 2].map((number) => budget.taken(number))).to.deep.equal([3, 4]);
  });

  it('answers for blocks that nobody reaches', () => {
    const budget = budgetOf([[], [2], [1]]);
    expect(budget.taken(0)).to.equal(10);
  });
});
