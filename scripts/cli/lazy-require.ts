/** Modules of Node that it has loaded by itself when a program starts. */
const LOADED = new Set([
  'buffer',
  'events',
  'fs',
  'module',
  'path',
  'process',
  'timers',
  'url',
  'util',
  'vm',
]);

/** Loads other modules of Node when something in them is first used: together they take as long as a small program runs. */
export const lazyRequire =
  (require: NodeJS.Require) =>
  (specifier: string): unknown => {
    const isOfNode = specifier.startsWith('node:');
    if (!isOfNode || LOADED.has(specifier.slice('node:'.length))) return require(specifier);
    return moduleOnDemand(() => require(specifier) as object);
  };

function moduleOnDemand(load: () => object): object {
  return new Proxy(
    {},
    {
      get: (_, name) => Reflect.get(load(), name) as unknown,
      has: (_, name) => Reflect.has(load(), name),
      ownKeys: () => Reflect.ownKeys(load()),
      // What a proxy's target does not have itself must be configurable.
      getOwnPropertyDescriptor: (_, name) => ({
        ...Reflect.getOwnPropertyDescriptor(load(), name),
        configurable: true,
      }),
    },
  );
}
