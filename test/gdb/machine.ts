import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gdb } from '../../gdbstub/testing/tool.js';
import { builtCommandLine } from '../support/built.js';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, '.cache/gdb');
const START_LIMIT_MS = 60_000;

/** `file.c` of `programs/` with line numbers for a debugger; answers the path of the program. */
export function compile(name: string, compiler = 'gcc', ...flags: readonly string[]): string {
  const source = join(import.meta.dirname, 'programs', `${name}.c`);
  const key = createHash('sha256')
    .update(readFileSync(source))
    .update([compiler, ...flags].join(' '))
    .digest('hex');
  const path = join(CACHE, `${name}-${key.slice(0, 12)}`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const form = flags.length > 0 ? flags : ['-static', '-no-pie'];
  execFileSync(compiler, ['-g', '-O0', '-w', ...form, '-pthread', '-o', path, source]);
  return path;
}

/** Number of the first line of `file.c` that contains `text`. */
export function lineOf(name: string, text: string): number {
  const source = readFileSync(join(import.meta.dirname, 'programs', `${name}.c`), 'utf8');
  const index = source.split('\n').findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${name}.c has no line with ${text}`);
  return index + 1;
}

/** The folder that `compile` puts programs into. */
export const programFolder = CACHE;

/** `halfcell` as a process of its own, with a port for gdb. */
export class HalfcellProcess {
  #text = '';
  readonly ended: Promise<number | null>;

  private constructor(readonly child: ChildProcessWithoutNullStreams) {
    child.stdout.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => child.on('close', resolve));
  }

  static spawn(...args: readonly string[]): HalfcellProcess {
    return new HalfcellProcess(spawn(process.execPath, [builtCommandLine(), ...args], { cwd: ROOT }));
  }

  /** With a debug server on a free port, before its first instruction. */
  static async start(...args: readonly string[]): Promise<HalfcellProcess> {
    const [command = 'run', ...rest] = args;
    const started = HalfcellProcess.spawn(command, '--gdb', '0', '--wait', ...rest);
    await started.says(/target remote :\d+/);
    return started;
  }

  get port(): number {
    return Number(/target remote :(\d+)/.exec(this.#text)?.[1]);
  }

  /** Both output streams so far. */
  get text(): string {
    return this.#text;
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  async says(pattern: RegExp, limitMs = START_LIMIT_MS): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!pattern.test(this.#text)) {
      if (Date.now() > deadline || this.child.exitCode !== null)
        throw new Error(`it never said ${pattern}, but:\n${this.#text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What stock gdb prints for these commands, after `target remote`. */
  debug(...commands: readonly string[]): Promise<string> {
    return gdb([`target remote 127.0.0.1:${this.port}`, ...commands]);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** gdb presses Ctrl-C by itself, so long after this command. */
export const interruptAfter = (seconds: number): string =>
  `python import threading, os, signal; threading.Timer(${seconds}, os.kill, (os.getpid(), signal.SIGINT)).start()`;
