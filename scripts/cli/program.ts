import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../assets/package-root.js';
import { addBenchCommand } from './commands/bench.js';
import { addBootCommand } from './commands/boot.js';
import { addRunCommand } from './commands/run.js';
import { addScriptCommand } from './commands/script.js';
import { ExitStatus, report } from './failure.js';

export type ExitWith = (status: number) => void;

const COMMANDS = [addBootCommand, addRunCommand, addScriptCommand, addBenchCommand];

const HELP_FOOTER = `
HALFCELL_DEBUG=1 shows where an error comes from.`;

/** Runs one command line and answers the exit status. Never throws: a mistake is printed in one line. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let status: number = ExitStatus.OK;
  const program = createProgram((answer) => (status = answer));
  if (args.length === 0) {
    process.stderr.write(program.helpInformation());
    return ExitStatus.MISTAKE;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ExitStatus.OK;
    return report(error, program.commands.find((command) => command.name() === args[0])?.name());
  }
}

function createProgram(exitWith: ExitWith): Command {
  const program = new Command('halfcell')
    .description('A Redox-style operating system on an x86-64 machine that can be taken apart while it runs')
    .version(version(), '--version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', HELP_FOOTER);
  for (const add of COMMANDS) add(program, exitWith);
  return program;
}

function version(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
