import { Mode } from '../../../core/abi/flags.js';
import { DirentKind } from '../../../core/abi/dirent.js';
import { joinPath } from '../runtime/paths.js';
import type { DirectoryEntry, Files } from '../runtime/files.js';
import type { Interpreter } from './interpreter.js';
import type { Completion } from './line-editor.js';

const COMMAND_START = /(?:^|[;&|(]|&&|\|\||\b(?:then|do|else|if|while|until)\s)\s*$/;

/** Commands for the first word, variables behind `$`, file names elsewhere. */
export function completions(shell: Interpreter, text: string, cursor: number): Completion {
  const before = [...text].slice(0, cursor).join('');
  const word = /(?:[^\s;&|()<>'"\\]|\\.)*$/.exec(before)?.[0] ?? '';
  const from = [...before.slice(0, before.length - word.length)].length;
  const variable = /\$([A-Za-z_]\w*)?$/.exec(word);
  if (variable) {
    const names = [...shell.state.variables.keys()].filter((name) => name.startsWith(variable[1] ?? ''));
    return { from: from + variable.index, candidates: names.sort().map((name) => `$${name}`) };
  }
  const isCommand = COMMAND_START.test(before.slice(0, before.length - word.length)) && !word.includes('/');
  const candidates = isCommand ? commands(shell, word) : fileNames(shell.os.files, word);
  return { from, candidates };
}

function commands(shell: Interpreter, word: string): string[] {
  const { aliases, functions } = shell.state;
  const directories = (shell.state.get('PATH') ?? '').split(':');
  const programs = directories.flatMap((path) => listed(shell.os.files, path || '.').map(({ name }) => name));
  const all = [...programs, ...Object.keys(shell.builtins), ...aliases.keys(), ...functions.keys()];
  return [...new Set(all)].filter((name) => name.startsWith(word)).sort();
}

function fileNames(files: Files, word: string): string[] {
  const plain = word.replace(/\\(.)/g, '$1');
  const at = plain.lastIndexOf('/') + 1;
  const directory = plain.slice(0, at);
  const prefix = plain.slice(at);
  const shown = listed(files, directory || '.').filter(
    ({ name }) => name.startsWith(prefix) && (prefix.startsWith('.') || !name.startsWith('.')),
  );
  return shown
    .map((entry) => escape(directory + entry.name) + (leads(files, directory, entry) ? '/' : ''))
    .sort();
}

const escape = (path: string): string => path.replace(/[\s;&|()<>'"\\$`*?[\]#~]/g, '\\$&');

function leads(files: Files, directory: string, { name, kind }: DirectoryEntry): boolean {
  if (kind === DirentKind.REGULAR) return false;
  if (kind === DirentKind.DIRECTORY) return true;
  const stat = files.probe(joinPath(directory || '.', name));
  return stat !== undefined && (stat.mode & Mode.TYPE) === Mode.DIR;
}

const listed = (files: Files, path: string): DirectoryEntry[] => {
  try {
    return files.readDirectory(path);
  } catch {
    return [];
  }
};
