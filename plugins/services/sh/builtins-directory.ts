import { put } from './io.js';
import { ShellError } from './state.js';
import type { Builtin } from './builtins.js';
import type { Interpreter } from './interpreter.js';

const cd: Builtin = ({ shell, argv, io }) => {
  const operands = argv.slice(1).filter((word) => word !== '--' && word !== '-L' && word !== '-P');
  if (operands.length > 1) throw new ShellError('cd: too many arguments');
  const [given = shell.state.get('HOME') ?? '/'] = operands;
  const goal = given === '-' ? (shell.state.get('OLDPWD') ?? '') : given;
  if (goal === '') throw new ShellError('cd: OLDPWD not set');
  enter(shell, goal);
  if (given === '-') put(shell.os.files, io, 1, `${shell.os.files.cwd}\n`);
  return 0;
};

function enter(shell: Interpreter, goal: string): void {
  const { files } = shell.os;
  const path = files.absolute(goal);
  const stat = files.probe(path);
  if (!stat) throw new ShellError(`cd: ${goal}: No such file or directory`);
  if (!files.isDirectory(path)) throw new ShellError(`cd: ${goal}: Not a directory`);
  shell.state.set('OLDPWD', files.cwd);
  files.cwd = path;
  shell.state.set('PWD', path);
}

const umask: Builtin = ({ shell, argv: [, mode], io }) => {
  const { files } = shell.os;
  if (mode === undefined) put(files, io, 1, `${files.umask.toString(8).padStart(4, '0')}\n`);
  else if (/^[0-7]{1,4}$/.test(mode)) files.umask = parseInt(mode, 8) & 0o777;
  else throw new ShellError(`umask: ${mode}: invalid mode`);
  return 0;
};

export const directoryBuiltins: Readonly<Record<string, Builtin>> = {
  cd,
  chdir: cd,
  umask,
  pwd: ({ shell, io }) => {
    put(shell.os.files, io, 1, `${shell.os.files.cwd}\n`);
    return 0;
  },
};
