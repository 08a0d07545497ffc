import type { Contenders, Effort, Sample } from './benchmark.js';
import { operations } from './benchmark.js';
import { nativeProgram, runsNatively } from './native-programs.js';
import type { NativeProgram } from './native-programs.js';
import { find, halfcell, outputOf } from './processes.js';
import type { CommandLine } from './processes.js';

const NS_PER_S = 1e9;
const REPEATS = 3;

export interface Job {
  readonly kind: string;
  readonly count: number;
  /** Which tiers of the processor take part; both without it. */
  readonly tier?: 1;
}

/**
 * The same static program by itself, in QEMU user mode, and in the machine. It looks at the clock itself, so the start of
 * whatever runs it does not count.
 */
export async function linuxContenders(
  program: NativeProgram,
  { kind, count, tier }: Job,
  effort: Effort,
): Promise<Contenders> {
  const path = await nativeProgram(program);
  const size = operations(count, effort);
  const args = [kind, String(size), String(REPEATS)];
  const timed =
    (command: CommandLine): Sample =>
    () =>
      timesIn(command, size);
  const qemu = find('qemu-x86_64');
  return {
    halfcell: timed(halfcell('run', ...(tier ? ['--tier', String(tier)] : []), path, ...args)),
    native: runsNatively() ? timed([path, ...args]) : undefined,
    qemu: qemu === undefined ? undefined : timed([qemu, path, ...args]),
  };
}

/** A program in an isolate of a booted machine. */
export function isolateContenders({ kind, count }: Job, effort: Effort): Contenders {
  const size = operations(count, effort);
  const command = Array.from({ length: REPEATS }, () => `callbench ${kind} ${size}`).join('; ');
  return { halfcell: () => timesIn(halfcell('boot', '--exec', command), size) };
}

/** Seconds for one operation: each line begins with the nanoseconds that `size` of them took. */
async function timesIn(command: CommandLine, size: number): Promise<number[]> {
  const lines = (await outputOf(command)).trim().split('\n');
  return lines.map((line) => Number.parseInt(line, 10) / NS_PER_S / size);
}
