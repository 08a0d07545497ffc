import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostError } from '../../core/errors/host-error.js';
import { isBuilt, packageRoot } from '../assets/package-root.js';

const run = promisify(execFile);

/** No vector instructions: what is measured is how plain code runs. */
const FLAGS = ['-O2', '-fno-tree-vectorize', '-static'];
const SOURCES = {
  cpu: ['cpu.c', 'flat.c'],
  calls: ['calls.c'],
  true: ['true.c'],
} as const satisfies Record<string, readonly string[]>;

export type NativeProgram = keyof typeof SOURCES;

const sourceFolder = () => join(packageRoot(), isBuilt() ? 'dist/bench' : 'scripts/bench/native');

/** As the XDG base directory specification says. */
const cacheFolder = () => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'halfcell/bench');

/**
 * Path of a static x86-64 program, built now unless that was done before.
 * @throws HostError CONFIG without a compiler
 */
export async function nativeProgram(name: NativeProgram): Promise<string> {
  const sources = SOURCES[name].map((file) => join(sourceFolder(), file));
  const path = join(cacheFolder(), `${name}-${await keyOf(sources)}`);
  if (!existsSync(path)) await build(sources, path);
  return path;
}

async function keyOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const source of sources) hash.update(await readFile(source));
  return hash.digest('hex').slice(0, 12);
}

async function build(sources: readonly string[], path: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    await run('gcc', [...FLAGS, '-o', unfinished, ...sources]);
  } catch (failure) {
    throw compilerProblem(failure as NodeJS.ErrnoException);
  }
  await rename(unfinished, path);
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
