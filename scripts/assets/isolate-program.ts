import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isBuilt, packageRoot } from './package-root.js';
import type { CompiledProgram, IsolateProgram } from './bundle-program.js';

export type { IsolateProgram } from './bundle-program.js';

const servicesFolder = () => join(packageRoot(), 'plugins/services');
const builtFolder = () => join(packageRoot(), 'dist/isolates');

/** Names of the programs in `plugins/services` that run in an isolate. */
export async function isolateProgramNames(): Promise<string[]> {
  if (isBuilt()) return programsIn(await readdir(builtFolder()));
  const folders = await readdir(servicesFolder());
  return folders.filter((name) => existsSync(join(servicesFolder(), name, 'main.ts'))).sort();
}

function programsIn(files: string[]): string[] {
  const scripts = files.filter((file) => file.endsWith('.js'));
  return scripts.map((file) => file.slice(0, -'.js'.length)).sort();
}

/** A program by the name of its folder: as built, or compiled now in a checkout. */
export async function loadIsolateProgram(name: string): Promise<IsolateProgram> {
  if (!isBuilt()) return compileIsolateProgram(name);
  const path = join(builtFolder(), `${name}.js`);
  const [code, sourceMap] = await Promise.all([readFile(path, 'utf8'), readFile(`${path}.map`, 'utf8')]);
  return { code, sourceMap, filename: programFilename(name) };
}

/** Whether there is anything to compile: packages hold what was built only. */
export const hasSources = () => existsSync(servicesFolder());

export async function compileIsolateProgram(name: string): Promise<CompiledProgram> {
  const { bundleProgram } = await import('./bundle-program.js');
  return bundleProgram(join(servicesFolder(), name, 'main.ts'), programFilename(name));
}

/** What a stack trace calls the script where no source map reaches. */
const programFilename = (name: string) => `file:///bin/${name}.js`;
