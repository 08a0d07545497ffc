import { HostError, reasonOf } from '../../core/errors/host-error.js';
import { tapIn } from '../../core/hooks/untap.js';
import { Scope } from '../../core/lifecycle/scope.js';
import type { Machine } from '../../core/machine/machine.js';
import { watchFiles } from '../../core/plugin/plugin-watcher.js';
import { compileIsolateProgram, hasSources } from '../assets/isolate-program.js';
import type { PluginDescription } from '../machines/description.js';
import { deviceSource } from './devices.js';
import type { Programs } from './programs.js';
import type { ServicePlugins } from './service-plugins.js';

export interface Watched {
  readonly machine: Machine;
  readonly devices: readonly PluginDescription[];
  readonly services: ServicePlugins;
  readonly programs: Programs;
  /** Gets a line about each exchange, and about each that failed. */
  readonly tell: (line: string) => void;
}

/**
 * Exchanges devices, services and programs of the machine whenever their files, or what these import, are saved. Answers how to stop.
 * Throws CONFIG where there is nothing to watch.
 */
export async function watchSources(watched: Watched): Promise<() => Promise<void>> {
  const scope = new Scope('watch');
  const { machine, devices, programs, tell } = watched;
  if (!hasSources() && devices.every((device) => device.file === undefined))
    throw new HostError(
      'CONFIG',
      '--watch finds no sources',
      'use a checkout, or a machine with a device of your own',
    );
  tapIn(scope, machine.hooks.pluginSwapped, { name: 'watch' }, (name) => tell(`${name} swapped`));
  tapIn(scope, machine.hooks.pluginFailed, { name: 'watch' }, (name, error) =>
    tell(`${name}: ${error.message}`),
  );
  const devicesWatched = devices.map(async (device) => watchDevice(machine, device));
  const names = hasSources() ? programs.names : [];
  const undos = await Promise.all([...devicesWatched, ...names.map((name) => watchProgram(watched, name))]);
  return async () => {
    await Promise.all(undos.map((undo) => undo()));
    await scope.close();
  };
}

type Undo = () => unknown;

async function watchDevice({ plugins }: Machine, device: PluginDescription): Promise<Undo> {
  const file = deviceSource(device);
  return file === undefined ? () => undefined : plugins.watchFile(file, { name: device.name });
}

async function watchProgram({ machine, services, programs, tell }: Watched, name: string): Promise<Undo> {
  const { sources } = await compileIsolateProgram(name);
  const reload = async () => {
    const compiled = await compileIsolateProgram(name);
    programs.put(name, compiled);
    const plugin = await services.prepareSwap(name, compiled);
    if (plugin) await machine.plugins.swap(plugin as never);
    else tell(`${name} compiled`);
    return compiled.sources;
  };
  return watchFiles(sources, { reload, onFailure: (failure) => tell(`${name}: ${reasonOf(failure)}`) });
}
