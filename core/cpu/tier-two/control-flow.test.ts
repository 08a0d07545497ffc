import { expect } from 'chai';
import { nestingOf } from './control-flow.js';

describe('nestingOf', () => {
  it('puts what leaves a loop behind it', () => {
    // 0 -> 1; 1 -> 2 or 3; 2 -> 1
    expect(nestingOf([[1], [2, 3], [1], []])).to.deep.equal([
      { isLoop: false, inside: [1], outside: [] },
      { isLoop: true, inside: [2], outside: [3] },
      { isLoop: false, inside: [], outside: [] },
      { isLoop: false, inside: [], outside: [] },
    ]);
  });

  it('puts what leaves two loops behind the outer one', () => {
    // 1 heads a loop in the loop of 0; 2 leaves both.
    const nesting = nestingOf([[1], [1, 2, 3], [], [0]])!;
    expect(nesting[0]).to.deep.equal({ isLoop: true, inside: [1], outside: [2] });
    expect(nesting[1]).to.deep.equal({ isLoop: true, inside: [], outside: [3] });
  });

  it('places a node where both ways to it have parted', () => {
    expect(nestingOf([[1, 2], [3], [3], []])![0]).to.deep.equal({
      isLoop: false,
      inside: [2, 1, 3],
      outside: [],
    });
  });

  it('leaves out what cannot be reached', () => {
    expect(nestingOf([[2], [0], []])![1]).to.equal(undefined);
  });

  it('gives up on a loop with two entries', () => {
    expect(nestingOf([[1, 2], [2], [1]])).to.equal(undefined);
  });
});
