import type { Irq } from '../bus/irq-lines.js';
import type { Mmio } from '../bus/mmio-bus.js';
import type { Ports } from '../bus/port-bus.js';
import type { Clock } from '../clock/clock.js';
import type { Cpu, GuestMemory } from '../cpu/types.js';
import type { MachineHooks } from '../hooks/machine-hooks.js';
import type { Scope } from '../lifecycle/scope.js';
import type { MachineControl } from '../machine/control.js';

/**
 * Everything a plugin may ask for. A plugin that provides a service adds its line:
 * `declare module '.../core/plugin/plugin.js' { interface Services { readonly schemes: Schemes } }`
 */
export interface Services {
  readonly ports: Ports;
  readonly irq: Irq;
  readonly mmio: Mmio;
  readonly clock: Clock;
  readonly hooks: MachineHooks;
  readonly memory: GuestMemory;
  readonly cpu: Cpu;
  readonly machine: MachineControl;
}

export type ServiceName = keyof Services;

/**
 * A service that gives each plugin a view of its own, so that what the plugin registers is made in its name, waits for
 * its transaction and goes with its scope. `Claims` does the bookkeeping.
 */
export interface ScopedService<View> {
  inScope(scope: Scope): View;
}

export interface PluginContext<Need extends ServiceName, Provide extends ServiceName> {
  readonly scope: Scope;
  readonly use: Readonly<Pick<Services, Need>>;
  /** Hands out a promised service. A `ScopedService` gives each user its own view. */
  provide<Name extends Provide>(name: Name, service: Services[Name] | ScopedService<Services[Name]>): void;
}

/** What a plugin hands to its replacement: plain data with named fields and a version, never a bare array. */
export interface Carried {
  readonly version: number;
}

export interface RunningPlugin<State extends Carried = Carried> {
  /** The state for a successor or a snapshot. Asked with the CPU held; changes nothing. */
  carry?(): State;
}

/** Settings without a default must be given. */
export type Given<Config, Defaults> = Omit<Config, keyof Defaults> & Partial<Config>;

export interface PluginDefinition<
  Need extends ServiceName,
  Provide extends ServiceName,
  Config,
  State extends Carried,
  Defaults extends Partial<Config>,
> {
  readonly name: string;
  /** What `use` offers; providers are loaded first. */
  readonly needs: readonly Need[];
  /** What `start` hands to `provide`. */
  readonly provides?: readonly Provide[];
  /** Defaults of the settings. */
  readonly config?: Defaults;
  /**
   * Registers everything through `scope` and `use`. Claims are checked at once and come into force together when all
   * is started (`scope.whenLive`). May throw: then nothing has changed.
   */
  start(
    context: PluginContext<Need, Provide>,
    config: Config,
    carried?: State,
  ): RunningPlugin<State> | Promise<RunningPlugin<State>>;
}

/** A plugin of any kind, for lists. */
export interface AnyPlugin {
  readonly name: string;
  readonly needs: readonly ServiceName[];
  readonly provides?: readonly ServiceName[];
  readonly config?: object;
  start(
    context: PluginContext<ServiceName, ServiceName>,
    config: never,
    carried?: never,
  ): RunningPlugin | Promise<RunningPlugin>;
}

export function definePlugin<
  const Need extends ServiceName,
  Config = object,
  State extends Carried = Carried,
  const Provide extends ServiceName = never,
  Defaults extends Partial<Config> = object,
>(definition: PluginDefinition<Need, Provide, Config, State, Defaults>) {
  return Object.freeze(definition);
}
