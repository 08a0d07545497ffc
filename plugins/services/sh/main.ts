import { messageOf } from '../runtime/posix-error.js';
import { decodeUtf8 } from '../runtime/utf8.js';
import { ExitShell, ReturnFunction } from './control.js';
import { SUBSHELL_ENV } from './external.js';
import { interact } from './interactive.js';
import { Interpreter } from './interpreter.js';
import type { Os } from '../runtime/os.js';
import type { SubshellData } from './external.js';

const USAGE = 'usage: sh [-aefux] [-c COMMAND [NAME [ARG]...] | FILE [ARG]... | -s [ARG]...]';
const NOT_FOUND = 127;

/** A POSIX-like shell. */
export function main(os: Os): number {
  const subshell = os.env[SUBSHELL_ENV];
  delete os.env[SUBSHELL_ENV];
  const shell = new Interpreter(os);
  shell.state.pid = os.processes.meta().pid;
  const status = guarded(shell, () => (subshell === undefined ? run(shell) : continueIn(shell, subshell)));
  return guarded(shell, () => (shell.exitTrap === undefined ? status : atExit(shell, status)));
}

function atExit(shell: Interpreter, status: number): number {
  shell.source(shell.exitTrap ?? '');
  return status;
}

function guarded(shell: Interpreter, act: () => number): number {
  try {
    return act();
  } catch (error) {
    if (error instanceof ExitShell || error instanceof ReturnFunction) return error.status;
    if (!(error instanceof Error)) throw error;
    shell.say(shell.io, messageOf(error));
    return shell.state.lastStatus || 1;
  }
}

/** The part of a parent's program that was handed over. */
function continueIn(shell: Interpreter, text: string): number {
  const { state, body } = JSON.parse(text) as SubshellData;
  shell.state.restore(state);
  let status = 0;
  for (const command of body)
    status =
      command.kind === 'subshell'
        ? shell.redirected(command.redirects, shell.io, (io) => shell.list(command.body, io))
        : shell.command(command, shell.io);
  return status;
}

interface CommandLine {
  command?: string;
  readonly operands: string[];
  interactive: boolean;
  login: boolean;
  fromInput: boolean;
}

function parseCommandLine(shell: Interpreter, args: readonly string[]): CommandLine | undefined {
  const line: CommandLine = { operands: [...args], interactive: false, login: false, fromInput: false };
  while (/^[-+]./.test(line.operands[0] ?? '')) {
    const word = line.operands.shift() ?? '';
    if (word === '--') break;
    for (const letter of word.slice(1)) {
      if (letter === 'c') line.command = '';
      else if (letter === 'i') line.interactive = true;
      else if (letter === 'l') line.login = true;
      else if (letter === 's') line.fromInput = true;
      else if ('aefux'.includes(letter)) shell.state.options.add(letter);
      else return undefined;
    }
  }
  if (line.command === undefined) return line;
  const command = line.operands.shift();
  return command === undefined ? undefined : { ...line, command };
}

function run(shell: Interpreter): number {
  const line = parseCommandLine(shell, shell.os.argv.slice(1));
  if (!line) {
    shell.say(shell.io, USAGE);
    return 2;
  }
  if (line.login) profile(shell);
  const { command, operands } = line;
  if (command !== undefined) {
    shell.state.scriptName = operands[0] ?? 'sh';
    shell.state.positional = operands.slice(1);
    return shell.source(command);
  }
  const [path, ...args] = operands;
  if (path !== undefined && !line.fromInput) return runScript(shell, path, args);
  shell.state.positional = operands;
  if (line.interactive || shell.os.files.isTerminal(0)) return interact(shell);
  return shell.source(decodeUtf8(shell.os.files.readAll(0)));
}

/** A login shell starts at home. */
function profile(shell: Interpreter): void {
  const home = shell.state.get('HOME');
  if (home !== undefined && shell.os.files.isDirectory(home))
    shell.os.files.cwd = shell.os.files.absolute(home);
  shell.state.set('PWD', shell.os.files.cwd);
  if (shell.os.files.probe('/etc/profile')) shell.source(shell.os.files.readText('/etc/profile'));
}

function runScript(shell: Interpreter, path: string, args: readonly string[]): number {
  let text: string;
  try {
    text = shell.os.files.readText(path);
  } catch (error) {
    shell.say(shell.io, `${path}: ${messageOf(error)}`);
    return NOT_FOUND;
  }
  shell.state.scriptName = path;
  shell.state.positional = [...args];
  return shell.source(text);
}
