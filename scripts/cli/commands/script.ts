import type { Command } from 'commander';
import { inChildProcess } from '../launcher.js';
import type { ScriptOptions } from '../options.js';
import { values } from '../values.js';
import { loadPrebuilt } from '../../assets/prebuilt.js';
import type { ExitWith } from '../program.js';

const EXAMPLES = `
The file is TypeScript; it finds the names of the REPL (machine, kernel, trace, ps, run, …) as globals.

Examples:
  halfcell script count-syscalls.ts
  halfcell script experiment.ts 100 --fast     arguments: process.argv.slice(2)
  halfcell script --hold trace-boot.ts         from the first instruction on: machine.resume(), await up()`;

export function addScriptCommand(program: Command, exitWith: ExitWith): void {
  program
    .command('script')
    .description('start the default machine and run a TypeScript file against it')
    .argument('<file>', 'TypeScript or JavaScript')
    .argument('[args...]', 'arguments of the script')
    .option('--hold', 'run it before the first instruction; it calls machine.resume()')
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, args: string[], { hold = false }: { hold?: boolean }) =>
      exitWith(await runScript({ file: values.file(file), args, held: hold })),
    );
}

async function runScript(script: ScriptOptions): Promise<number> {
  const { readMachine } = await import('../../machines/description.js');
  const machine = await readMachine();
  return inChildProcess(async () => {
    const { bootMachine } = await import('../../boot/index.js');
    const fixed = {
      user: 'root',
      repl: false,
      mounts: [],
      watch: false,
      deterministic: false,
      console: false,
    };
    return bootMachine({ ...fixed, machine, script }, loadPrebuilt());
  });
}
