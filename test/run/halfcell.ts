import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtCommandLine } from '../support/built.js';

const TIMEOUT_MS = 30_000;

export interface Ended {
  /** 128 + signal where the process itself died by one. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Settings {
  /** Standard input; an empty one without it. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** Runs a command of the host to its end. Output is latin1, so that no byte is lost. */
export function command(file: string, args: readonly string[], settings: Settings = {}): Promise<Ended> {
  const { input = '', timeoutMs = TIMEOUT_MS, cwd, env } = settings;
  const child = spawn(file, args, {
    cwd,
    env: env ?? process.env,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
  child.stdin.on('error', () => undefined).end(input);
  const text = (parts: Buffer[]) => Buffer.concat(parts).toString('latin1');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const status = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
      resolve({ status, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}

/** The command line of `halfcell run ARGS`, as built. */
export const runCommand = (...args: string[]): [file: string, args: string[]] => [
  process.execPath,
  [builtCommandLine(), 'run', ...args],
];

/** Sends `signal` to `halfcell run ARGS` once it has written something; answers the status. */
export function signalled(args: readonly string[], signal: NodeJS.Signals): Promise<Ended> {
  const child = spawn(...runCommand(...args), { stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    if (stdout === '') child.kill(signal);
    stdout += bytes.toString('latin1');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) =>
      resolve({ status: code ?? 128 + constants.signals[by ?? 'SIGKILL'], stdout, stderr: '' }),
    );
  });
}

/** `halfcell run ARGS`, as built. */
export const halfcell = (args: readonly string[], settings?: Settings): Promise<Ended> =>
  command(...runCommand(...args), settings);

/** A static busybox, or undefined where there is none. */
export const busybox: string | undefined = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox-static']
  .filter((path) => existsSync(path))
  .map((path) => realpathSync(path))
  .find((path) => spawnSync('file', [path], { encoding: 'utf8' }).stdout?.includes('static') ?? true);

export const isHost = process.platform === 'linux' && process.arch === 'x64';

/** Skips where the host lacks what a test runs; CI has everything. */
export function skipWithout(context: Mocha.Context, present: boolean): void {
  if (present) return;
  if (process.env['CI'] && isHost)
    throw new Error(`CI lacks what this needs: ${context.currentTest?.parent?.title ?? ''}`);
  context.skip();
}

export function needsBusybox(this: Mocha.Context): void {
  skipWithout(this, isHost && busybox !== undefined);
}

/** A folder of its own for each test. */
export function temporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(() => (folder.path = mkdtempSync(join(tmpdir(), 'halfcell-run-'))));
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}

/** One for all tests of a suite. */
export function onceTemporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  before(() => (folder.path = mkdtempSync(join(tmpdir(), 'halfcell-run-'))));
  after(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}
