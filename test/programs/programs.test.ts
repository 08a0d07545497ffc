import { expect } from 'chai';
import type { CpuOptions } from '../../core/cpu/index.js';
import { hasCompiler, runOnHost } from '../linux/compile.js';
import { runInGuest } from '../linux/guest.js';
import { buildPrograms, programs } from './build.js';

const isHost = process.arch === 'x64' && process.platform === 'linux';

const TIERS: Readonly<Record<string, Pick<CpuOptions, 'tier' | 'tierTwo'>>> = {
  'the first tier': { tier: 1 },
  // Translated code is used at once, so that a short run sees much of it.
  'both tiers': { tier: 2, tierTwo: { countTo: 1000, atOnce: 'quickly' } },
};

/** The level of x86-64 that the machine's processor says it has. */
async function levelOfGuest(): Promise<number> {
  const { stdout } = await runInGuest({ program: await buildPrograms(['-O2']) });
  return Number(stdout);
}

const LEVELS: Readonly<Record<string, () => Promise<string[]>>> = {
  '-O0': async () => ['-O0'],
  '-O2': async () => ['-O2'],
  '-O3 for what the processor has': async () => ['-O3', `-march=x86-64-v${await levelOfGuest()}`],
};

describe('programs compiled by gcc print what they print on the host', function () {
  this.timeout(60_000);
  before(function () {
    if (!isHost || !hasCompiler('gcc')) this.skip();
  });
  for (const [level, flags] of Object.entries(LEVELS)) {
    describe(level, () => {
      let program = '';
      before(async () => (program = await buildPrograms(await flags())));
      for (const [tiers, cpu] of Object.entries(TIERS)) {
        for (const name of programs) {
          it(`${name} on ${tiers}`, async () => {
            const guest = await runInGuest({ program, args: [name], cpu, timeoutMs: 60_000 });
            expect(guest.stdout)
              .to.equal(runOnHost(program, [name]).stdout)
              .and.not.equal('');
            expect({ status: guest.status, log: guest.log }).to.deep.equal({ status: 0, log: [] });
          });
        }
      }
    });
  }
});
