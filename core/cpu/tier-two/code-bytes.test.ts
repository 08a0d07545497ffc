import { expect } from 'chai';
import { CodeBytes } from './code-bytes.js';

describe('CodeBytes', () => {
  const bytes = new CodeBytes();
  bytes.add(7, 100, 104);
  bytes.add(7, 104, 110);
  bytes.add(7, 20, 25);
  bytes.add(8, 0, 3);

  it('knows its pages', () => {
    expect([...bytes.pages]).to.deep.equal([7, 8]);
    expect([bytes.has(8), bytes.has(9)]).to.deep.equal([true, false]);
  });

  it('meets what overlaps one of its pieces', () => {
    const meets = ([from, to]: number[]) => bytes.meets(7, from!, to!);
    expect(
      [
        [0, 21],
        [24, 25],
        [103, 105],
        [109, 200],
        [0, 4096],
      ].map(meets),
    ).not.to.include(false);
    expect(
      [
        [0, 20],
        [25, 100],
        [110, 4096],
      ].map(meets),
    ).not.to.include(true);
    expect(bytes.meets(9, 0, 4096)).to.equal(false);
  });
});
