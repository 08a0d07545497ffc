import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importPlugin } from '../../core/plugin/plugin-file.js';
import { packageRoot } from '../assets/package-root.js';
import { planned } from '../../core/plugin/plugin-host.js';
import type { Planned } from '../../core/plugin/plugin-host.js';
import type { AnyPlugin } from '../../core/plugin/plugin.js';
import { HostError } from '../../core/errors/host-error.js';
import { pic8259 } from '../../plugins/devices/pic8259/index.js';
import { powerOff } from '../../plugins/devices/power-off/index.js';
import { pit8254 } from '../../plugins/devices/pit8254/index.js';
import { serial16550 } from '../../plugins/devices/serial16550/index.js';
import type { SerialLine } from '../../plugins/devices/serial16550/index.js';
import type { PluginDescription } from '../machines/description.js';

type Settings = Readonly<Record<string, unknown>>;
type Plan = (config: Settings, line: SerialLine) => Planned;

/** Devices by the name of their folder: one line each. */
const devices: ReadonlyMap<string, { readonly plugin: AnyPlugin; readonly plan: Plan }> = new Map(
  Object.entries({
    pic8259: { plugin: pic8259 as unknown as AnyPlugin, plan: (config) => planned(pic8259, config) },
    pit8254: { plugin: pit8254 as unknown as AnyPlugin, plan: (config) => planned(pit8254, config) },
    'power-off': { plugin: powerOff as unknown as AnyPlugin, plan: (config) => planned(powerOff, config) },
    serial16550: {
      plugin: serial16550 as unknown as AnyPlugin,
      plan: (config, line) => planned(serial16550, { ...config, line }),
    },
  } satisfies Record<string, { plugin: AnyPlugin; plan: Plan }>),
);

export async function devicePlans(
  descriptions: readonly PluginDescription[],
  line: SerialLine,
): Promise<Planned[]> {
  return Promise.all(descriptions.map((description) => planOf(description, line)));
}

async function planOf({ name, plugin, file, config }: PluginDescription, line: SerialLine): Promise<Planned> {
  if (file !== undefined)
    return { name, plugin: (await importPlugin(file)).plugin, config: { ...config, line } };
  const device = devices.get(plugin);
  if (device) return { ...device.plan(config, line), name };
  throw new HostError(
    'CONFIG',
    `there is no device ${plugin}`,
    `use one of ${[...devices.keys()].join(', ')}`,
  );
}

/** Where the code of a device lies; undefined for one of ours without sources. */
export function deviceSource({ plugin, file }: PluginDescription): string | undefined {
  const own = join(packageRoot(), 'plugins/devices', plugin, 'index.ts');
  return file ?? (existsSync(own) ? own : undefined);
}

export async function findDevice(name: string): Promise<AnyPlugin | undefined> {
  return devices.get(name)?.plugin;
}
