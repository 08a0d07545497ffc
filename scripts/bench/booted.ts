import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../../core/errors/host-error.js';
import { processorSeconds } from './processor-time.js';
import { halfcell, start } from './processes.js';
import type { CommandLine } from './processes.js';

const PROMPT = /(login: |[#$] )/;

/** Seconds from the start of the command to the prompt on the console. */
export async function secondsToPrompt(): Promise<number> {
  const command = halfcell('boot');
  const startMs = performance.now();
  return atPrompt(command, async () => (performance.now() - startMs) / 1000);
}

/** Part of one core that a machine at its prompt takes, over `seconds`. */
export async function idleShare(seconds: number, settleSeconds: number): Promise<number> {
  return atPrompt(halfcell('boot'), async ({ pid = 0 }) => {
    await sleep(settleSeconds * 1000);
    const before = { cpu: processorSeconds(pid), ms: performance.now() };
    await sleep(seconds * 1000);
    return ((processorSeconds(pid) - before.cpu) * 1000) / (performance.now() - before.ms);
  });
}

async function atPrompt<T>(command: CommandLine, use: (machine: ChildProcess) => Promise<T>): Promise<T> {
  const machine = start(command, 'pipe');
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
