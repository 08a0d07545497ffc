import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HostError } from '../../core/errors/host-error.js';
import { isBuilt, packageRoot } from '../assets/package-root.js';

const run = promisify(execFile);

/** One compilation: a source file, and what it needs beside the usual flags. */
interface Unit {
  readonly source: string;
  readonly flags?: readonly string[];
}

/**
 * Vector instructions where they are asked for only: else what is measured is how plain code runs. Loops stay loops, and a root
 * is one instruction.
 */
const FLAGS = ['-O2', '-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns', '-fno-math-errno'];

const HEADERS = ['loads/load.h', 'loads/list.h'];

const units = (...sources: string[]): Unit[] => sources.map((source) => ({ source }));

/** Of the loads, those that run everywhere. */
const PLAIN_LOADS = [
  ...['core-mark', 'records', 'sieve', 'bytecode', 'sha256', 'copy', 'strings', 'sse2-arrays', 'strided'],
  ...['pointers', 'recursion', 'functions'],
].map((name) => `loads/${name}.c`);

const N_BODY: readonly Unit[] = [
  { source: 'loads/nbody.c', flags: ['-DNBODY=nbody_sse2', '-mfpmath=sse'] },
  { source: 'loads/nbody.c', flags: ['-DNBODY=nbody_x87', '-mfpmath=387'] },
];

const PROGRAMS = {
  cpu: units('cpu.c', 'loads/functions.c'),
  calls: units('calls.c'),
  true: units('true.c'),
  loads: [
    ...units('loads/main.c', ...PLAIN_LOADS),
    ...N_BODY,
    { source: 'loads/matrix-avx2.c', flags: ['-mavx2', '-mfma'] },
  ],
} as const satisfies Record<string, readonly Unit[]>;

export type NativeProgram = keyof typeof PROGRAMS;

const sourceFolder = () => join(packageRoot(), isBuilt() ? 'dist/bench' : 'scripts/bench/native');

/** As the XDG base directory specification says. */
const cacheFolder = () => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'halfcell/bench');

/**
 * Path of a static x86-64 program, built now unless that was done before.
 * @throws HostError CONFIG without a compiler
 */
export async function nativeProgram(name: NativeProgram): Promise<string> {
  const path = join(cacheFolder(), `${name}-${await keyOf(PROGRAMS[name])}`);
  if (!existsSync(path)) await build(PROGRAMS[name], path);
  return path;
}

async function keyOf(list: readonly Unit[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, list]));
  for (const header of HEADERS) hash.update(await readFile(join(sourceFolder(), header)));
  for (const { source } of list) hash.update(await readFile(join(sourceFolder(), source)));
  return hash.digest('hex').slice(0, 12);
}

async function build(list: readonly Unit[], path: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(`${path}.`);
  try {
    const objects = await Promise.all(list.map((unit, at) => compile(unit, join(folder, `${at}.o`))));
    await run('gcc', ['-static', '-o', join(folder, 'program'), ...objects]);
    await rename(join(folder, 'program'), path);
  } catch (failure) {
    throw compilerProblem(failure as NodeJS.ErrnoException);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compile({ source, flags = [] }: Unit, object: string): Promise<string> {
  await run('gcc', [...FLAGS, ...flags, '-c', '-o', object, join(sourceFolder(), source)]);
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
