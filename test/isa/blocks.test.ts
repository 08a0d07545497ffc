import { expect } from 'chai';
import { BlockMaker, BlockRunner, difference } from './blocks.js';
import { testableRows } from './fuzz.js';
import { Random } from './random.js';

const SEED = 2026;
const PROGRAMS = 200;

describe('random programs', function () {
  this.timeout(240_000);
  const rows = testableRows();
  const one = new BlockRunner(false);
  const two = new BlockRunner({ countTo: 1, atOnce: 'quickly', takesAll: true, walks: true });

  function agree(maker: BlockMaker, seed: number): string | undefined {
    const program = maker.make(new Random(seed));
    return difference(rows, program, one.run(program), two.run(program));
  }

  it(`of 1 to 50 instructions run alike on both tiers, from seed ${SEED}`, () => {
    const maker = new BlockMaker(rows);
    for (let seed = SEED; seed < SEED + PROGRAMS; seed++) expect(agree(maker, seed)).to.equal(undefined);
    expect(two.ours.cpu.regionsCompiled).to.be.above(PROGRAMS / 4);
  });

  it('of each row run alike on both tiers', () => {
    rows.forEach((row, i) => expect(agree(new BlockMaker([row]), i), row.name).to.equal(undefined));
  });
});
