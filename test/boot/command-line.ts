import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { builtCommandLine } from '../support/built.js';

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the output matches. */
  until(pattern: RegExp): Promise<void>;
  /** Resolves once what it complained about matches. */
  untilError(pattern: RegExp): Promise<void>;
}

/** Runs the command line as built. `input` is all it reads, or nothing yet when it is `open`. */
export function halfcell(args: readonly string[], input: string | 'open' = ''): Started {
  const child = spawn(process.execPath, [builtCommandLine(), ...args]);
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  child.stdin.on('error', () => {});
  if (input !== 'open') child.stdin.end(input);
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...text }));
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text.out)) await once(child.stdout, 'data');
  };
  const untilError = async (pattern: RegExp) => {
    while (!pattern.test(text.err)) await once(child.stderr, 'data');
  };
  return { child, ended, until, untilError };
}

/** The child of a process that was started with this file among its arguments: of a launcher, the process with the machine. */
export function childWith(parent: number, file: string): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const child = rows
    .map((row) => row.trim().split(/\s+/))
    .find(([, of, ...args]) => Number(of) === parent && args.some((arg) => arg.endsWith(file)));
  return Number(child?.[0]);
}
