import type { Command } from 'commander';
import type { CpuModel } from '../../../core/cpu/index.js';
import type { AbiName, Mount, RunOptions, Tier } from '../options.js';
import { programFile } from '../program-file.js';
import { values } from '../values.js';
import { loadPrebuilt } from '../../assets/prebuilt.js';
import type { ExitWith } from '../program.js';

interface RunFlags {
  abi?: AbiName;
  gdb?: number;
  wait?: boolean;
  mount?: Mount[];
  cwd?: string;
  env?: Record<string, string>;
  memory: number;
  strace?: boolean;
  deterministic?: boolean;
  tier?: Tier;
  cpu?: CpuModel;
}

const EXAMPLES = `
Without mounts the program sees itself, /tmp, a few devices, /proc/self, and an otherwise empty root.

Examples:
  halfcell run ./hello                         this terminal is its input and output
  halfcell run --mount .:/work --cwd /work ./sort names.txt
  halfcell run --strace ./hello                every system call, on standard error
  halfcell run --gdb 1234 --wait ./hello       then: gdb -ex 'target remote :1234'
  halfcell run -- ./tool --help                what follows the program belongs to it`;

export function addRunCommand(program: Command, exitWith: ExitWith): void {
  program
    .command('run')
    .description('run one Linux or Redox program for x86-64 in a sandbox')
    .argument('<program>', 'a static ELF file')
    .argument('[args...]', 'arguments of the program')
    .option('--abi <linux|redox>', 'whose system calls it makes (default: as its ELF note says)', values.abi)
    .option('--gdb <port>', 'listen for gdb on 127.0.0.1 (0: any free port)', values.port)
    .option('--wait', 'hold the first instruction until a debugger continues')
    .option('--mount <host:guest[:ro]>', 'show a file or folder of the host (repeatable)', values.mount)
    .option('--cwd <dir>', 'working directory in the guest', values.folder)
    .option('--env <name=value>', 'set a variable of its environment (repeatable)', values.environment)
    .option('--memory <MiB>', 'memory of the machine', values.memoryMiB, 256)
    .option('--cpu <model>', 'x86-64, x86-64-v2, x86-64-v3 or max (the default)', values.cpu)
    .option('--strace', 'print every system call')
    .option(
      '--deterministic',
      'count time in instructions and take random numbers from a seed: runs are alike',
    )
    .option('--tier <1|2>', '1 interprets everything, 2 (the default) compiles what is hot', values.tier)
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, args: string[], flags: RunFlags) => {
      const options = runOptions(file, args, flags);
      const { runProgram } = await import('../../run/index.js');
      exitWith(await runProgram(options, loadPrebuilt()));
    });
}

function runOptions(file: string, args: string[], flags: RunFlags): RunOptions {
  const gdb = values.gdb(flags.gdb, flags.wait);
  return {
    program: programFile(file),
    args,
    mounts: flags.mount ?? [],
    env: flags.env ?? {},
    memoryMiB: flags.memory,
    strace: flags.strace ?? false,
    deterministic: flags.deterministic ?? false,
    ...(flags.tier && { tier: flags.tier }),
    ...(flags.cpu && { cpu: flags.cpu }),
    ...(flags.abi && { abi: flags.abi }),
    ...(flags.cwd !== undefined && { cwd: flags.cwd }),
    ...(gdb && { gdb }),
  };
}
