import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { decodeUtf8 } from '../runtime/utf8.js';
import { isErrno, messageOf } from '../runtime/posix-error.js';
import { start } from '../runtime/process/spawn.js';
import { findCommand } from '../runtime/process/executable.js';
import type { Capture } from './io.js';
import type { Command } from './ast.js';
import type { Interpreter } from './interpreter.js';
import type { Io } from './io.js';
import type { StateData } from './state.js';

export interface Started {
  readonly pids: readonly number[];
  /** Takes what the children print for `$(…)`, until they close it. */
  readonly drain: () => void;
  /** Status of a command that could not be started. */
  readonly failure?: number;
}

/** In the environment of a shell that is to run a part of its parent's program. */
export const SUBSHELL_ENV = 'SH_SUBSHELL';

export interface SubshellData {
  readonly state: StateData;
  readonly body: readonly Command[];
}

export const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const DEFAULT_PATH = '/usr/bin:/bin';

/** Starts a program that PATH leads to. `group`: 0 for a new process group, or the one to join. */
export function startExternal(
  shell: Interpreter,
  argv: readonly string[],
  io: Io,
  env: Readonly<Record<string, string>>,
  group?: number,
): Started {
  const [name = ''] = argv;
  const path = findCommand(shell.os.files, name, shell.state.get('PATH') ?? DEFAULT_PATH);
  if (path === undefined) return refused(shell, io, `${name}: command not found`, NOT_FOUND);
  const options = { argv, env: { ...shell.state.environment(), ...env }, ...groupOf(shell, group) };
  try {
    return withPipes(shell, io, (fds) => shell.os.spawn(path, { ...options, fds }));
  } catch (error) {
    if (isErrno(error, Errno.ENOEXEC) && !isText(shell, path))
      return refused(shell, io, `${name}: cannot execute a binary file`, NOT_EXECUTABLE);
    if (isErrno(error, Errno.ENOEXEC))
      return withPipes(shell, io, (fds) => shell.os.spawn(ownPath(shell), script(options, path, fds)));
    const missing = isErrno(error, Errno.ENOENT, Errno.ENODEV);
    return refused(shell, io, `${name}: ${messageOf(error)}`, missing ? NOT_FOUND : NOT_EXECUTABLE);
  }
}

/** Scripts have no control characters in their first line but those that move the cursor or set colours. */
const isText = ({ os }: Interpreter, path: string): boolean => {
  const [line = ''] = decodeUtf8(os.files.with(path, Open.RDONLY, (fd) => os.files.read(fd, 256))).split(
    '\n',
  );
  return [...line].every((char) => char >= ' ' || '\t\r\f\v\x1b'.includes(char));
};

type Fds = readonly (readonly [number, number])[];

/** A text file without `#!` is a script of this shell. */
const script = <T extends { argv: readonly string[] }>(options: T, path: string, fds: Fds) => ({
  ...options,
  fds,
  argv: ['sh', path, ...options.argv.slice(1)],
});

const ownPath = (shell: Interpreter): string =>
  findCommand(shell.os.files, 'sh', shell.state.get('PATH') ?? DEFAULT_PATH) ?? '/usr/bin/sh';

const groupOf = (shell: Interpreter, group: number | undefined) =>
  shell.interactive ? { group: group ?? 0 } : {};

function refused(shell: Interpreter, io: Io, message: string, failure: number): Started {
  shell.say(io, message);
  return { pids: [], drain: () => {}, failure };
}

/** Starts a shell that runs `body` with a copy of this shell's state. */
export function startSubshell(shell: Interpreter, body: readonly Command[], io: Io, group?: number): Started {
  const data: SubshellData = { state: shell.state.save(), body };
  const env = { ...shell.state.environment(), [SUBSHELL_ENV]: JSON.stringify(data) };
  const executable = { kind: 'program', program: 'sh', argv: ['sh'] } as const;
  const { os } = shell;
  return withPipes(shell, io, (fds) =>
    start(os, executable, 'sh', {
      argv: ['sh'],
      env,
      cwd: os.files.cwd,
      umask: os.files.umask,
      fds,
      namespaceFd: os.namespace.managerFd,
      ...groupOf(shell, group),
    }),
  );
}

/** Gives every capture a pipe; the child's descriptors are those of `io`. */
function withPipes(shell: Interpreter, io: Io, spawn: (fds: Fds) => number): Started {
  const { files } = shell.os;
  const pipes = new Map<Capture, readonly [number, number]>();
  const fds = [...io].map(([fd, target]) => {
    if (typeof target === 'number') return [fd, target] as const;
    const pipe = pipes.get(target) ?? files.pipe();
    pipes.set(target, pipe);
    return [fd, pipe[1]] as const;
  });
  let pid: number;
  try {
    pid = spawn(fds);
  } catch (error) {
    for (const [read] of pipes.values()) files.close(read);
    throw error;
  } finally {
    for (const [, write] of pipes.values()) files.close(write);
  }
  const drain = () => {
    for (const [capture, [read]] of pipes) {
      capture.parts.push(files.readAll(read));
      files.close(read);
    }
    pipes.clear();
  };
  return { pids: [pid], drain };
}
