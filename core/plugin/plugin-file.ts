import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Message, Plugin } from 'esbuild';
import { HostError, reasonOf } from '../errors/host-error.js';
import * as api from './api.js';
import type { AnyPlugin } from './plugin.js';

export interface PluginFile {
  readonly plugin: AnyPlugin;
  /** Absolute paths of everything that was compiled into it, packages left out. */
  readonly sources: readonly string[];
}

const API = Symbol.for('halfcell.api');

/**
 * Compiles and imports a plugin's `.ts` or `.js` file, packages included. Every call gives a fresh module.
 * Throws HostError PLUGIN_FILE (one line: file, line, column, message) or PLUGIN_EXPORT.
 */
export async function importPlugin(file: string): Promise<PluginFile> {
  const { module, sources } = await importFile(file);
  return { plugin: onlyPlugin(resolve(file), module), sources };
}

export interface ImportedFile extends Pick<PluginFile, 'sources'> {
  readonly module: Record<string, unknown>;
}

/** The same for a file of any exports. What it throws while it runs is the `cause` of PLUGIN_FILE. */
export async function importFile(file: string): Promise<ImportedFile> {
  const path = resolve(file);
  const folder = await mkdtemp(join(tmpdir(), 'halfcell-plugin-'));
  try {
    const sources = await compile(path, join(folder, 'plugin.mjs'));
    return { module: await evaluate(path, join(folder, 'plugin.mjs')), sources };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compile(path: string, outfile: string): Promise<string[]> {
  const { build } = await import('esbuild');
  try {
    const { metafile } = await build({
      entryPoints: [path],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      metafile: true,
      logLevel: 'silent',
      plugins: [ownModules],
      banner: { js: requireFrom(path) },
    });
    return Object.keys(metafile.inputs)
      .filter((input) => !input.includes('node_modules') && !input.startsWith('halfcell:'))
      .map((input) => resolve(input));
  } catch (failure) {
    throw compileError(path, failure);
  }
}

/** Packages in CommonJS call `require` for Node's own modules, which a bundle has not. */
function requireFrom(path: string): string {
  const url = JSON.stringify(pathToFileURL(path).href);
  return `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(${url});`;
}

const ownModules: Plugin = {
  name: 'halfcell',
  setup(build) {
    build.onResolve({ filter: /^halfcell$/ }, () => ({ path: 'api', namespace: 'halfcell' }));
    build.onLoad({ filter: /.*/, namespace: 'halfcell' }, () => {
      Object.assign(globalThis, { [API]: api });
      const names = Object.keys(api).join(', ');
      return { contents: `export const { ${names} } = globalThis[Symbol.for('${API.description}')];` };
    });
  },
};

function compileError(path: string, failure: unknown): HostError {
  const first = (failure as { errors?: Message[] }).errors?.[0];
  if (!first) return new HostError('PLUGIN_FILE', path, reasonOf(failure)).because(failure);
  const at = first.location;
  const where = at ? `${resolve(at.file)}:${at.line}:${at.column + 1}` : path;
  return new HostError('PLUGIN_FILE', where, first.text).because(failure);
}

async function evaluate(path: string, compiled: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(compiled).href)) as Record<string, unknown>;
  } catch (failure) {
    throw new HostError('PLUGIN_FILE', path, reasonOf(failure)).because(failure);
  }
}

function onlyPlugin(path: string, module: Record<string, unknown>): AnyPlugin {
  const plugins = Object.values(module).filter(isPlugin);
  const [plugin] = plugins;
  if (plugin && plugins.length === 1) return plugin;
  const found = plugins.length === 0 ? 'no plugin' : plugins.map(({ name }) => name).join(' and ');
  throw new HostError('PLUGIN_EXPORT', path, found);
}

function isPlugin(value: unknown): value is AnyPlugin {
  const { name, needs, start } = (value ?? {}) as Partial<AnyPlugin>;
  return typeof name === 'string' && Array.isArray(needs) && typeof start === 'function';
}
