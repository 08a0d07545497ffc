import { Open } from '../../../core/abi/flags.js';
import { builtins } from './builtins.js';
import { startExternal, startSubshell } from './external.js';
import { redirect } from './redirects.js';
import type { Command } from './ast.js';
import type { Started } from './external.js';
import type { Interpreter } from './interpreter.js';
import type { Files } from '../runtime/files.js';
import type { Io } from './io.js';

/** Starts every stage as a process of its own, joined by pipes. */
export function runPipeline(
  shell: Interpreter,
  commands: readonly Command[],
  io: Io,
  { background }: { background: boolean },
): Started {
  const { files } = shell.os;
  const started: Started[] = [];
  let group: number | undefined;
  let input: number | undefined;
  for (const [i, command] of commands.entries()) {
    const isLast = i === commands.length - 1;
    const pipe = isLast ? undefined : files.pipe();
    const stage = new Map(io);
    if (background && !shell.interactive) input ??= nothing(files);
    if (input !== undefined) stage.set(0, input);
    if (pipe) stage.set(1, pipe[1]);
    const one = startStage(shell, command, stage, group);
    group ??= one.pids[0];
    started.push(one);
    if (input !== undefined) files.close(input);
    if (pipe) files.close(pipe[1]);
    input = pipe?.[0];
  }
  return together(started);
}

/** What a command in the background reads where no terminal is shared by jobs. */
const nothing = (files: Files) => files.open('/scheme/null', Open.RDONLY);

function together(started: readonly Started[]): Started {
  const failure = started.at(-1)?.failure;
  return {
    pids: started.flatMap(({ pids }) => pids),
    drain: () => {
      for (const { drain } of started) drain();
    },
    ...(failure === undefined ? {} : { failure }),
  };
}

function startStage(shell: Interpreter, command: Command, io: Io, group: number | undefined): Started {
  const simple = command.kind === 'simple' && command.words.length > 0 ? command : undefined;
  const first = simple?.words[0]?.[0];
  const name = first?.kind === 'text' ? first.text : undefined;
  const own = name !== undefined && (shell.state.functions.has(name) || name in builtins);
  if (!simple || own) return startSubshell(shell, [command], io, group);
  const { io: inner, opened } = redirect(shell.os.files, shell.expander, io, simple.redirects);
  try {
    const argv = shell.expander.words(simple.words);
    if (argv.length === 0) return startSubshell(shell, [command], io, group);
    const env = simple.assignments.map(({ name: key, value }) => [key, shell.expander.text(value)]);
    return startExternal(shell, argv, inner, Object.fromEntries(env) as Record<string, string>, group);
  } finally {
    for (const fd of opened) shell.os.files.close(fd);
  }
}
