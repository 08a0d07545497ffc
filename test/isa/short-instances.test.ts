import { expect } from 'chai';
import { Fuzzer, testableRows } from './fuzz.js';
import { whyNoNativeCpu } from './native/native-cpu.js';
import { segmentInstance, shortInstance } from './short-instance.js';
import { vectorLine } from './vector-line.js';

const SEED = 2026;
const PER_ROW = 6;

describe('random instances of rows in 32-bit code', function () {
  this.timeout(120_000);
  before(function () {
    const reason = whyNoNativeCpu();
    if (!reason) return;
    this.test!.parent!.title += ` (${reason})`;
    this.skip();
  });

  for (const [name, draw] of [
    ['flat segments', shortInstance],
    ['segments with a base and a limit', segmentInstance],
  ] as const) {
    it(`agree with the host processor in registers, flags, memory and faults, in ${name}`, () => {
      const mismatches = new Fuzzer(testableRows(/./, 32), SEED, draw).run(PER_ROW);
      expect(mismatches.map(vectorLine)).eql([]);
    });
  }
});
