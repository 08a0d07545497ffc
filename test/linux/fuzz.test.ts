import { expect } from 'chai';
import { join } from 'node:path';
import { compile, hasCompiler, PROGRAMS } from './compile.js';
import { runInGuest } from './guest.js';

describe('2,000 random system calls (needs gcc)', function () {
  this.timeout(120_000);
  before(function () {
    if (process.arch !== 'x64' || !hasCompiler('gcc')) this.skip();
  });

  it('leave the machine and its host alive', async () => {
    const program = compile(join(PROGRAMS, 'fuzz.c'), 'gcc');
    const { stdout, status, log } = await runInGuest({ program, timeoutMs: 90_000 });
    expect(stdout).to.equal('40 alive\n');
    expect(status).to.equal(0);
    expect(log.filter((line) => !line.includes('is not built'))).to.deep.equal([]);
  });
});
