import { expect } from 'chai';
import fc from 'fast-check';
import { createBench } from '../../test/support/bench.js';
import { registrations } from '../../test/support/scope-check.js';
import { HostError } from '../errors/host-error.js';
import { tapIn } from '../hooks/untap.js';
import { definePlugin } from './plugin.js';

const FIRST_PORT = 0x100;

/** Registers something of everything; `fails` makes it throw half way. */
const registerAll = definePlugin({
  name: 'all',
  needs: ['ports', 'mmio', 'irq', 'clock', 'hooks'],
  config: { slot: 0, fails: false },

  start(
    { scope, use },
    { slot, fails }: { slot: number; fails: boolean },
    carried?: { version: 1; starts: number },
  ) {
    const registers = { read8: () => slot, write8() {} };
    scope.use('ports', () => use.ports.claim(FIRST_PORT + 8 * slot, 8, registers));
    use.irq.set(slot, true);
    use.clock.after(1e6, () => {});
    if (fails) throw new Error('asked to fail');
    scope.use('mmio', () => use.mmio.claim(0x1000 * (slot + 1), 0x1000, { read: () => slot, write() {} }));
    tapIn(scope, use.hooks.halt, { name: scope.name }, () => {});
    const starts = (carried?.starts ?? 0) + 1;
    return { carry: () => ({ version: 1 as const, starts }) };
  },
});

const step = fc.record({
  action: fc.constantFrom('load', 'unload', 'swap'),
  name: fc.constantFrom('a', 'b', 'c'),
  slot: fc.nat(3),
  fails: fc.boolean(),
});

describe('random loads, unloads and swaps', () => {
  it('hold exactly what the loaded plugins registered, and in the end nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const bench = createBench();
        const empty = registrations(bench);
        for (const { action, name, slot, fails } of steps) {
          const done =
            action === 'unload'
              ? bench.host.unload(name)
              : bench.host[action](registerAll, { slot, fails }, { name });
          await done.catch((error: unknown) => expect(error).to.be.instanceOf(HostError));
          const owners = bench.ports.list().map(({ owner }) => owner);
          const loaded = bench.host.list().map((entry) => entry.name);
          expect(owners.toSorted()).to.deep.equal(loaded.toSorted());
          expect(bench.mmio.list().length).to.equal(loaded.length);
          expect(bench.irq.list().filter(({ high }) => high).length).to.equal(loaded.length);
          expect(bench.hooks.halt.taps.length).to.equal(loaded.length);
        }
        await bench.host.unloadAll();
        expect(registrations(bench)).to.deep.equal(empty);
      }),
    );
  });
});
