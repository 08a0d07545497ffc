import { parseArgs } from 'node:util';
import { BlockMaker, BlockRunner, difference } from './blocks.js';
import { testableRows } from './fuzz.js';
import { Random } from './random.js';

/** `npm run fuzz:blocks -- [--seconds N] [--seed S] [--rows REGEX]` */
function main(): number {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, seed: { type: 'string' }, rows: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 1e9);
  const rows = testableRows();
  const chosen = testableRows(new RegExp(values.rows ?? '.'));
  const end = performance.now() + Number(values.seconds ?? 10) * 1000;
  const maker = new BlockMaker(chosen);
  const one = new BlockRunner(false);
  const twos = [true, false].map(
    (takesAll) =>
      new BlockRunner({ countTo: takesAll ? 1 : 2, atOnce: 'quickly', takesAll, walks: takesAll }),
  );
  let [blocks, mismatches] = [0, 0];
  for (; performance.now() < end && mismatches < 5; blocks++) {
    const program = maker.make(new Random(seed + blocks));
    const two = twos[(seed + blocks) % 2]!;
    const found = difference(rows, program, one.run(program), two.run(program));
    if (!found) continue;
    mismatches++;
    console.log(`seed ${seed + blocks}: ${found}`);
  }
  console.log(
    `from seed ${seed}: ${blocks} blocks, ${mismatches} mismatches`,
    twos.reduce((sum, { ours }) => sum + ours.cpu.regionsCompiled, 0),
    'regions',
  );
  return mismatches === 0 ? 0 : 1;
}

process.exitCode = main();
