import type { AsyncSeriesHook, FullTap, HookMap } from 'tapable';
import { HostError, reasonOf } from '../errors/host-error.js';
import type { Scope } from '../lifecycle/scope.js';

export interface TapName {
  /** The plugin's name: what an error of the tap is reported under. */
  readonly name: string;
  /** Lower runs earlier; 0 when left out. */
  readonly stage?: number;
}

/* eslint max-params: ["warn", 5] -- scope, hook, tap and function are what a tap is; a key is the fifth. */

// tapable has no untap, and its compiled call keeps running removed taps.
// This file is the only one that reaches into it; untap.test.ts pins the behaviour.
interface HookInternals {
  name: string | undefined;
  taps: FullTap[];
  tap(tap: TapName, fn: unknown): void;
  tapPromise(tap: TapName, fn: unknown): void;
  _resetCompilation(): void;
}

interface HookMapInternals {
  name: string | undefined;
  for(key: number): HookInternals;
  _map: Map<unknown, HookInternals>;
}

// On the hook itself, not in a WeakMap: a plugin compiled at run time may carry its own copy of this file.
const WATCHER = Symbol.for('halfcell.tapsChanged');
type Watched = { [WATCHER]?: (tapped: boolean) => void };

interface Callable {
  name: string | undefined;
  call(...args: never[]): unknown;
}

/** A function that may tap the hook: its arguments and its answer. */
export type TapOf<Hook extends Callable> = (...args: Parameters<Hook['call']>) => ReturnType<Hook['call']>;

/** Taps `hook` until `scope` closes; from a successor's scope, from the moment its swap commits. */
export function tapIn<Hook extends Callable>(scope: Scope, hook: Hook, tap: TapName, fn: TapOf<Hook>): void {
  const named = guarded(hook.name ?? '?', tap.name, fn);
  enter(scope, hook as unknown as HookInternals, tap, 'tap', named);
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
  enter(scope, hook as unknown as HookInternals, tap, 'tapPromise', named);
}

/** The same for one key of a map, such as a port. The last tap to go takes the key's hook with it. */
export function tapKeyIn<Hook extends Callable>(
  scope: Scope,
  map: HookMap<Hook>,
  key: number,
  tap: TapName,
  fn: TapOf<Hook>,
): void {
  const internals = map as unknown as HookMapInternals;
  const hookName = `${map.name ?? '?'} 0x${key.toString(16)}`;
  const named = guarded(hookName, tap.name, fn);
  useTap(scope, `tap ${hookName} by ${tap.name}`, {
    add: () => {
      const hook = internals.for(key);
      hook.tap(placed(scope, hook, tap), named);
      notify(map, true);
    },
    remove: () => untapKey(internals, key, named),
  });
}

/** Calls `change` now and whenever the hook (or map) gets its first tap or loses its last. One watcher a hook. */
export function whenTapped(hook: object, change: (tapped: boolean) => void): void {
  (hook as Watched)[WATCHER] = change;
  change(false);
}

function enter(
  scope: Scope,
  hook: HookInternals,
  tap: TapName,
  kind: 'tap' | 'tapPromise',
  fn: unknown,
): void {
  useTap(scope, `tap ${hook.name ?? '?'} by ${tap.name}`, {
    add: () => {
      hook[kind](placed(scope, hook, tap), fn);
      notify(hook, true);
    },
    remove: () => untap(hook, fn),
  });
}

function useTap(scope: Scope, label: string, { add, remove }: { add: () => void; remove: () => void }): void {
  scope.use(label, () => {
    let wanted = true;
    scope.whenLive(() => {
      if (wanted) add();
    });
    return () => {
      wanted = false;
      remove();
    };
  });
}

/** A successor's tap takes the place of its predecessor's, so that a swap does not change who is asked first. */
function placed(scope: Scope, { taps }: HookInternals, tap: TapName): TapName & { before?: string } {
  const succeeds = (scope.stage?.replaces.size ?? 0) > 0 && taps.some(({ name }) => name === tap.name);
  return succeeds ? { ...tap, before: tap.name } : { ...tap };
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
