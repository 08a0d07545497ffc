import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

const SOURCES = ['core', 'plugins', 'gdbstub', 'scripts'];

/** Path of the command line as built. */
export const builtCommandLine = () => join(packageRoot(), 'dist/halfcell.js');

/** Whether what is built is newer than all sources of a checkout. */
export function isBuildFresh(): boolean {
  if (!existsSync(builtCommandLine())) return false;
  const newest = Math.max(...SOURCES.map((folder) => newestIn(join(packageRoot(), folder))));
  return statSync(builtCommandLine()).mtimeMs >= newest;
}

function newestIn(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => name.endsWith('.ts'));
  return Math.max(...sources.map((name) => statSync(join(folder, name)).mtimeMs));
}
