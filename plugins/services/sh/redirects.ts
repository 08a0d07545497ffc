import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { isErrno, messageOf, PosixError } from '../runtime/posix-error.js';
import { encodeUtf8 } from '../runtime/utf8.js';
import { ShellError } from './state.js';
import type { Redirect } from './ast.js';
import type { Files } from '../runtime/files.js';
import type { Expander } from './expand.js';
import type { Io, Target } from './io.js';

export interface Redirected {
  readonly io: Io;
  /** Descriptors that were opened for it. */
  readonly opened: readonly number[];
}

const FLAGS: Readonly<Record<string, number>> = {
  '<': Open.RDONLY,
  '>': Open.WRONLY + Open.CREAT + Open.TRUNC,
  '>|': Open.WRONLY + Open.CREAT + Open.TRUNC,
  '>>': Open.WRONLY + Open.CREAT + Open.APPEND,
  '<>': Open.RDWR + Open.CREAT,
};

const PIPE_ROOM = 65_536;

/** Applies redirections from left to right. What was opened is closed again when one fails. */
export function redirect(
  files: Files,
  expander: Expander,
  io: Io,
  redirects: readonly Redirect[],
): Redirected {
  const map = new Map(io);
  const opened: number[] = [];
  try {
    for (const one of redirects) apply(files, expander, map, opened, one);
    return { io: map, opened };
  } catch (error) {
    for (const fd of opened) files.close(fd);
    throw error;
  }
}

function apply(
  files: Files,
  expander: Expander,
  map: Map<number, Target>,
  opened: number[],
  { fd, operator, target }: Redirect,
): void {
  const text = expander.text(target);
  if (operator === '>&' || operator === '<&') return duplicate(map, fd, text);
  const made = operator === '<<' ? document(files, text) : open(files, text, FLAGS[operator] ?? Open.RDONLY);
  opened.push(made);
  map.set(fd, made);
}

function duplicate(map: Map<number, Target>, fd: number, text: string): void {
  if (text === '-') return void map.delete(fd);
  const source = map.get(Number(text));
  if (!/^\d+$/.test(text) || source === undefined) throw new ShellError(`${text}: bad file descriptor`);
  map.set(fd, source);
}

function open(files: Files, path: string, flags: number): number {
  try {
    return files.open(path, flags);
  } catch (error) {
    throw new ShellError(`${path}: ${messageOf(error)}`);
  }
}

/** A here-document: a pipe as long as it fits, else a file that has no name any more. */
function document(files: Files, text: string): number {
  const bytes = encodeUtf8(text);
  if (bytes.length > PIPE_ROOM) return unnamedFile(files, bytes);
  const [read, write] = files.pipe();
  files.write(write, bytes);
  files.close(write);
  return read;
}

function unnamedFile(files: Files, bytes: Uint8Array): number {
  for (let i = 0; i < 1000; i++) {
    const path = `/tmp/.sh-document-${i}`;
    try {
      const fd = files.open(path, Open.RDWR + Open.CREAT + Open.EXCL, 0o600);
      files.unlink(path);
      files.write(fd, bytes);
      files.seek(fd, 0);
      return fd;
    } catch (error) {
      if (!isErrno(error, Errno.EEXIST)) throw error;
    }
  }
  throw new PosixError(Errno.EEXIST, 'here-document');
}
