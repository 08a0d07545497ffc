import { HostError, reasonOf } from '../errors/host-error.js';
import type { MachineHooks } from '../hooks/machine-hooks.js';
import { Scope } from '../lifecycle/scope.js';
import type { Dispose } from '../lifecycle/scope.js';
import { Stage } from '../lifecycle/stage.js';
import { SliceBorder } from '../machine/border.js';
import { loadOrder } from './load-order.js';
import type {
  AnyPlugin,
  Carried,
  Given,
  PluginContext,
  PluginDefinition,
  RunningPlugin,
  ServiceName,
  Services,
} from './plugin.js';
import { importPlugin } from './plugin-file.js';
import type { PluginFile } from './plugin-file.js';
import { watchFiles } from './plugin-watcher.js';
import { ServiceRegistry } from './services.js';

export interface LoadOptions {
  /** Another name than the plugin's own, to load it twice. */
  readonly name?: string;
  readonly carried?: Carried;
}

export interface PluginEntry {
  readonly name: string;
  readonly needs: readonly ServiceName[];
  readonly provides: readonly ServiceName[];
  /** What its scope holds. */
  readonly held: readonly string[];
  /** How often it has been swapped. */
  readonly swaps: number;
}

/** A plugin with its settings: one line of a machine description. */
export interface Planned {
  readonly name: string;
  readonly plugin: AnyPlugin;
  readonly config: object;
  readonly carried?: Carried | undefined;
}

interface Loaded extends Planned {
  readonly scope: Scope;
  readonly running: RunningPlugin;
  readonly swaps: number;
}

export interface PluginHostOptions {
  readonly services: Partial<Services>;
  readonly hooks: Pick<MachineHooks, 'pluginLoaded' | 'pluginUnloaded' | 'pluginSwapped' | 'pluginFailed'>;
  readonly border?: SliceBorder;
  /** A tap of one of these hooks threw. Thrown on when left out. */
  readonly onTapFailure?: (failure: unknown) => void;
}

/** One line of a list for `loadAll`. */
export function planned<
  Need extends ServiceName,
  Provide extends ServiceName,
  Config,
  State extends Carried,
  Defaults extends Partial<Config>,
>(
  plugin: PluginDefinition<Need, Provide, Config, State, Defaults>,
  config: Given<Config, Defaults>,
  options: LoadOptions = {},
): Planned {
  return {
    name: options.name ?? plugin.name,
    plugin: plugin,
    config,
    carried: options.carried,
  };
}

/** Loads, unloads and swaps plugins, each as a transaction at a slice border. */
export class PluginHost {
  readonly #loaded = new Map<string, Loaded>();
  readonly #services: ServiceRegistry;
  readonly #hooks: PluginHostOptions['hooks'];
  readonly #border: SliceBorder;
  readonly #onTapFailure: (failure: unknown) => void;

  constructor({ services, hooks, border = new SliceBorder(), onTapFailure = rethrow }: PluginHostOptions) {
    this.#services = new ServiceRegistry(services);
    this.#hooks = hooks;
    this.#border = border;
    this.#onTapFailure = onTapFailure;
  }

  /** Throws PLUGIN_LOADED, NEED_MISSING, what a claim refuses, or START_FAILED; then nothing has changed. */
  load<
    Need extends ServiceName,
    Provide extends ServiceName,
    Config,
    State extends Carried,
    Defaults extends Partial<Config>,
  >(
    plugin: PluginDefinition<Need, Provide, Config, State, Defaults>,
    config: Given<Config, Defaults>,
    options: LoadOptions = {},
  ): Promise<Scope> {
    const plan = planned(plugin, config, options);
    return this.#border.run(() => this.#load(plan));
  }

  /** Providers first, whatever the order of the list. Stops at the first that fails; those before it stay. */
  loadAll(plans: readonly Planned[]): Promise<void> {
    return this.#border.run(async () => {
      for (const plan of loadOrder(plans, (need) => this.#services.find(need) !== undefined))
        await this.#load(plan);
    });
  }

  /** Refused with PLUGIN_NEEDED while others need it; `cascade` unloads those first. */
  unload(name: string, { cascade = false } = {}): Promise<void> {
    return this.#border.run(async () => {
      const dependents = this.#dependents(this.#find(name));
      if (dependents.length > 0 && !cascade) {
        throw new HostError('PLUGIN_NEEDED', name, dependents.map((loaded) => loaded.name).join(', '));
      }
      for (const dependent of dependents.toReversed()) await this.#unload(dependent);
      await this.#unload(this.#find(name));
    });
  }

  unloadAll(): Promise<void> {
    return this.#border.run(async () => {
      for (const loaded of [...this.#loaded.values()].reverse()) await this.#unload(loaded);
    });
  }

  /**
   * Puts `plugin` in the place of the one loaded under the same name, with its carried state and, unless given, its
   * settings. Plugins that need its services are started anew in the same transaction. If any start throws, nothing has
   * changed and the old ones run on untouched.
   */
  swap<
    Need extends ServiceName,
    Provide extends ServiceName,
    Config,
    State extends Carried,
    Defaults extends Partial<Config>,
  >(
    plugin: PluginDefinition<Need, Provide, Config, State, Defaults>,
    config?: Given<Config, Defaults>,
    { name = plugin.name }: LoadOptions = {},
  ): Promise<Scope> {
    return this.#border.run(() => this.#swap(name, plugin, config));
  }

  /** `load`, of a `.ts` or `.js` file that exports one plugin. Throws PLUGIN_FILE or PLUGIN_EXPORT besides. */
  async loadFile(file: string, config: object = {}, { name, carried }: LoadOptions = {}): Promise<Scope> {
    const { plugin } = await this.#import(file, name ?? file);
    return this.#border.run(() => this.#load({ name: name ?? plugin.name, plugin, config, carried }));
  }

  /** `swap`, with the plugin that a file exports. */
  async swapFile(file: string, config?: object, { name }: LoadOptions = {}): Promise<Scope> {
    const { plugin } = await this.#import(file, name ?? file);
    return this.#border.run(() => this.#swap(name ?? plugin.name, plugin, config));
  }

  /** Swaps the loaded plugin whenever its file, or what that imports, is saved. Failures go to `pluginFailed`. */
  async watchFile(file: string, { name }: LoadOptions = {}): Promise<Dispose> {
    const { plugin, sources } = await this.#import(file, name ?? file);
    const loadedAs = name ?? plugin.name;
    const reload = async () => {
      const next = await this.#import(file, loadedAs);
      await this.#border.run(() => this.#swap(loadedAs, next.plugin, undefined));
      return next.sources;
    };
    // Both steps of a reload have told `pluginFailed` already.
    return watchFiles(sources, { reload, onFailure: () => {} });
  }

  list(): PluginEntry[] {
    return [...this.#loaded.values()].map(({ name, plugin, scope, swaps }) => ({
      name,
      needs: plugin.needs,
      provides: plugin.provides ?? [],
      held: scope.held(),
      swaps,
    }));
  }

  has(name: string): boolean {
    return this.#loaded.has(name);
  }

  /** A service as the machine's owner sees it: for scripts and the REPL. */
  service<Name extends ServiceName>(name: Name): Services[Name] | undefined {
    return this.#services.find(name) as Services[Name] | undefined;
  }

  /** The state a plugin would hand over; undefined when it carries none. */
  carry(name: string): Carried | undefined {
    return this.#find(name).running.carry?.();
  }

  async #import(file: string, name: string): Promise<PluginFile> {
    try {
      return await importPlugin(file);
    } catch (failure) {
      throw this.#failed(name, failure);
    }
  }

  async #load(plan: Planned): Promise<Scope> {
    const stage = new Stage();
    try {
      if (this.#loaded.has(plan.name)) throw new HostError('PLUGIN_LOADED', plan.name);
      const loaded = await this.#start(plan, stage, 0);
      this.#commit(stage, [loaded]);
      this.#tell(() => this.#hooks.pluginLoaded.call(plan.name));
      return loaded.scope;
    } catch (failure) {
      stage.abort();
      throw this.#failed(plan.name, failure);
    }
  }

  async #swap(name: string, plugin: AnyPlugin, config: object | undefined): Promise<Scope> {
    const old = this.#find(name);
    const olds = [old, ...this.#dependents(old)];
    const stage = new Stage(new Set(olds.map((loaded) => loaded.scope)));
    const started: Loaded[] = [];
    try {
      for (const loaded of olds) {
        const next = loaded === old ? { name, plugin, config: config ?? old.config } : loaded;
        started.push(
          await this.#start({ ...next, carried: loaded.running.carry?.() }, stage, loaded.swaps + 1),
        );
      }
    } catch (failure) {
      stage.abort();
      await this.#retire(started);
      throw this.#failed(name, failure);
    }
    this.#commit(stage, started);
    await this.#retire(olds);
    this.#tell(() => this.#hooks.pluginSwapped.call(name));
    return this.#find(name).scope;
  }

  async #start(plan: Planned, stage: Stage, swaps: number): Promise<Loaded> {
    const { name, plugin } = plan;
    const scope = new Scope(name, stage);
    const config = { ...plugin.config, ...plan.config };
    try {
      const context = this.#contextFor(scope, plugin);
      const running = await plugin.start(context, config as never, plan.carried as never);
      this.#checkProvided(scope, plugin);
      return { ...plan, scope, running, swaps };
    } catch (failure) {
      await scope.close();
      if (failure instanceof HostError) throw failure;
      throw new HostError('START_FAILED', name, reasonOf(failure)).because(failure);
    }
  }

  #commit(stage: Stage, started: readonly Loaded[]): void {
    const failures = stage.commit();
    for (const loaded of started) this.#loaded.set(loaded.name, loaded);
    for (const failure of failures) this.#failed(started[0]?.name ?? '?', failure);
  }

  #contextFor(scope: Scope, plugin: AnyPlugin): PluginContext<ServiceName, ServiceName> {
    const views = plugin.needs.map((need) => [need, this.#services.viewFor(scope, need)] as const);
    return {
      scope,
      use: Object.freeze(Object.fromEntries(views)) as unknown as Services,
      provide: (name, service) => {
        if (!plugin.provides?.includes(name)) throw new HostError('NOT_PROMISED', scope.name, name);
        this.#services.provide(scope, name, service);
      },
    };
  }

  #checkProvided(scope: Scope, plugin: AnyPlugin): void {
    const held = scope.held();
    const missing = plugin.provides?.find((service) => !held.includes(`service ${service}`));
    if (missing) throw new HostError('NOT_PROVIDED', scope.name, missing);
  }

  async #unload(loaded: Loaded): Promise<void> {
    this.#loaded.delete(loaded.name);
    await this.#retire([loaded]);
    this.#tell(() => this.#hooks.pluginUnloaded.call(loaded.name));
  }

  /** Closes scopes, last loaded first. A step that cannot be undone is reported, and the rest goes on. */
  async #retire(olds: readonly Loaded[]): Promise<void> {
    for (const { name, scope } of olds.toReversed()) {
      try {
        await scope.close();
      } catch (failure) {
        this.#failed(name, failure);
      }
    }
  }

  /** Everybody who needs a service of `loaded`, directly or not, in load order. */
  #dependents(loaded: Loaded): Loaded[] {
    const found = new Set([loaded]);
    for (const other of this.#loaded.values()) {
      if (other.plugin.needs.some((need) => isProvidedBy(found, need))) found.add(other);
    }
    found.delete(loaded);
    return [...found];
  }

  #find(name: string): Loaded {
    const loaded = this.#loaded.get(name);
    if (!loaded) throw new HostError('PLUGIN_UNKNOWN', name);
    return loaded;
  }

  #failed(name: string, failure: unknown): HostError {
    const error =
      failure instanceof HostError
        ? failure
        : new HostError('START_FAILED', name, reasonOf(failure)).because(failure);
    this.#tell(() => this.#hooks.pluginFailed.call(name, error));
    return error;
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (failure) {
      this.#onTapFailure(failure);
    }
  }
}

function rethrow(failure: unknown): never {
  throw failure;
}

function isProvidedBy(plugins: ReadonlySet<Loaded>, need: ServiceName): boolean {
  return [...plugins].some(({ plugin }) => plugin.provides?.includes(need));
}
