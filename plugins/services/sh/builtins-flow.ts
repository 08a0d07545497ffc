import { findCommand } from '../runtime/process/executable.js';
import { BreakLoop, ContinueLoop, ExitShell, ReturnFunction } from './control.js';
import { startExternal } from './external.js';
import { put } from './io.js';
import { ShellError } from './state.js';
import type { Builtin, BuiltinCall } from './builtins.js';

const count = ({ argv: [name, text] }: BuiltinCall): number => {
  const levels = Number(text ?? 1);
  if (!Number.isInteger(levels) || levels < 1) throw new ShellError(`${name}: ${text}: bad number`);
  return levels;
};

const status = ({ shell, argv: [name, text] }: BuiltinCall): number => {
  if (text === undefined) return shell.state.lastStatus;
  if (!/^-?\d+$/.test(text)) throw new ShellError(`${name}: ${text}: bad number`, 2);
  return Number(text) & 0xff;
};

const source: Builtin = ({ shell, argv: [name, path, ...args] }) => {
  if (path === undefined) throw new ShellError(`${name}: file name expected`, 2);
  const found = findCommand(shell.os.files, path, `${shell.state.get('PATH') ?? ''}:.`);
  const text = shell.os.files.readText(found ?? path);
  const outer = shell.state.positional;
  if (args.length > 0) shell.state.positional = args;
  try {
    return shell.source(text);
  } catch (error) {
    if (error instanceof ReturnFunction) return error.status;
    throw error;
  } finally {
    shell.state.positional = outer;
  }
};

/** An isolate cannot become another program: runs it, and ends with its status. */
const exec: Builtin = ({ shell, argv, io }) => {
  const words = argv.slice(1);
  const started = startExternal(shell, words, io, {});
  if (started.failure !== undefined) throw new ExitShell(started.failure);
  throw new ExitShell(shell.foreground(started, words.join(' ')));
};

const describe: Builtin = (call) => {
  const { shell, argv, io } = call;
  let missing = 0;
  for (const name of argv.slice(1).filter((word) => !/^-[vVp]$/.test(word))) {
    const text = kindOf(call, name);
    if (text === undefined) missing = 1;
    const silent = argv[0] === 'command' && text === undefined;
    if (!silent) put(shell.os.files, io, text === undefined ? 2 : 1, `${text ?? `${name}: not found`}\n`);
  }
  return missing;
};

function kindOf({ shell, argv }: BuiltinCall, name: string): string | undefined {
  const short = argv[0] === 'command' && argv.includes('-v');
  const { aliases, functions } = shell.state;
  const alias = aliases.get(name);
  if (alias !== undefined) return short ? `alias ${name}='${alias}'` : `${name} is an alias for ${alias}`;
  if (functions.has(name)) return short ? name : `${name} is a function`;
  if (name in shell.builtins) return short ? name : `${name} is a shell builtin`;
  const path = findCommand(shell.os.files, name, shell.state.get('PATH') ?? '');
  if (path === undefined || !shell.os.files.probe(path)) return undefined;
  return short ? path : `${name} is ${path}`;
}

const command: Builtin = (call) => {
  const { shell, argv, io } = call;
  if (/^-[vV]$/.test(argv[1] ?? '')) return describe(call);
  const words = argv.slice(argv[1] === '-p' ? 2 : 1);
  const builtin = shell.builtins[words[0] ?? ''];
  if (words.length === 0) return 0;
  if (builtin) return builtin({ shell, argv: words, io });
  const started = startExternal(shell, words, io, {});
  return started.failure ?? shell.foreground(started, words.join(' '));
};

const trap: Builtin = ({ shell, argv: [, action, ...signals] }) => {
  if (signals.some((name) => name !== 'EXIT' && name !== '0'))
    throw new ShellError('trap: only EXIT can be trapped');
  if (signals.length > 0) shell.exitTrap = action === '-' ? undefined : action;
  return 0;
};

export const flowBuiltins: Readonly<Record<string, Builtin>> = {
  '.': source,
  source,
  exec,
  command,
  trap,
  type: describe,
  break: (call) => {
    throw new BreakLoop(count(call));
  },
  continue: (call) => {
    throw new ContinueLoop(count(call));
  },
  return: (call) => {
    throw new ReturnFunction(status(call));
  },
  exit: (call) => {
    throw new ExitShell(status(call));
  },
  eval: ({ shell, argv }) => shell.source(argv.slice(1).join(' ')),
};
