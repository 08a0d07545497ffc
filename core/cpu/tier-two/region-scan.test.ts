import { expect } from 'chai';
import type { Flow } from '../../isa/flow.js';
import { RegionScan } from './region-scan.js';
import type { RegionInstruction } from './region.js';

/** One byte each, by place: how it goes on, and where to. */
type Code = Record<number, readonly [Flow, number?]>;

const LIMITS = { instructions: 20, blocks: 10 };

function scan(code: Code, makesCopies: boolean, limits = LIMITS) {
  const at = (place: number) => {
    const [flow, target] = code[place] ?? [];
    return flow && ({ place, next: place + 1, flow, target } as RegionInstruction);
  };
  return new RegionScan(at, () => true, limits, makesCopies).from(0, []);
}

const shapeOf = (found: RegionScan) =>
  found.blocks().map(({ place, copy, callee }) => [place, copy, callee] as const);

/** A loop that calls the same function twice. */
const TWICE: Code = { 0: ['call', 8], 1: ['call', 8], 2: ['jump', 0], 8: ['next'], 9: ['return'] };

describe('a scan for a region', () => {
  it('has a function once, or a copy for each call', () => {
    const merged = scan(TWICE, false);
    expect(merged.callsTwice).to.equal(true);
    expect(shapeOf(merged)).to.deep.equal([
      [0, 0, 0],
      [8, 0, undefined],
      [1, 0, 0],
      [2, 0, undefined],
    ]);
    expect(shapeOf(scan(TWICE, true))).to.deep.equal([
      [0, 0, 1],
      [8, 1, undefined],
      [1, 0, 2],
      [8, 2, undefined],
      [2, 0, undefined],
    ]);
  });

  it('has one copy of a function that calls itself', () => {
    const recursion: Code = {
      0: ['call', 4],
      1: ['jump', 0],
      4: ['branch', 6],
      5: ['call', 4],
      6: ['return'],
    };
    expect(shapeOf(scan(recursion, true))).to.deep.equal([
      [0, 0, 1],
      [4, 1, undefined],
      [1, 0, undefined],
      [6, 1, undefined],
      [5, 1, 1],
    ]);
  });

  it('follows calls only so deep', () => {
    // Each function calls the next one.
    const deep = Object.fromEntries(
      Array.from({ length: 20 }, (_, i): [number, readonly [Flow, number?]] => [i * 2, ['call', i * 2 + 2]]),
    );
    const blocks = scan(deep, true, { instructions: 100, blocks: 100 }).blocks();
    expect(blocks.length).to.equal(9);
    expect(blocks.at(-1)!.callee).to.equal(undefined);
  });

  it('ends at the limits', () => {
    expect(scan(TWICE, true, { instructions: 3, blocks: 10 }).size).to.equal(3);
    expect(scan(TWICE, true, { instructions: 20, blocks: 2 }).blocks().length).to.equal(2);
  });
});
