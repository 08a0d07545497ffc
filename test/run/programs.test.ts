import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, hasCompiler } from '../linux/compile.js';
import type { Compiler } from '../linux/compile.js';
import { command, halfcell, isHost, temporaryFolder, skipWithout } from './halfcell.js';

const PROGRAM = join(import.meta.dirname, 'programs/everyday.c');
const input = Array.from({ length: 500 }, (_, at) => `${at}\n`).join('');

for (const compiler of ['gcc', 'musl-gcc'] satisfies Compiler[]) {
  describe(`a static program of ${compiler} in halfcell run (needs ${compiler})`, function () {
    this.timeout(60_000);
    before(function () {
      skipWithout(this, isHost && hasCompiler(compiler));
    });
    const folder = temporaryFolder();

    it('prints, computes, and leaves behind what it does natively', async () => {
      const program = compile(PROGRAM, compiler);
      const [mine, theirs] = ['guest', 'native'].map((name) => join(folder.path, name)) as [string, string];
      for (const path of [mine, theirs]) mkdirSync(path);
      const args = ['a', 'b c'];
      const native = await command(program, args, { input, cwd: theirs, env: { NAME: 'value' } });
      const options = ['--mount', `${mine}:/here`, '--cwd', '/here', '--env', 'NAME=value'];
      expect(await halfcell([...options, program, ...args], { input })).to.deep.equal(native);
      expect(readdirSync(mine)).to.deep.equal(readdirSync(theirs));
      expect(readFileSync(join(mine, 'renamed'))).to.deep.equal(readFileSync(join(theirs, 'renamed')));
    });
  });
}
