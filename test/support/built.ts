import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'dist/halfcell.js');
const SOURCES = ['core', 'plugins', 'gdbstub', 'scripts'];

let checked = false;

/** Path of the command line as built: what users run, and it starts in a tenth of the time. Builds it where sources are newer. */
export function builtCommandLine(): string {
  if (!checked && !isFresh()) execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: 'ignore' });
  checked = true;
  return CLI;
}

function isFresh(): boolean {
  const newest = Math.max(...SOURCES.map((folder) => newestIn(join(ROOT, folder))));
  return existsSync(CLI) && statSync(CLI).mtimeMs >= newest;
}

function newestIn(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => name.endsWith('.ts'));
  return Math.max(...sources.map((name) => statSync(join(folder, name)).mtimeMs));
}
