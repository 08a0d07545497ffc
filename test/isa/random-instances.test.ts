import { expect } from 'chai';
import { Fuzzer, testableRows } from './fuzz.js';
import { whyNoNativeCpu } from './native/native-cpu.js';
import { vectorLine } from './vector-line.js';

const SEED = 2026;
const PER_ROW = 6;

describe('random instances of rows', function () {
  this.timeout(120_000);
  it('agree with the host processor in registers, flags, memory and faults', function () {
    const reason = whyNoNativeCpu();
    if (reason) {
      this.test!.title += ` (${reason})`;
      this.skip();
    }
    const mismatches = new Fuzzer(testableRows(), SEED).run(PER_ROW);
    expect(mismatches.map(vectorLine)).eql([]);
  });
});
