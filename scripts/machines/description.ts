import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, posix } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { isBuilt, packageRoot } from '../assets/package-root.js';
import { CPU_MODELS } from '../../core/cpu/model.js';
import type { CpuModel } from '../../core/cpu/model.js';
import { HostError } from '../../core/errors/host-error.js';
import { TableReader } from './table-reader.js';

/** A plugin by the name of its folder or by a file, with its settings. */
export interface PluginDescription {
  /** What it is loaded as. */
  readonly name: string;
  /** Absolute path of a `.ts` or `.js` file; absent for a plugin of ours, found under `plugin`. */
  readonly file?: string;
  /** Name of a plugin of ours. */
  readonly plugin: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** `[[image.files]]`, as in the configurations of Redox's installer. */
export interface ImageFile {
  /** Absolute, in the guest. */
  readonly path: string;
  /** Content; the target of a link; empty for a folder. */
  readonly data: string;
  readonly symlink: boolean;
  readonly directory: boolean;
  /** Default 0o644, of a folder 0o755. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Written after the packages instead of before. */
  readonly postinstall: boolean;
  readonly append: boolean;
}

export interface ImageUser {
  readonly login: string;
  /** Plain text; empty: none is asked for. */
  readonly password: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

export interface ImageGroup {
  readonly name: string;
  readonly gid?: number;
  readonly members: readonly string[];
}

export interface ImageDescription {
  /** Name to version; an empty version takes what there is. */
  readonly packages: Readonly<Record<string, string>>;
  readonly files: readonly ImageFile[];
  readonly users: readonly ImageUser[];
  readonly groups: readonly ImageGroup[];
}

export interface MachineDescription {
  readonly name: string;
  readonly memoryMiB: number;
  readonly devices: readonly PluginDescription[];
  readonly kernel: PluginDescription;
  readonly image: ImageDescription;
  /** The greatest processor when absent. */
  readonly cpu?: CpuModel;
  /** Absolute path of a Multiboot or PVH kernel that runs instead of ours. */
  readonly kernelFile?: string;
  /** What it is told. */
  readonly commandLine?: string;
}

const machinesFolder = () => join(packageRoot(), isBuilt() ? 'dist/machines' : 'scripts/machines');

/** Reads a machine description; without a path, the default one. Throws CONFIG with file, and line or key. */
export async function readMachine(
  path = join(machinesFolder(), 'default.toml'),
): Promise<MachineDescription> {
  const text = await readFile(path, 'utf8');
  return machineFrom(new TableReader(path, '', parseToml(path, text)), dirname(path));
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.split('\n');
    const reason = what.replace('Invalid TOML document: ', '');
    throw new HostError(
      'CONFIG',
      `${path}:${error.line}:${error.column} is no TOML: ${reason}`,
      'correct this line',
    );
  }
}

function machineFrom(table: TableReader, folder: string): MachineDescription {
  const machine = {
    name: table.text('name', basename(table.file, '.toml')),
    memoryMiB: table.number('memory_mib', 256),
    devices: table.tables('devices').map(([name, device]) => pluginFrom(name, device, folder)),
    kernel: pluginFrom('kernel', table.table('kernel'), folder),
    image: imageFrom(table.table('image')),
    ...hardwareFrom(table.table('machine'), folder),
  };
  table.refuseOthers();
  return machine;
}

/** `[machine]`: its processor, a kernel from a file of the host. */
function hardwareFrom(
  table: TableReader,
  folder: string,
): Pick<MachineDescription, 'cpu' | 'kernelFile' | 'commandLine'> {
  const model = table.optionalText('cpu');
  const cpu = CPU_MODELS.find((name) => name === model);
  if (model !== undefined && !cpu)
    table.refuse('cpu', 'is no processor', `use one of ${CPU_MODELS.join(', ')}`);
  const file = table.optionalText('kernel');
  const commandLine = table.optionalText('command_line');
  table.refuseOthers();
  return {
    ...(cpu && { cpu }),
    ...(file !== undefined && { kernelFile: isAbsolute(file) ? file : join(folder, file) }),
    ...(commandLine !== undefined && { commandLine }),
  };
}

function pluginFrom(name: string, table: TableReader, folder: string): PluginDescription {
  const plugin = table.text('plugin', name);
  const file = table.optionalText('file');
  const config = table.rest();
  return {
    name,
    plugin,
    config,
    ...(file !== undefined && { file: isAbsolute(file) ? file : join(folder, file) }),
  };
}

function imageFrom(table: TableReader): ImageDescription {
  const image = {
    packages: Object.fromEntries(table.entries('packages').map(([name, spec]) => [name, versionOf(spec)])),
    files: table.list('files').map(fileFrom),
    users: table.tables('users').map(([login, user]) => userFrom(login, user)),
    groups: table.tables('groups').map(([name, group]) => groupFrom(name, group)),
  };
  table.refuseOthers();
  return image;
}

/** `name = {}`, `name = "1.0"` and `name = { version = "1.0" }` are all in use. */
function versionOf(spec: unknown): string {
  if (typeof spec === 'string') return spec;
  const { version } = (spec ?? {}) as { version?: unknown };
  return typeof version === 'string' ? version : '';
}

function fileFrom(table: TableReader): ImageFile {
  const directory = table.flag('directory');
  const path = table.text('path');
  if (!posix.isAbsolute(path)) table.refuse('path', `${path} is not absolute`, `write /${path}`);
  const file = {
    path,
    data: table.text('data', ''),
    symlink: table.flag('symlink'),
    directory,
    mode: table.number('mode', directory ? 0o755 : 0o644),
    uid: table.number('uid', 0),
    gid: table.number('gid', 0),
    postinstall: table.flag('postinstall'),
    append: table.flag('append'),
  };
  table.refuseOthers();
  return file;
}

function userFrom(login: string, table: TableReader): ImageUser {
  const user = {
    login,
    password: table.text('password', ''),
    name: table.text('name', login),
    home: table.text('home', `/home/${login}`),
    shell: table.text('shell', '/bin/ion'),
    ...table.optionalNumbers('uid', 'gid'),
  };
  table.refuseOthers();
  return user;
}

function groupFrom(name: string, table: TableReader): ImageGroup {
  const group = { name, members: table.texts('members'), ...table.optionalNumbers('gid') };
  table.refuseOthers();
  return group;
}
