import { expect } from 'chai';
import { createBench } from '../../test/support/bench.js';
import type { Bench } from '../../test/support/bench.js';
import { leavesNothingBehind, registrations } from '../../test/support/scope-check.js';
import { HostError } from '../errors/host-error.js';
import { tapIn } from '../hooks/untap.js';
import { planned } from './plugin-host.js';
import { definePlugin } from './plugin.js';

interface Counter {
  next(): number;
}

declare module './plugin.js' {
  interface Services {
    readonly testCounter: Counter;
    readonly testDoubler: Counter;
  }
}

interface CountState {
  readonly version: 1;
  readonly count: number;
}

/** A port that counts its reads, and offers the count. */
const counter = definePlugin({
  name: 'counter',
  needs: ['ports', 'irq', 'clock', 'hooks'],
  provides: ['testCounter'],
  config: { port: 0x80, step: 1 },

  start({ scope, use, provide }, config: { port: number; step: number }, carried?: CountState) {
    let count = carried?.count ?? 0;
    const next = () => (count += config.step);
    scope.use('ports', () => use.ports.claim(config.port, 1, { read8: next, write8() {} }));
    use.irq.set(3, true);
    use.clock.after(1e9, () => {});
    tapIn(scope, use.hooks.halt, { name: 'counter' }, () => {});
    provide('testCounter', { next });
    return { carry: (): CountState => ({ version: 1, count }) };
  },
});

const doubler = definePlugin({
  name: 'doubler',
  needs: ['testCounter', 'ports'],
  provides: ['testDoubler'],

  start({ scope, use, provide }) {
    scope.use('ports', () =>
      use.ports.claim(0x90, 1, { read8: () => 2 * use.testCounter.next(), write8() {} }),
    );
    provide('testDoubler', { next: () => 2 * use.testCounter.next() });
    return {};
  },
});

const broken = {
  ...counter,
  start(...args: Parameters<typeof counter.start>): never {
    void counter.start(...args);
    throw new Error('bad build');
  },
};

async function refusal(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.then(
    () => 'it was allowed',
    (error: unknown) => error,
  );
  expect(failure).to.be.instanceOf(HostError);
  return (failure as HostError).message;
}

describe('PluginHost', () => {
  let bench: Bench;
  beforeEach(() => (bench = createBench()));

  it('starts a plugin with its defaults and the settings given', async () => {
    await bench.host.load(counter, { step: 5 });
    expect([bench.ports.read8(0x80), bench.ports.read8(0x80)]).to.deep.equal([5, 10]);
  });

  it('leaves nothing behind after unload', async () => {
    await leavesNothingBehind(bench, () => bench.host.load(counter, {}));
  });

  it('leaves nothing behind when start throws, and says why', async () => {
    const before = registrations(bench);
    expect(await refusal(bench.host.load(broken, {}))).to.equal(
      'START_FAILED: counter did not start: bad build',
    );
    expect(registrations(bench)).to.deep.equal(before);
  });

  it('refuses to load a name twice, and loads it under another', async () => {
    await bench.host.load(counter, {});
    expect(await refusal(bench.host.load(counter, {}))).to.match(/^PLUGIN_LOADED/);
    expect(await refusal(bench.host.load(counter, { port: 0x81 }, { name: 'second' }))).to.match(
      /^PROVIDED_TWICE/,
    );
    expect(bench.host.list().map(({ name }) => name)).to.deep.equal(['counter']);
  });

  it('names the need that nobody provides', async () => {
    expect(await refusal(bench.host.load(doubler, {}))).to.match(/NEED_MISSING: doubler needs "testCounter"/);
  });

  it('refuses a promise that is not kept, and a service that was not promised', async () => {
    const forgetful = { ...doubler, needs: [] as const, start: () => ({}) };
    expect(await refusal(bench.host.load(forgetful, {}))).to.match(
      /NOT_PROVIDED: doubler promises "testDoubler"/,
    );
    const eager = { ...counter, provides: [] };
    expect(await refusal(bench.host.load(eager, {}))).to.match(/NOT_PROMISED: counter offers "testCounter"/);
  });

  it('loads providers first, whatever the order of the list', async () => {
    await bench.host.loadAll([planned(doubler, {}), planned(counter, {})]);
    expect(bench.host.list().map(({ name }) => name)).to.deep.equal(['counter', 'doubler']);
  });

  it('names the circle when plugins need each other', async () => {
    const needsDoubler = { ...counter, needs: [...counter.needs, 'testDoubler'] as const };
    expect(await refusal(bench.host.loadAll([planned(doubler, {}), planned(needsDoubler, {})]))).to.match(
      /NEED_CYCLE.*doubler -> counter -> doubler/,
    );
  });

  it('refuses to unload what others need, and cascades when asked', async () => {
    await bench.host.loadAll([planned(counter, {}), planned(doubler, {})]);
    expect(await refusal(bench.host.unload('counter'))).to.match(
      /PLUGIN_NEEDED: counter is needed by doubler/,
    );
    await bench.host.unload('counter', { cascade: true });
    expect(bench.host.list()).to.deep.equal([]);
    expect(bench.ports.list()).to.deep.equal([]);
  });

  it('fires the hooks of loading, swapping, unloading and failing', async () => {
    const events: string[] = [];
    await bench.host.load(
      definePlugin({
        name: 'witness',
        needs: ['hooks'],
        start({ scope, use: { hooks } }) {
          tapIn(scope, hooks.pluginLoaded, { name: 'witness' }, (name) => void events.push(`loaded ${name}`));
          tapIn(
            scope,
            hooks.pluginUnloaded,
            { name: 'witness' },
            (name) => void events.push(`unloaded ${name}`),
          );
          tapIn(
            scope,
            hooks.pluginSwapped,
            { name: 'witness' },
            (name) => void events.push(`swapped ${name}`),
          );
          tapIn(scope, hooks.pluginFailed, { name: 'witness' }, (name) => void events.push(`failed ${name}`));
          return {};
        },
      }),
      {},
    );
    await bench.host.load(counter, {});
    await bench.host.swap(counter);
    await refusal(bench.host.swap(broken));
    await bench.host.unload('counter');
    expect(events.slice(1)).to.deep.equal([
      'loaded counter',
      'swapped counter',
      'failed counter',
      'unloaded counter',
    ]);
  });
});

describe('a swap', () => {
  let bench: Bench;
  beforeEach(() => (bench = createBench()));

  it('hands over state and settings', async () => {
    await bench.host.load(counter, { step: 3 });
    bench.ports.read8(0x80);
    await bench.host.swap(counter);
    expect(bench.ports.read8(0x80)).to.equal(6);
  });

  it('takes new settings when given', async () => {
    await bench.host.load(counter, {});
    await bench.host.swap(counter, { port: 0x81 });
    expect([bench.ports.read8(0x80), bench.ports.read8(0x81)]).to.deep.equal([0xff, 1]);
  });

  it('changes nothing when the successor throws in start: the old one runs on, its scope untouched', async () => {
    const scope = await bench.host.load(counter, {});
    bench.ports.read8(0x80);
    const before = { held: scope.held(), ...registrations(bench) };
    expect(await refusal(bench.host.swap(broken))).to.match(/START_FAILED: counter did not start: bad build/);
    expect({ held: scope.held(), ...registrations(bench) }).to.deep.equal(before);
    expect(bench.ports.read8(0x80)).to.equal(2);
  });

  it('changes nothing when a claim of the successor belongs to somebody else', async () => {
    await bench.host.load(counter, {});
    bench.ports.claim(0x81, 1, { read8: () => 0, write8() {} });
    expect(await refusal(bench.host.swap(counter, { port: 0x81 }))).to.match(/PORT_TAKEN.*machine/);
    expect(bench.ports.read8(0x80)).to.equal(1);
  });

  it('keeps the old claims in force while the successor starts', async () => {
    await bench.host.load(counter, {});
    const seen: number[] = [];
    const slow = {
      ...counter,
      async start(...args: Parameters<typeof counter.start>) {
        const running = await counter.start(...args);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(bench.ports.read8(0x80));
        return running;
      },
    };
    await bench.host.swap(slow);
    expect(seen).to.deep.equal([1]);
  });

  it('starts those who need its services anew, in the same transaction', async () => {
    await bench.host.loadAll([planned(counter, {}), planned(doubler, {})]);
    expect(bench.ports.read8(0x90)).to.equal(2);
    await bench.host.swap(counter, { step: 10 });
    expect(bench.ports.read8(0x90)).to.equal(22);
    expect(bench.host.list().map(({ name, swaps }) => [name, swaps])).to.deep.equal([
      ['counter', 1],
      ['doubler', 1],
    ]);
  });

  it('asked for from within a handler of the very plugin waits for the border', async () => {
    await bench.host.load(counter, {});
    let swapped: Promise<unknown> = Promise.resolve();
    const asking = { read8: () => ((swapped = bench.host.swap(counter)), 0), write8() {} };
    bench.ports.claim(0x70, 1, asking);
    bench.ports.read8(0x70);
    await swapped;
    expect(bench.host.list()[0]?.swaps).to.equal(1);
  });
});
