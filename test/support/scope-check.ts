import { expect } from 'chai';
import type { Scope } from '../../core/lifecycle/scope.js';
import type { Bench } from './bench.js';

/** What the machine around a plugin holds on the plugins' behalf. */
export function registrations({ ports, mmio, irq, clock, hooks, host }: Bench) {
  return {
    ports: ports.list(),
    mmio: mmio.list(),
    lines: irq.list().filter(({ high, drivenBy }) => high || drivenBy.length > 0),
    nextDeadlineNs: clock.nextDeadlineNs,
    taps: tapNames(hooks),
    plugins: host.list().map(({ name }) => name),
  };
}

/** Loads, unloads, and insists that the machine is as it was before. */
export async function leavesNothingBehind(bench: Bench, load: () => Promise<Scope>): Promise<void> {
  const before = registrations(bench);
  const scope = await load();
  expect(scope.held(), 'a plugin that registers nothing does nothing').to.not.be.empty;
  await bench.host.unload(scope.name);
  expect(scope.held()).to.deep.equal([]);
  expect(registrations(bench)).to.deep.equal(before);
}

type Tapped = { readonly taps: readonly { readonly name: string }[] };

export function tapNames(hooks: object): string[] {
  return Object.entries(hooks).flatMap(([name, hook]) => {
    const each =
      'taps' in hook ? [hook as Tapped] : [...(hook as { _map: Map<number, Tapped> })._map.values()];
    return each.flatMap(({ taps }) => taps.map((tap) => `${name} by ${tap.name}`));
  });
}
