import { Errno } from '../../../core/abi/errno.js';
import { Mode } from '../../../core/abi/flags.js';
import { copyTree, removeTree } from '../runtime/file-trees.js';
import { baseName, joinPath } from '../runtime/paths.js';
import { isErrno, PosixError } from '../runtime/posix-error.js';
import { forEachOperand } from './applet.js';
import { confirm } from './confirm.js';
import { UsageError } from './options.js';
import type { Applet, Call } from './applet.js';
import type { Options } from './options.js';

const LONG = {
  recursive: 'r',
  force: 'f',
  interactive: 'i',
  verbose: 'v',
  'no-clobber': 'n',
  'target-directory': 't',
};

interface Transfer {
  readonly from: string;
  readonly to: string;
}

/** Where each operand goes: into the last one when that is a directory. */
function transfers(call: Call, options: Options): Transfer[] {
  const sources = [...options.operands];
  const goal = options.value('t') ?? sources.pop();
  if (goal === undefined || sources.length === 0) throw new UsageError('missing operand');
  const into = call.os.files.isDirectory(goal) && !options.has('T');
  if (!into && sources.length > 1) throw new UsageError(`target '${goal}' is not a directory`);
  return sources.map((from) => ({ from, to: into ? joinPath(goal, baseName(from)) : goal }));
}

function each(call: Call, options: Options, act: (transfer: Transfer) => void): number {
  const todo = transfers(call, options);
  return forEachOperand(
    call,
    todo.map(({ from }) => from),
    (from) => {
      const transfer = todo.find((one) => one.from === from);
      if (!transfer || !mayReplace(call, options, transfer)) return;
      act(transfer);
      if (options.has('v')) call.out.line(`'${transfer.from}' -> '${transfer.to}'`);
    },
  );
}

function mayReplace(call: Call, options: Options, { to }: Transfer): boolean {
  if (!(options.has('n') || options.has('i')) || !call.os.files.probe(to, false)) return true;
  return !options.has('n') && confirm(call, `overwrite '${to}'?`);
}

export const cp: Applet = {
  usage: '[-rRapfinvT] SOURCE... TARGET',
  about: 'Copies files; -r: directories with what is in them; -n, -i: never replace, or ask.',
  options: { flags: 'rRapfinvTdPL', values: 't', long: LONG },
  run(call, options) {
    const recursive = ['r', 'R', 'a'].some((letter) => options.has(letter));
    const { files } = call.os;
    return each(call, options, ({ from, to }) => {
      const { mode } = recursive ? files.lstat(from) : files.stat(from);
      const directory = (mode & Mode.TYPE) === Mode.DIR;
      if (directory && !recursive) throw new Error('is a directory (use -r)');
      if (directory && isInside(call, to, from)) throw new Error('cannot copy a directory into itself');
      if (options.has('f') && files.probe(to, false) && !directory) files.unlink(to);
      copyTree(files, recursive ? from : resolved(call, from), to);
    });
  },
};

/** Without -r a link is followed. */
function resolved({ os: { files } }: Call, path: string): string {
  const { mode } = files.lstat(path);
  return (mode & Mode.TYPE) === Mode.SYMLINK ? files.realPath(path) : path;
}

const isInside = ({ os: { files } }: Call, path: string, above: string): boolean =>
  `${files.absolute(path)}/`.startsWith(`${files.absolute(above)}/`);

export const mv: Applet = {
  usage: '[-finvT] SOURCE... TARGET',
  about: 'Renames files, or moves them, also to other schemes.',
  options: { flags: 'finvT', values: 't', long: LONG },
  run(call, options) {
    const { files } = call.os;
    return each(call, options, ({ from, to }) => {
      try {
        files.rename(from, to);
      } catch (error) {
        if (!isErrno(error, Errno.EXDEV, Errno.EOPNOTSUPP, Errno.ENOSYS)) throw error;
        copyTree(files, from, to);
        removeTree(files, from);
      }
    });
  },
};

export const rm: Applet = {
  usage: '[-rRfidv] FILE...',
  about: 'Removes files; -r: directories with what is in them; -d: empty ones; -f: no questions, no missing.',
  options: { flags: 'rRfidv', long: { ...LONG, dir: 'd' } },
  run(call, options) {
    if (options.operands.length === 0 && !options.has('f')) throw new UsageError('missing operand');
    return forEachOperand(call, options.operands, (path) => {
      if (/(^|\/)\.{1,2}\/*$/.test(path)) throw new Error("refusing to remove '.' or '..'");
      if (call.os.files.absolute(path) === '/') throw new Error('refusing to remove the root directory');
      if (options.has('i') && !confirm(call, `remove '${path}'?`)) return;
      removeOne(call, options, path);
    });
  },
};

function removeOne({ os: { files }, out }: Call, options: Options, path: string): void {
  try {
    const directory = (files.lstat(path).mode & Mode.TYPE) === Mode.DIR;
    if (directory && options.has('d') && !options.has('r') && !options.has('R')) files.removeDirectory(path);
    else if (directory && !options.has('r') && !options.has('R')) throw new PosixError(Errno.EISDIR, 'rm');
    else removeTree(files, path);
    if (options.has('v')) out.line(`removed '${path}'`);
  } catch (error) {
    if (!options.has('f') || !isErrno(error, Errno.ENOENT)) throw error;
  }
}
