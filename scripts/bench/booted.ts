import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../core/errors/host-error.js';
import { halfcell, start } from './processes.js';

const PROMPT = /(login: |[#$] )/;
/** Of /proc/PID/stat. */
const TICKS_PER_S = 100;

/** Seconds from the start of the command to the prompt on the console. */
export async function secondsToPrompt(): Promise<number> {
  const startMs = performance.now();
  return atPrompt(async () => (performance.now() - startMs) / 1000);
}

/** Part of one core that a machine at its prompt takes, over `seconds`. */
export async function idleShare(seconds: number, settleSeconds: number): Promise<number> {
  return atPrompt(async ({ pid = 0 }) => {
    await sleep(settleSeconds * 1000);
    const before = { cpu: cpuSeconds(pid), ms: performance.now() };
    await sleep(seconds * 1000);
    return ((cpuSeconds(pid) - before.cpu) * 1000) / (performance.now() - before.ms);
  });
}

async function atPrompt<T>(use: (machine: ChildProcess) => Promise<T>): Promise<T> {
  const machine = start(halfcell('boot'), 'pipe');
  const ended = once(machine, 'close');
  try {
    await Promise.race([promptOf(machine), ended.then(endedEarly)]);
    return await use(machine);
  } finally {
    machine.kill('SIGTERM');
    await ended;
  }
}

const endedEarly = (): never => {
  throw new HostError('CONFIG', 'halfcell boot ended before its prompt', 'try it by hand');
};

async function promptOf({ stdout }: ChildProcess): Promise<void> {
  let text = '';
  for await (const chunk of stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += (chunk as Buffer).toString();
    if (PROMPT.test(text)) return;
  }
}

/** CPU time of a process and all below it. */
function cpuSeconds(pid: number): number {
  const own = statOf(pid);
  const children = own === undefined ? [] : childrenOf(pid);
  return (own ?? 0) + children.reduce((sum, child) => sum + cpuSeconds(child), 0);
}

/** User and system time; undefined when the process is gone. See proc(5). */
function statOf(pid: number): number | undefined {
  const text = readProc(`${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

const childrenOf = (pid: number): number[] =>
  (readProc(`${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
