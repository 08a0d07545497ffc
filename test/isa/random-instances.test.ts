import { expect } from 'chai';
import { Fuzzer, testableRows } from './fuzz.js';
import { imageInstance, imageRows } from './image-instance.js';
import { borderInstance, randomInstance } from './instance.js';
import { whyNoNativeCpu } from './native/native-cpu.js';
import { segmentInstance, shortInstance } from './short-instance.js';
import { vectorLine } from './vector-line.js';

const SEED = 2026;
const INSTANCES = 100_000;
const IMAGES_PER_ROW = 200;
/** At a time, so that no more than some ten thousand lie in memory. */
const PER_ROUND = 10;

/** With their shares of INSTANCES. */
const KINDS = [
  ['of 64-bit code', randomInstance, 64, 0.5],
  ['of 64-bit code at page borders', borderInstance, 64, 0.25],
  ['of 32-bit code in flat segments', shortInstance, 32, 0.15],
  ['of 32-bit code in segments with a base and a limit', segmentInstance, 32, 0.1],
] as const;

describe('random instances of rows', function () {
  this.timeout(300_000);
  let drawn = 0;
  before(function () {
    const reason = whyNoNativeCpu();
    if (!reason) return;
    this.test!.parent!.title += ` (${reason})`;
    this.skip();
  });

  for (const [name, draw, mode, share] of KINDS) {
    it(`${name} agree with the host processor in registers, flags, memory and faults`, () => {
      const rows = testableRows(/./, mode);
      const fuzzer = new Fuzzer(rows, SEED, draw);
      for (let left = Math.ceil((share * INSTANCES) / rows.length); left > 0; left -= PER_ROUND) {
        const perRow = Math.min(left, PER_ROUND);
        expect(fuzzer.run(perRow).map(vectorLine)).eql([]);
        drawn += rows.length * perRow;
      }
    });
  }

  it('of instructions that save and restore the units agree with it, too', () => {
    expect(new Fuzzer(imageRows(), SEED, imageInstance).run(IMAGES_PER_ROW).map(vectorLine)).eql([]);
  });

  it(`were ${INSTANCES} and more`, () => expect(drawn).at.least(INSTANCES));
});
