import { expect } from 'chai';
import { levelOf } from './loop-levels.js';

describe('levelOf', () => {
  it('tells an outer loop from the head of an inner one', () => {
    // 0 heads a loop of its own in the loop of 1.
    expect(levelOf([[0, 1], [0]], 1)).to.equal('around');
    expect(levelOf([[1], [1, 0]], 1)).to.equal('within');
  });

  it('knows the same loop by another place of it', () => {
    expect(levelOf([[1], [2], [0]], 2)).to.equal('same');
  });

  it('keeps loops apart that one loop holds, and what no loop holds', () => {
    expect(
      levelOf(
        [
          [0, 1],
          [1, 0],
        ],
        1,
      ),
    ).to.equal('apart');
    expect(levelOf([[1], [1]], 1)).to.equal('apart');
    expect(levelOf([[0, 1], []], 1)).to.equal('apart');
  });
});
