import { expect } from 'chai';
import type { BlockProgram } from './blocks.js';
import { BlockMaker, BlockRunner, difference } from './blocks.js';
import { testableRows } from './fuzz.js';
import { Random } from './random.js';

const SEED = 2026;
const PROGRAMS = 60;
/** To forget everything takes its time. */
const MOST_RETIRED = 120;

/** As much of the program as the limit allows. */
function shortened({ testCase, budgets }: BlockProgram): BlockProgram {
  const kept: number[] = [];
  for (let left = MOST_RETIRED; left > 0; left -= kept.at(-1)!)
    kept.push(Math.min(left, budgets[kept.length] ?? left));
  return { testCase, budgets: kept };
}

describe('random programs that store to their own code', function () {
  this.timeout(240_000);
  const rows = testableRows();
  const maker = new BlockMaker(rows, true);
  const plain = new BlockRunner(false, true);

  for (const [name, tierTwo] of [
    ['tier 1', false],
    ['tier 2', { countTo: 1, atOnce: 'quickly' }],
  ] as const) {
    it(`run on ${name} as if nothing were known of code that was executed before`, () => {
      const runner = new BlockRunner(tierTwo, true);
      for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
        const program = shortened(maker.make(new Random(seed)));
        expect(difference(rows, program, plain.runForgetful(program), runner.run(program))).to.equal(
          undefined,
        );
      }
    });
  }
});
