import { expect } from 'chai';
import { AsyncSeriesHook, HookMap, SyncBailHook, SyncHook } from 'tapable';
import { HostError } from '../errors/host-error.js';
import { Scope } from '../lifecycle/scope.js';
import { Stage } from '../lifecycle/stage.js';
import { createMachineHooks } from './machine-hooks.js';
import { tapAsyncIn, tapIn, tapKeyIn, whenTapped } from './untap.js';

const numberHook = () => new SyncHook<[number]>(['value'], 'probe');
const portMap = () =>
  new HookMap(() => new SyncBailHook<[number], number | undefined>(['size'], 'portIn'), 'portIn');

describe('tapIn', () => {
  it('stops calling the tap after the scope closes, even once the hook has been compiled', async () => {
    const hook = numberHook();
    const scope = new Scope('tracer');
    const seen: number[] = [];
    tapIn(scope, hook, { name: 'tracer' }, (value) => void seen.push(value));
    hook.call(1);
    await scope.close();
    hook.call(2);
    expect(seen).to.deep.equal([1]);
  });

  it('lets a call in progress finish when a tap unloads itself', () => {
    const hook = new SyncHook<[]>([], 'probe');
    const scope = new Scope('self');
    const seen: string[] = [];
    tapIn(scope, hook, { name: 'self' }, () => {
      seen.push('self');
      void scope.close();
    });
    tapIn(new Scope('other'), hook, { name: 'other' }, () => void seen.push('other'));
    hook.call();
    hook.call();
    expect(seen).to.deep.equal(['self', 'other', 'other']);
  });

  it('orders taps by stage', () => {
    const hook = new SyncHook<[]>([], 'probe');
    const seen: string[] = [];
    tapIn(new Scope('late'), hook, { name: 'late', stage: 10 }, () => void seen.push('late'));
    tapIn(new Scope('early'), hook, { name: 'early', stage: -10 }, () => void seen.push('early'));
    hook.call();
    expect(seen).to.deep.equal(['early', 'late']);
  });

  it('reports a throwing tap under its plugin and hook', () => {
    const hook = numberHook();
    tapIn(new Scope('tracer'), hook, { name: 'tracer' }, () => {
      throw new Error('no disk');
    });
    expect(() => hook.call(1)).to.throw(HostError, 'TAP_FAILED: tracer threw in its tap of probe: no disk');
  });

  it('taps only when the transaction of its scope commits', () => {
    const hook = numberHook();
    const stage = new Stage();
    const seen: number[] = [];
    tapIn(new Scope('tracer', stage), hook, { name: 'tracer' }, (value) => void seen.push(value));
    hook.call(1);
    stage.commit();
    hook.call(2);
    expect(seen).to.deep.equal([2]);
  });

  it('gives the taps of a successor the places of their predecessors', async () => {
    const hook = new SyncHook<[]>([], 'probe');
    const seen: string[] = [];
    const tapTwice = (scope: Scope, label: string) => {
      for (const part of [1, 2])
        tapIn(scope, hook, { name: 'kernel' }, () => void seen.push(`${label} ${part}`));
    };
    const old = new Scope('kernel');
    tapTwice(old, 'old');
    tapIn(new Scope('tracer'), hook, { name: 'tracer' }, () => void seen.push('tracer'));
    const stage = new Stage(new Set([old]));
    tapTwice(new Scope('kernel', stage), 'new');
    stage.commit();
    await old.close();
    hook.call();
    expect(seen).to.deep.equal(['new 1', 'new 2', 'tracer']);
  });

  it('tells a watcher of the first tap and of the last to go', async () => {
    const hook = numberHook();
    const changes: boolean[] = [];
    whenTapped(hook, (tapped) => changes.push(tapped));
    const scope = new Scope('tracer');
    tapIn(scope, hook, { name: 'tracer' }, () => {});
    await scope.close();
    expect(changes).to.deep.equal([false, true, false]);
  });
});

describe('tapKeyIn', () => {
  it('takes the hook of a key out of the map with its last tap', async () => {
    const map = portMap();
    const scope = new Scope('tracer');
    tapKeyIn(scope, map, 0x3f8, { name: 'tracer' }, () => 7);
    expect(map.get(0x3f8)?.call(1)).to.equal(7);
    await scope.close();
    expect(map.get(0x3f8)).to.equal(undefined);
  });

  it('tells the watcher of a map only when no key is tapped any more', async () => {
    const map = portMap();
    const changes: boolean[] = [];
    whenTapped(map, (tapped) => changes.push(tapped));
    const [first, second] = [new Scope('first'), new Scope('second')];
    tapKeyIn(first, map, 1, { name: 'first' }, () => undefined);
    tapKeyIn(second, map, 2, { name: 'second' }, () => undefined);
    await first.close();
    expect(changes.at(-1)).to.equal(true);
    await second.close();
    expect(changes.at(-1)).to.equal(false);
  });
});

describe('tapAsyncIn', () => {
  it('is waited for, and names the plugin when it rejects', async () => {
    const hook = new AsyncSeriesHook<[number]>(['status'], 'powerOff');
    const seen: number[] = [];
    const scope = new Scope('disk');
    tapAsyncIn(scope, hook, { name: 'disk' }, async (status) => void seen.push(status));
    await hook.promise(3);
    await scope.close();
    await hook.promise(4);
    expect(seen).to.deep.equal([3]);
    tapAsyncIn(new Scope('net'), hook, { name: 'net' }, () => Promise.reject(new Error('cable')));
    const failure = await hook.promise(5).catch((error: unknown) => error);
    expect(failure)
      .to.be.instanceOf(HostError)
      .with.property('message')
      .contains('net threw in its tap of powerOff');
  });
});

describe('machine hooks', () => {
  it('are a frozen list whose hooks carry the name they are listed under', () => {
    const hooks = createMachineHooks();
    expect(Object.isFrozen(hooks)).to.equal(true);
    for (const [name, hook] of Object.entries(hooks)) expect(hook.name).to.equal(name);
  });
});
