import type { AsyncSeriesHook, FullTap, HookMap, SyncHook } from 'tapable';
import { HostError, reasonOf } from '../errors/host-error.js';
import type { Scope } from '../lifecycle/scope.js';

export interface TapName {
  /** The plugin's name: what an error of the tap is reported under. */
  readonly name: string;
  /** Lower runs earlier; 0 when left out. */
  readonly stage?: number;
}

// tapable has no untap, and its compiled call keeps running removed taps.
// This file is the only one that reaches into it; untap.test.ts pins the behaviour.
interface HookInternals {
  name: string | undefined;
  taps: FullTap[];
  _resetCompilation(): void;
}

interface HookMapInternals {
  name: string | undefined;
  _map: Map<unknown, HookInternals>;
}

// On the hook itself, not in a WeakMap: a plugin compiled at run time may carry its own copy of this file.
const WATCHER = Symbol.for('halfcell.tapsChanged');
type Watched = { [WATCHER]?: (tapped: boolean) => void };

/** Taps `hook` until `scope` closes; from a successor's scope, from the moment its swap commits. */
export function tapIn<Args extends unknown[], R>(
  scope: Scope,
  hook: SyncHook<Args, R>,
  tap: TapName,
  fn: (...args: NoInfer<Args>) => NoInfer<R>,
): void {
  const named = guarded(hook.name ?? '?', tap.name, fn);
  enter(scope, internalsOf(hook), tap, () => hook.tap({ ...tap }, named as never), named);
}

/** The same for an asynchronous hook; the hook waits for the promise. */
export function tapAsyncIn<Args extends unknown[]>(
  scope: Scope,
  hook: AsyncSeriesHook<Args>,
  tap: TapName,
  fn: (...args: NoInfer<Args>) => void | Promise<void>,
): void {
  const named = async (...args: Args): Promise<void> => {
    try {
      await fn(...args);
    } catch (failure) {
      throw tapFailed(hook.name ?? '?', tap.name, failure);
    }
  };
  enter(scope, internalsOf(hook), tap, () => hook.tapPromise({ ...tap }, named as never), named);
}

/** The same for one key of a map, such as a port. The last tap to go takes the key's hook with it. */
export function tapKeyIn<Args extends unknown[], R>(
  scope: Scope,
  map: HookMap<SyncHook<Args, R>>,
  key: number,
  tap: TapName,
  fn: (...args: NoInfer<Args>) => NoInfer<R>,
): void {
  const named = guarded(`${map.name ?? '?'} 0x${key.toString(16)}`, tap.name, fn);
  scope.use(`tap ${map.name ?? '?'} 0x${key.toString(16)} by ${tap.name}`, () => {
    let live = true;
    scope.whenLive(() => {
      if (!live) return;
      map.for(key).tap({ ...tap }, named as never);
      notify(map, true);
    });
    return () => {
      live = false;
      untapKey(map as unknown as HookMapInternals, key, named);
    };
  });
}

/** Calls `change` now and whenever the hook (or map) gets its first tap or loses its last. One watcher a hook. */
export function whenTapped(hook: object, change: (tapped: boolean) => void): void {
  (hook as Watched)[WATCHER] = change;
  change(false);
}

function enter(scope: Scope, hook: HookInternals, tap: TapName, add: () => void, fn: unknown): void {
  scope.use(`tap ${hook.name ?? '?'} by ${tap.name}`, () => {
    let live = true;
    scope.whenLive(() => {
      if (!live) return;
      add();
      notify(hook, true);
    });
    return () => {
      live = false;
      untap(hook, fn);
    };
  });
}

function untap(hook: HookInternals, fn: unknown): void {
  const at = hook.taps.findIndex((tap) => tap.fn === fn);
  if (at < 0) return;
  hook.taps = hook.taps.toSpliced(at, 1);
  hook._resetCompilation();
  notify(hook, hook.taps.length > 0);
}

function untapKey(map: HookMapInternals, key: number, fn: unknown): void {
  const hook = map._map.get(key);
  if (!hook) return;
  untap(hook, fn);
  if (hook.taps.length === 0) map._map.delete(key);
  notify(map, map._map.size > 0);
}

function notify(hook: object, tapped: boolean): void {
  (hook as Watched)[WATCHER]?.(tapped);
}

function guarded<Args extends unknown[], R>(hook: string, plugin: string, fn: (...args: Args) => R) {
  return (...args: Args): R => {
    try {
      return fn(...args);
    } catch (failure) {
      throw tapFailed(hook, plugin, failure);
    }
  };
}

function tapFailed(hook: string, plugin: string, failure: unknown): HostError {
  if (failure instanceof HostError && failure.code === 'TAP_FAILED') return failure;
  return new HostError('TAP_FAILED', plugin, hook, reasonOf(failure)).because(failure);
}

function internalsOf(hook: object): HookInternals {
  return hook as HookInternals;
}
