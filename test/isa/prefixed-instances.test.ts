import { expect } from 'chai';
import { testableRows } from './fuzz.js';
import { whyNoNativeCpu } from './native/native-cpu.js';
import { prefixedMismatches } from './prefixed-instances.js';
import { Random } from './random.js';
import { vectorLine } from './vector-line.js';

const SEED = 2026;
const PER_ROW = 2;

describe('instructions behind prefixes that do not belong there', function () {
  this.timeout(120_000);
  it('are what they are on the host processor', function () {
    const reason = whyNoNativeCpu();
    if (reason) {
      this.test!.title += ` (${reason})`;
      this.skip();
    }
    const mismatches = prefixedMismatches(testableRows(), PER_ROW, new Random(SEED));
    expect(mismatches.map(vectorLine)).eql([]);
  });
});
