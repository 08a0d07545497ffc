import { expect } from 'chai';
import { BlockRunner, difference } from './blocks.js';
import type { BlockProgram } from './blocks.js';
import { testableRows } from './fuzz.js';
import { Random } from './random.js';
import { scalarLoop } from './scalar-loops.js';
import { squares } from './squares.js';
import { vectorLoop } from './vector-loops.js';
import { x87Loop } from './x87-loops.js';

const PROGRAMS = Number(process.env['FLOAT_LOOPS'] ?? 60);
const SEED = Number(process.env['FLOAT_SEED'] ?? 1);

describe('loops of floating-point instructions', function () {
  this.timeout(600_000);
  const rows = testableRows();
  const one = new BlockRunner(false);
  const two = new BlockRunner({ countTo: 2, atOnce: 'quickly' });

  function agree(make: (random: Random) => BlockProgram): void {
    for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
      const program = make(new Random(seed));
      const found = difference(rows, program, one.run(program), two.run(program));
      expect(found, `seed ${seed}`).to.equal(undefined);
    }
  }

  it('note overflow and underflow of what is computed from ordinary numbers', () => {
    for (const exponent of [60, 63, 64, 65, 100, -63, -64, -65, -100, 500, -500, 1000])
      for (const value of [2 ** exponent, -1.75 * 2 ** exponent]) {
        const program = squares(value);
        const found = difference(rows, program, one.run(program), two.run(program));
        expect(found, `${value}`).to.equal(undefined);
      }
  });
  it('of vectors run alike on both tiers', () => agree(vectorLoop));
  it('of scalars run alike on both tiers', () => agree(scalarLoop));
  it('of x87 run alike on both tiers', () => agree(x87Loop));
});
