import { Errno } from '../../../core/abi/errno.js';
import { Mode, Open } from '../../../core/abi/flags.js';
import { directoryName, joinPath } from './paths.js';
import { isErrno } from './posix-error.js';
import type { Files } from './files.js';

/** Makes a directory and those above it; one that is there already is no error. */
export function makeDirectories(files: Files, path: string, mode = 0o777): void {
  try {
    files.makeDirectory(path, mode);
  } catch (error) {
    if (isErrno(error, Errno.EEXIST) && files.isDirectory(path)) return;
    const above = directoryName(path);
    if (!isErrno(error, Errno.ENOENT) || above === path) throw error;
    makeDirectories(files, above, mode);
    files.makeDirectory(path, mode);
  }
}

/** Removes a file, or a directory with all that is in it. Links are removed, not followed. */
export function removeTree(files: Files, path: string): void {
  const { mode } = files.lstat(path);
  if ((mode & Mode.TYPE) !== Mode.DIR) return files.unlink(path);
  for (const { name } of files.readDirectory(path)) removeTree(files, joinPath(path, name));
  files.removeDirectory(path);
}

/** Copies bytes and permissions of one file. */
function copyFile(files: Files, from: string, to: string): void {
  files.with(from, Open.RDONLY, (source) => {
    const { mode, ino, dev } = files.fstat(source);
    const old = files.probe(to);
    if (old && old.ino === ino && old.dev === dev && ino !== 0)
      throw new Error(`'${from}' and '${to}' are the same file`);
    const goal = files.open(to, Open.WRONLY + Open.CREAT + Open.TRUNC, mode & 0o777);
    try {
      for (let part = files.read(source); part.length > 0; part = files.read(source)) files.write(goal, part);
    } finally {
      files.close(goal);
    }
  });
}

/** Copies a file or a whole tree; links are copied as links. */
export function copyTree(files: Files, from: string, to: string): void {
  const { mode } = files.lstat(from);
  const type = mode & Mode.TYPE;
  if (type === Mode.SYMLINK) return files.symlink(files.readLink(from), to);
  if (type !== Mode.DIR) return copyFile(files, from, to);
  if (!files.isDirectory(to)) files.makeDirectory(to, mode & 0o777);
  for (const { name } of files.readDirectory(from)) copyTree(files, joinPath(from, name), joinPath(to, name));
}
