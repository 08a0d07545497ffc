import { Errno } from '../../../../core/abi/errno.js';
import { ISOLATE_INTERPRETER } from '../../../../core/abi/engine.js';
import { Mode, Open } from '../../../../core/abi/flags.js';
import { PosixError } from '../posix-error.js';
import { decodeUtf8 } from '../utf8.js';
import type { Files } from '../files.js';

/** What a file turns out to be when it is to be run. `argv` is that of the new process. */
export type Executable =
  | { readonly kind: 'native'; readonly path: string; readonly argv: readonly string[] }
  | ({ readonly kind: 'program'; readonly program: string } & Restricted)
  | ({ readonly kind: 'source'; readonly source: string } & Restricted);

interface Restricted {
  readonly argv: readonly string[];
  /** The only schemes it may open; absent: those of whoever starts it. */
  readonly schemes?: readonly string[];
}

const HEAD_BYTES = 256;
const MAX_INTERPRETERS = 4;
const ELF_MAGIC = '\x7fELF';

/** Follows `#!` lines. ENOENT, EACCES, EISDIR; ENOEXEC for a file of no known kind; ELOOP. */
export function recognise(files: Files, path: string, argv: readonly string[], depth = 0): Executable {
  if (depth > MAX_INTERPRETERS) throw new PosixError(Errno.ELOOP, 'exec');
  const head = headOf(files, path);
  if (head.startsWith(ELF_MAGIC)) return { kind: 'native', path, argv };
  const line = /^#!\s*(\S+)[ \t]*([^\n]*)/.exec(head);
  if (!line) throw new PosixError(Errno.ENOEXEC, 'exec');
  const [, interpreter = '', rest = ''] = line;
  const option = rest.trim();
  if (interpreter === ISOLATE_INTERPRETER) return isolate(files, path, option, argv);
  const inner = [interpreter, ...(option ? [option] : []), path, ...argv.slice(1)];
  return recognise(files, interpreter, inner, depth + 1);
}

/** `#!isolate [NAME] [schemes=A,B]`: a program the machine knows; without a name the source follows in the file. */
function isolate(files: Files, path: string, option: string, argv: readonly string[]): Executable {
  const [, program, list] = /^([^\s=]+)?\s*(?:schemes=(\S*))?$/.exec(option) ?? [];
  if (program === undefined && list === undefined && option !== '')
    throw new PosixError(Errno.ENOEXEC, 'exec');
  const restricted = list === undefined ? { argv } : { argv, schemes: list.split(',').filter(Boolean) };
  if (program) return { kind: 'program', program, ...restricted };
  const text = files.readText(path);
  return { kind: 'source', source: text.slice(text.indexOf('\n') + 1), ...restricted };
}

function headOf(files: Files, path: string): string {
  return files.with(path, Open.RDONLY, (fd) => {
    const { mode } = files.fstat(fd);
    if ((mode & Mode.TYPE) === Mode.DIR) throw new PosixError(Errno.EISDIR, 'exec');
    if ((mode & 0o111) === 0) throw new PosixError(Errno.EACCES, 'exec');
    return decodeUtf8(files.read(fd, HEAD_BYTES));
  });
}

/** Where a command word is found: itself when it has a slash, else the first executable file in PATH. */
export function findCommand(files: Files, word: string, searchPath: string): string | undefined {
  if (word.includes('/')) return word;
  for (const directory of searchPath.split(':')) {
    const path = `${directory || '.'}/${word}`;
    const stat = files.probe(path);
    if (stat && (stat.mode & Mode.TYPE) !== Mode.DIR && (stat.mode & 0o111) !== 0) return path;
  }
  return undefined;
}
