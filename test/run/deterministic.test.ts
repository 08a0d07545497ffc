import { expect } from 'chai';
import { join } from 'node:path';
import { compile, hasCompiler } from '../linux/compile.js';
import { halfcell, isHost } from './halfcell.js';

const PROGRAM = join(import.meta.dirname, 'programs/times.c');

describe('halfcell run --deterministic (needs gcc)', function () {
  this.timeout(60_000);
  before(function () {
    if (!isHost || !hasCompiler('gcc')) this.skip();
  });

  it('shows a program the same times, random numbers and turns of its threads in every run', async () => {
    const program = compile(PROGRAM, 'gcc');
    const first = await halfcell(['--deterministic', program]);
    expect(first.stdout).to.match(/^[0-9a-f]{16}\npid 1 /);
    expect(first.stdout).to.match(/the other had taken \d+ steps/);
    expect(await halfcell(['--deterministic', program])).to.deep.equal(first);
  });

  it('takes real time and real randomness without the option', async () => {
    const program = compile(PROGRAM, 'gcc');
    const [first, second] = [await halfcell([program]), await halfcell([program])];
    expect(first.stdout.split('\n')[0]).not.to.equal(second.stdout.split('\n')[0]);
  });
});
