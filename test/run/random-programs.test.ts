import { expect } from 'chai';
import { join } from 'node:path';
import { compile, hasCompiler } from '../linux/compile.js';
import { halfcell, isHost, skipWithout } from './halfcell.js';

describe('1,000 random byte strings run as programs (needs gcc)', function () {
  this.timeout(60_000);
  before(function () {
    skipWithout(this, isHost && hasCompiler('gcc'));
  });

  it('leave the machine, its other programs and its host alive', async () => {
    const program = compile(join(import.meta.dirname, 'programs/random-programs.c'), 'gcc');
    const { status, stdout, stderr } = await halfcell(['--cwd', '/tmp', program]);
    expect({ status, stdout }).to.deep.equal({
      status: 0,
      stdout: '1000 programs, some killed: 1, some refused: 1\n',
    });
    expect(stderr).to.match(/^(halfcell: program: instruction [^\n]* raises #UD[^\n]*\n){0,10}$/);
  });
});
