import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, '.cache/linux');
export const PROGRAMS = join(import.meta.dirname, 'programs');

export type Compiler = 'gcc' | 'musl-gcc' | 'g++' | 'rustc';

export const hasCompiler = (compiler: Compiler): boolean =>
  spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;

/** Builds a static program once for each content; answers its path. Throws with the compiler's words. */
export function compile(source: string, compiler: Compiler): string {
  const text = readFileSync(source);
  const key = createHash('sha256').update(text).update(compiler).digest('hex').slice(0, 12);
  const path = join(CACHE, `${basename(source).replace(/\.\w+$/, '')}-${compiler}-${key}`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  execFileSync(compiler, flagsOf(compiler, source, path), { stdio: ['ignore', 'ignore', 'pipe'] });
  return path;
}

const flagsOf = (compiler: Compiler, source: string, path: string): string[] =>
  compiler === 'rustc'
    ? ['-O', '-C', 'target-feature=+crt-static', '-o', path, source]
    : ['-O1', '-w', '-static', '-pthread', '-o', path, source, '-lm'];

export interface NativeResult {
  readonly status: number;
  readonly stdout: string;
}

/** The same program on the host, in an empty folder, with the environment that the guest gets. */
export function runOnHost(program: string, args: readonly string[] = []): NativeResult {
  const cwd = mkdtempSync(join(tmpdir(), 'linux-'));
  try {
    const env = { PATH: '/usr/bin:/bin', HOME: '/' };
    const run = spawnSync(program, args, { cwd, env, encoding: 'latin1', timeout: 20_000, input: '' });
    const signal = run.signal ? (SIGNALS[run.signal] ?? 0) : 0;
    return { status: run.status ?? 128 + signal, stdout: run.stdout };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15,
}; // prettier-ignore
