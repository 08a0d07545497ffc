import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { HostError } from '../../core/errors/host-error.js';
import { builtCommandLine, isBuildFresh } from '../assets/built.js';
import { isBuilt, packageRoot } from '../assets/package-root.js';

export type CommandLine = readonly [file: string, ...args: string[]];

/** This very halfcell with other arguments: as built, unless sources of a checkout are newer. */
export function halfcell(...args: string[]): CommandLine {
  if (isBuilt() || isBuildFresh()) return [process.execPath, builtCommandLine(), ...args];
  return [process.execPath, '--import', 'tsx', join(packageRoot(), 'scripts/cli/main.ts'), ...args];
}

export function start([file, ...args]: CommandLine, input: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  return spawn(file, args, { stdio: [input, 'pipe', 'pipe'] });
}

/** What it writes to standard output. @throws HostError CONFIG when it fails, with its last line */
export async function outputOf(command: CommandLine): Promise<string> {
  const child = start(command);
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status === 0) return text.stdout;
  const said = (text.stderr || text.stdout).trim().split('\n').at(-1);
  throw new HostError('CONFIG', `${command.slice(-4).join(' ')} failed: ${said}`, 'try it by hand');
}

/** Seconds from start to end. */
export async function secondsOf(command: CommandLine): Promise<number> {
  const startMs = performance.now();
  await outputOf(command);
  return (performance.now() - startMs) / 1000;
}

/** The program in PATH, or undefined. */
export function find(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
