import { runApplet } from '../coreutils/applet.js';
import { echo } from '../coreutils/echo.js';
import { kill } from '../coreutils/kill.js';
import { printf } from '../coreutils/printf.js';
import { test } from '../coreutils/test.js';
import { directoryBuiltins } from './builtins-directory.js';
import { flowBuiltins } from './builtins-flow.js';
import { jobBuiltins } from './builtins-jobs.js';
import { variableBuiltins } from './builtins-variables.js';
import { put } from './io.js';
import type { Applet } from '../coreutils/applet.js';
import type { Interpreter } from './interpreter.js';
import type { Io } from './io.js';

export interface BuiltinCall {
  readonly shell: Interpreter;
  /** argv[0] is the builtin's own name. */
  readonly argv: readonly string[];
  readonly io: Io;
}

/** Runs inside the shell and answers an exit status. */
export type Builtin = (call: BuiltinCall) => number;

/** A utility that the shell runs itself, because it is short or needs the shell's jobs. */
const asBuiltin =
  (applet: Applet): Builtin =>
  ({ shell, argv: [name = '', ...args], io }) => {
    const write = (content: string | Uint8Array) => put(shell.os.files, io, 1, content);
    const stdin = io.get(0);
    return runApplet(applet, {
      os: shell.os,
      name,
      args,
      stdin: typeof stdin === 'number' ? stdin : 0,
      out: { write, line: (text = '') => write(`${text}\n`) },
      env: shell.state.environment(),
      complain: (text) => shell.say(io, `${name}: ${text}`),
    });
  };

const killJob: Builtin = (call) => {
  const argv = call.argv.map((word) => {
    const job = word.startsWith('%') ? call.shell.jobs.find(word) : undefined;
    return job ? String(call.shell.interactive ? -job.group : job.pids[0]) : word;
  });
  const [name = '', first = '', ...rest] = argv;
  // A group is a negative number: it must not be taken for a signal.
  const guarded = call.argv[1]?.startsWith('%') ? [name, '--', first, ...rest] : argv;
  return asBuiltin(kill)({ ...call, argv: guarded });
};

export const builtins: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  echo: asBuiltin(echo),
  printf: asBuiltin(printf),
  test: asBuiltin(test),
  '[': asBuiltin(test),
  kill: killJob,
  ...directoryBuiltins,
  ...flowBuiltins,
  ...jobBuiltins,
  ...variableBuiltins,
};
