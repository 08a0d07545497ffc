import type { Benchmark, Effort } from '../benchmark.js';
import { operations } from '../benchmark.js';
import { goals } from '../goals.js';
import { loads } from '../loads/linux-loads.js';
import type { Load } from '../loads/linux-loads.js';
import { race } from '../loads/race.js';
import { nativeProgram, nativeSource, runsNatively } from '../native-programs.js';
import { find } from '../processes.js';
import type { CommandLine } from '../processes.js';
import { MachineFiles } from './machine-file.js';
import { v86Module } from './v86.js';

const MEMORY_MIB = 64;
/** A program for 32 bits has no such load. */
const NEEDS_64_BITS = 'matrix';

/** The same loads with nothing between them and the machine. */
export const bareLoads: readonly Benchmark[] = loads.map((load) => ({
  name: `bare-${load.name}`,
  what: load.what,
  groups: ['bare'],
  unit: 'time',
  mean: 'bare',
  goals: [goals.timesAsLongAs('v86', 1), goals.timesAsLongAs('v86', 0.5)],
  measure: (effort) => measured(load, effort),
}));

async function measured({ name, rounds: count }: Load, effort: Effort) {
  const image = await nativeProgram('multiboot');
  const image32 = await nativeProgram('multiboot32');
  const program = await nativeProgram('loads');
  const v86 = name === NEEDS_64_BITS ? undefined : await v86Module(toTerminal);
  const machines = new MachineFiles(MEMORY_MIB);
  const commands = (rounds: number) => {
    const job = `${name} ${rounds}`;
    return {
      halfcell: machines.command(image, job),
      native: runsNatively() ? ([program, name, String(rounds)] as const) : undefined,
      qemuSystem: qemuCommand(image, job),
      v86: v86 === undefined ? undefined : v86Command(v86, image32, job),
    };
  };
  try {
    return await race(commands, operations(count, effort), effort);
  } finally {
    machines.remove();
  }
}

const toTerminal = (text: string): void => void process.stderr.write(`${text}\n`);

/** QEMU's system mode on an image, its serial port on standard input and output. */
export function qemuCommand(image: string, commandLine: string): CommandLine | undefined {
  const qemu = find('qemu-system-x86_64');
  if (qemu === undefined) return undefined;
  return [
    qemu,
    ...['-accel', 'tcg', '-cpu', 'max', '-m', String(MEMORY_MIB), '-nodefaults', '-no-reboot'],
    ...['-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-kernel', image, '-append', commandLine],
  ];
}

const v86Command = (module: string, image: string, commandLine: string): CommandLine => [
  process.execPath,
  nativeSource('bare/v86-runner.mjs'),
  module,
  image,
  commandLine,
];
