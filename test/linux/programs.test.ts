import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compile, hasCompiler, PROGRAMS, runOnHost } from './compile.js';
import type { Compiler } from './compile.js';
import { runInGuest } from './guest.js';

const isHost = process.arch === 'x64' && process.platform === 'linux';

/** The first line of a program says what it asks. */
const sources = readdirSync(PROGRAMS)
  .filter((name) => /\.(c|cpp|rs)$/.test(name))
  .sort();

function suite(compiler: Compiler, names: readonly string[]): void {
  describe(`programs built by ${compiler} -static do in the guest what they do on the host`, function () {
    this.timeout(60_000);
    // Some ask about real time, which a busy host can stretch beyond what they allow.
    this.retries(1);
    before(function () {
      if (!isHost || !hasCompiler(compiler)) this.skip();
    });
    for (const name of names) {
      it(name, async () => {
        const program = compile(join(PROGRAMS, name), compiler);
        const native = runOnHost(program);
        const guest = await runInGuest({ program });
        expect(guest.stdout).to.equal(native.stdout);
        expect({ status: guest.status, log: guest.log }).to.deep.equal({ status: native.status, log: [] });
      });
    }
  });
}

/** Which programs a compiler builds. glibc and musl make different calls for the same question. */
const suites: Readonly<Record<Compiler, RegExp>> = {
  gcc: /^(?!fuzz).*\.c$/,
  // The last thread of a process whose first one has left never ends with musl on some hosts.
  'musl-gcc': /^(?!fuzz|jobs).*\.c$/,
  'g++': /\.cpp$/,
  rustc: /\.rs$/,
};

for (const [compiler, names] of Object.entries(suites))
  suite(
    compiler as Compiler,
    sources.filter((name) => names.test(name)),
  );
