import type { Command } from 'commander';
import type { BootOptions, Mount, Tier } from '../options.js';
import { inChildProcess } from '../launcher.js';
import { values } from '../values.js';
import { loadPrebuilt } from '../../assets/prebuilt.js';
import type { ExitWith } from '../program.js';

interface BootFlags {
  machine?: string;
  exec?: string;
  user: string;
  gdb?: number;
  wait?: boolean;
  repl?: boolean;
  script?: string;
  mount?: Mount[];
  watch?: boolean;
  deterministic?: boolean;
  timeout?: number;
  tier?: Tier;
}

const EXAMPLES = `
Examples:
  halfcell boot                                to a login prompt
  halfcell boot --exec 'ls -l /scheme'         one command in the guest's shell; its output and status
  halfcell boot --gdb 1234 --wait              then: gdb -ex 'target remote :1234'
  echo 'ps()' | halfcell boot --repl           statements from a pipe
  halfcell boot --machine bare.toml            a kernel of its own: [machine] kernel = "file.elf", Multiboot or PVH
  halfcell boot --mount .:/mnt/here:ro         this folder, as /mnt/here`;

export function addBootCommand(program: Command, exitWith: ExitWith): void {
  program
    .command('boot')
    .description('start a machine')
    .option('--machine <file.toml>', 'machine description (default: the one built in)', values.file)
    .option(
      '--exec <command>',
      "run a command in the guest's shell, show only its output, exit with its status",
    )
    .option('--user <name>', 'who runs --exec', 'root')
    .option('--gdb <port>', 'listen for gdb on 127.0.0.1 (0: any free port)', values.port)
    .option('--wait', 'hold the first instruction until a debugger continues')
    .option('--repl', 'read statements about the running machine; Ctrl-] changes to the console and back')
    .option('--script <file>', 'run a TypeScript file with the same names as the REPL', values.file)
    .option('--mount <host:guest[:ro]>', 'show a file or folder of the host (repeatable)', values.mount)
    .option('--watch', 'swap a plugin when its file is saved')
    .option('--deterministic', 'time by retired instructions: every run is the same')
    .option('--tier <1|2>', '1 interprets everything, 2 (the default) compiles what is hot', values.tier)
    .option('--timeout <seconds>', 'switch the machine off after so long', values.seconds)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: BootFlags) => exitWith(await boot(flags)));
}

async function boot(flags: BootFlags): Promise<number> {
  const options = await bootOptions(flags);
  return inChildProcess(async () => {
    const { bootMachine } = await import('../../boot/index.js');
    return bootMachine(options, loadPrebuilt());
  });
}

/** A debugger, statements or a script keep a machine whose input has ended. */
const readsInput = ({ exec, gdb, repl, script }: BootFlags): boolean =>
  !process.stdin.isTTY && exec === undefined && gdb === undefined && !repl && script === undefined;

async function bootOptions(flags: BootFlags): Promise<BootOptions> {
  const { readMachine } = await import('../../machines/description.js');
  const gdb = values.gdb(flags.gdb, flags.wait);
  return {
    machine: await readMachine(flags.machine),
    user: flags.user,
    repl: flags.repl ?? false,
    mounts: flags.mount ?? [],
    watch: flags.watch ?? false,
    deterministic: flags.deterministic ?? false,
    console: flags.exec === undefined,
    readsInput: readsInput(flags),
    ...(flags.tier && { tier: flags.tier }),
    ...(flags.exec !== undefined && { exec: flags.exec }),
    ...(gdb && { gdb }),
    ...(flags.script !== undefined && { script: { file: flags.script, args: [] } }),
    ...(flags.timeout !== undefined && { timeoutS: flags.timeout }),
  };
}
