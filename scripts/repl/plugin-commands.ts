import type { AnyPlugin } from '../../core/plugin/plugin.js';
import type { PluginHost } from '../../core/plugin/plugin-host.js';
import { HostError } from '../../core/errors/host-error.js';
import type { Scope } from '../../core/lifecycle/scope.js';
import type { Session } from './session.js';

/** A plugin, the path of its file, or the name of one of ours. */
export type PluginChoice = AnyPlugin | string;

export interface PluginCommands {
  load(choice: PluginChoice, config?: object, options?: { name?: string }): Promise<string>;
  /** Puts a plugin in the place of the one of the same name; its settings stay unless given. */
  swap(choice: PluginChoice, config?: object, options?: { name?: string }): Promise<string>;
  unload(name: string, options?: { cascade?: boolean }): Promise<string>;
}

export function pluginCommands({
  machine,
  findPlugin,
}: Pick<Session, 'machine' | 'findPlugin'>): PluginCommands {
  // The host checks at load time what the compiler cannot know here.
  const host = machine.plugins as unknown as LooseHost;
  const named = async (choice: PluginChoice) => resolvePlugin(choice, findPlugin);
  return {
    async load(choice, config = {}, options = {}) {
      const scope = isFile(choice)
        ? await host.loadFile(choice, config, options)
        : await host.load(await named(choice), config, options);
      return `${scope.name} loaded`;
    },
    async swap(choice, config, options = {}) {
      const scope = isFile(choice)
        ? await host.swapFile(choice, config, options)
        : await host.swap(await named(choice), config, options);
      return `${scope.name} swapped`;
    },
    async unload(name, options = {}) {
      await machine.plugins.unload(name, options);
      return `${name} unloaded`;
    },
  };
}

interface LooseHost extends Pick<PluginHost, 'loadFile' | 'swapFile'> {
  load(plugin: AnyPlugin, config: object, options: { name?: string }): Promise<Scope>;
  swap(plugin: AnyPlugin, config: object | undefined, options: { name?: string }): Promise<Scope>;
}

const isFile = (choice: PluginChoice): choice is string =>
  typeof choice === 'string' && /\.[cm]?[jt]s$/.test(choice);

async function resolvePlugin(choice: PluginChoice, findPlugin: Session['findPlugin']): Promise<AnyPlugin> {
  if (typeof choice !== 'string') return choice;
  const plugin = await findPlugin?.(choice);
  if (plugin) return plugin;
  throw new HostError('CONFIG', `there is no plugin ${choice}`, 'give the path of its .ts or .js file');
}
