import { HostError } from '../errors/host-error.js';
import type { AnyPlugin, ServiceName } from './plugin.js';

export interface Wanted {
  readonly name: string;
  readonly plugin: Pick<AnyPlugin, 'needs' | 'provides'>;
}

/** Providers before those who need them, otherwise as given. Throws NEED_CYCLE or NEED_MISSING. */
export function loadOrder<Item extends Wanted>(
  items: readonly Item[],
  isThere: (need: ServiceName) => boolean,
): Item[] {
  const providers = providersAmong(items);
  const sorted = new Set<Item>();
  const visit = (item: Item, path: readonly Item[]): void => {
    if (sorted.has(item)) return;
    if (path.includes(item)) throw cycleError([...path.slice(path.indexOf(item)), item]);
    for (const need of item.plugin.needs) {
      const provider = providers.get(need);
      if (provider && provider !== item) visit(provider, [...path, item]);
      else if (!isThere(need)) throw new HostError('NEED_MISSING', item.name, need);
    }
    sorted.add(item);
  };
  for (const item of items) visit(item, []);
  return [...sorted];
}

function providersAmong<Item extends Wanted>(items: readonly Item[]): Map<ServiceName, Item> {
  const provided = items.flatMap((item) =>
    (item.plugin.provides ?? []).map((service) => [service, item] as const),
  );
  return new Map(provided);
}

function cycleError(path: readonly Wanted[]): HostError {
  return new HostError('NEED_CYCLE', path.map((item) => item.name).join(' -> '));
}
