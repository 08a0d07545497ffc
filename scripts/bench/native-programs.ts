import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostError } from '../../core/errors/host-error.js';
import { isBuilt, packageRoot } from '../assets/package-root.js';
import { FLAGS, HEADERS, PROGRAMS } from './program-list.js';
import type { ProgramDescription, Unit } from './program-list.js';

const run = promisify(execFile);

export type NativeProgram = keyof typeof PROGRAMS;

const sourceFolder = () => join(packageRoot(), isBuilt() ? 'dist/bench' : 'scripts/bench/native');

/** Path of a file among the sources. */
export const nativeSource = (file: string): string => join(sourceFolder(), file);

/** As the XDG base directory specification says. */
export const cacheFolder = () =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'halfcell/bench');

/**
 * Path of a program for x86-64 Linux or for the bare machine, built now unless that was done before.
 * @throws HostError CONFIG without a compiler
 */
export async function nativeProgram(name: NativeProgram): Promise<string> {
  const path = join(cacheFolder(), `${name}-${await keyOf(PROGRAMS[name])}`);
  if (!existsSync(path)) await build(PROGRAMS[name], path);
  return path;
}

async function keyOf(program: ProgramDescription): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, program]));
  for (const header of HEADERS) hash.update(await readFile(join(sourceFolder(), header)));
  for (const { source } of program.units) hash.update(await readFile(join(sourceFolder(), source)));
  return hash.digest('hex').slice(0, 12);
}

async function build({ units, flags = [], link }: ProgramDescription, path: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(`${path}.`);
  try {
    const objects = await Promise.all(units.map((unit, at) => compile(unit, flags, join(folder, `${at}.o`))));
    await run('gcc', ['-o', join(folder, 'program'), ...link, ...objects], { cwd: sourceFolder() });
    await rename(join(folder, 'program'), path);
  } catch (failure) {
    throw compilerProblem(failure as NodeJS.ErrnoException);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compile(
  { source, flags = [] }: Unit,
  common: readonly string[],
  object: string,
): Promise<string> {
  await run('gcc', [...FLAGS, ...common, ...flags, '-c', '-o', object, join(sourceFolder(), source)]);
  return object;
}

const INSTALL = 'install gcc and the static C library (Debian: apt install gcc libc6-dev)';

function compilerProblem({ code, message }: NodeJS.ErrnoException): HostError {
  if (code === 'ENOENT')
    return new HostError('CONFIG', 'there is no gcc to build the programs with', INSTALL);
  const line = message.split('\n').find((text) => text.includes('error')) ?? message;
  return new HostError('CONFIG', `gcc did not build them: ${line.trim()}`, INSTALL);
}

/** Whether programs for x86-64 Linux run on this computer itself. */
export const runsNatively = () => process.arch === 'x64' && process.platform === 'linux';
