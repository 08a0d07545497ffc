import { decodeWaitStatus, Signal, WaitFlag } from '../../../core/abi/process-manager.js';
import { Errno } from '../../../core/abi/errno.js';
import { isErrno, messageOf } from '../runtime/posix-error.js';
import { decodeUtf8 } from '../runtime/utf8.js';
import { signalText } from '../coreutils/signals.js';
import { ArithmeticError } from './arithmetic.js';
import { builtins } from './builtins.js';
import { BreakLoop, ContinueLoop, ExitShell, ReturnFunction } from './control.js';
import { Expander } from './expand.js';
import { matches } from './glob.js';
import { Capture, put } from './io.js';
import { Jobs, statusOf } from './jobs.js';
import { ShellSyntaxError } from './lexer.js';
import { parse } from './parser.js';
import { runPipeline } from './pipeline.js';
import { redirect } from './redirects.js';
import { ShellError, ShellState } from './state.js';
import { startExternal } from './external.js';
import type { Started } from './external.js';
import type { AndOr, Command, Compound, List, Pipeline, Redirect, Simple } from './ast.js';
import type { Os } from '../runtime/os.js';
import type { Io, Target } from './io.js';
import type { Variable } from './state.js';

const MAX_DEPTH = 200;
type SavedVariables = Map<string, Variable | undefined>;

/** Walks the tree and does what it says. Every method answers an exit status. */
export class Interpreter {
  readonly state = new ShellState();
  readonly expander: Expander;
  readonly jobs: Jobs;
  interactive = false;
  /** Lines of the session, oldest first. */
  history: string[] = [];
  /** Text of `trap … EXIT`. */
  exitTrap: string | undefined;
  readonly #io: Io;
  /** Opened by `exec` for the rest of the shell's life. */
  readonly #opened = new Set<number>();
  /** The terminal of an interactive shell. */
  terminal: { setForeground(group: number): void } | undefined;
  readonly builtins = builtins;
  readonly #locals: SavedVariables[] = [];
  #depth = 0;
  #conditions = 0;

  constructor(readonly os: Os) {
    this.expander = new Expander(this.state, os.files, (body) => this.capture(body));
    this.jobs = new Jobs(os.processes);
    this.#io = new Map([0, 1, 2].filter((fd) => os.files.isOpen(fd)).map((fd) => [fd, fd]));
    for (const [name, value] of Object.entries(os.env)) this.state.export(name, value);
    this.state.set('PWD', os.files.cwd);
  }

  get io(): Io {
    return this.#io;
  }

  /** Parses and runs; what is wrong is said on standard error. */
  source(text: string): number {
    try {
      return this.list(parse(text, this.state.aliases), this.#io);
    } catch (error) {
      return this.#failed(error, this.#io);
    }
  }

  list(list: List, io: Io): number {
    let status = this.state.lastStatus;
    for (const item of list) status = this.#item(item, io);
    return list.length === 0 ? 0 : status;
  }

  /** Runs a list as a shell of its own would, and answers what it printed. */
  capture(body: List): string {
    const capture = new Capture();
    const saved = this.state.save();
    const { cwd } = this.os.files;
    let status = 0;
    try {
      status = this.list(body, new Map(this.#io).set(1, capture));
    } catch (error) {
      if (!(error instanceof ExitShell)) throw error;
      status = error.status;
    } finally {
      this.state.restore(saved);
      this.os.files.cwd = cwd;
    }
    this.state.lastStatus = status;
    return decodeUtf8(capture.bytes());
  }

  say(io: Io, text: string): void {
    put(this.os.files, io, 2, `${this.state.scriptName}: ${text}\n`);
  }

  #item(item: AndOr, io: Io): number {
    return item.background ? this.#background(item, io) : this.#andOr(item, io);
  }

  #background(item: AndOr, io: Io): number {
    const single = item.rest.length === 0 && !item.first.negated ? item.first : undefined;
    const pipeline: Pipeline = single ?? {
      negated: false,
      commands: [{ kind: 'subshell', body: [{ ...item, background: false }], redirects: [] }],
    };
    const started = runPipeline(this, pipeline.commands, io, { background: true });
    const job = this.jobs.add(started.pids, item.source);
    this.state.lastBackground = started.pids.at(-1);
    if (this.interactive) put(this.os.files, io, 2, `[${job.number}] ${started.pids.at(-1) ?? ''}\n`);
    return (this.state.lastStatus = 0);
  }

  #andOr({ first, rest }: AndOr, io: Io): number {
    let status = this.#pipeline(first, io, rest.length > 0);
    for (const [i, { operator, pipeline }] of rest.entries()) {
      if ((status === 0) !== (operator === '&&')) continue;
      status = this.#pipeline(pipeline, io, i < rest.length - 1);
    }
    return status;
  }

  #pipeline({ negated, commands }: Pipeline, io: Io, isCondition: boolean): number {
    const guarded = isCondition || negated;
    if (guarded) this.#conditions++;
    let status: number;
    try {
      const [only] = commands;
      status = commands.length === 1 && only ? this.command(only, io) : this.#piped(commands, io);
    } finally {
      if (guarded) this.#conditions--;
    }
    if (negated) status = status === 0 ? 1 : 0;
    this.state.lastStatus = status;
    if (status !== 0 && !guarded && this.#conditions === 0 && this.state.options.has('e'))
      throw new ExitShell(status);
    return status;
  }

  #piped(commands: readonly Command[], io: Io): number {
    const started = runPipeline(this, commands, io, { background: false });
    const status = this.foreground(started, commands.length > 1 ? 'pipeline' : 'command');
    return started.failure ?? status;
  }

  command(command: Command, io: Io): number {
    if (++this.#depth > MAX_DEPTH) throw new ShellError('commands nested too deeply');
    try {
      return command.kind === 'simple' ? this.simple(command, io) : this.#compound(command, io);
    } catch (error) {
      return this.#failed(error, io);
    } finally {
      this.#depth--;
    }
  }

  /** An error ends the command, not the shell; control flow goes on its way. */
  #failed(error: unknown, io: Io): number {
    const known =
      error instanceof ShellError ||
      error instanceof ShellSyntaxError ||
      error instanceof ArithmeticError ||
      (error instanceof Error && error.name.startsWith('E'));
    if (!known) throw error;
    this.say(io, messageOf(error));
    const status = error instanceof ShellError ? error.status : error instanceof ShellSyntaxError ? 2 : 1;
    this.state.lastStatus = status;
    return status;
  }

  #compound(command: Compound, io: Io): number {
    if (command.kind === 'function') {
      this.state.functions.set(command.name, command.body);
      return 0;
    }
    return this.redirected(command.redirects, io, (inner) =>
      this.#bodies[command.kind](command as never, inner),
    );
  }

  readonly #bodies: {
    [K in Exclude<Compound['kind'], 'function'>]: (command: Extract<Compound, { kind: K }>, io: Io) => number;
  } = {
    group: ({ body }, io) => this.list(body, io),
    subshell: ({ body }, io) => this.#piped([{ kind: 'subshell', body, redirects: [] }], io),
    if: ({ clauses, otherwise }, io) => {
      for (const { condition, body } of clauses)
        if (this.#condition(condition, io) === 0) return this.list(body, io);
      return otherwise ? this.list(otherwise, io) : 0;
    },
    while: ({ until, condition, body }, io) => {
      let status = 0;
      while ((this.#condition(condition, io) === 0) !== until) {
        const turn = this.#turn(() => this.list(body, io));
        if (turn.status !== undefined) status = turn.status;
        if (turn.leave) break;
      }
      return status;
    },
    for: ({ name, words, body }, io) => {
      let status = 0;
      for (const value of words ? this.expander.words(words) : [...this.state.positional]) {
        this.state.set(name, value);
        const turn = this.#turn(() => this.list(body, io));
        if (turn.status !== undefined) status = turn.status;
        if (turn.leave) break;
      }
      return status;
    },
    case: ({ word, items }, io) => {
      const text = this.expander.text(word);
      const chosen = items.find(({ patterns }) =>
        patterns.some((pattern) => matches(text, this.expander.pattern(pattern))),
      );
      return chosen ? this.list(chosen.body, io) : 0;
    },
  };

  #condition(list: List, io: Io): number {
    this.#conditions++;
    try {
      return this.list(list, io);
    } finally {
      this.#conditions--;
    }
  }

  #turn(body: () => number): { status?: number; leave: boolean } {
    try {
      return { status: body(), leave: false };
    } catch (error) {
      if (!(error instanceof BreakLoop) && !(error instanceof ContinueLoop)) throw error;
      if (error.levels > 1) throw error.outer();
      return { status: 0, leave: error instanceof BreakLoop };
    }
  }

  redirected(redirects: readonly Redirect[], io: Io, act: (io: Io) => number): number {
    if (redirects.length === 0) return act(io);
    const { io: inner, opened } = redirect(this.os.files, this.expander, io, redirects);
    try {
      return act(inner);
    } finally {
      for (const fd of opened) this.os.files.close(fd);
    }
  }

  simple(command: Simple, io: Io): number {
    const before = this.state.lastStatus;
    const argv = this.expander.words(command.words);
    const [name] = argv;
    if (this.state.options.has('x') && argv.length > 0) put(this.os.files, io, 2, `+ ${argv.join(' ')}\n`);
    if (name === undefined) return this.#assignOnly(command, io, before);
    if (name === 'exec' && argv.length === 1) return this.#redirectSelf(command.redirects, io);
    return this.redirected(command.redirects, io, (inner) => this.#named(name, argv, command, inner));
  }

  /** `exec` without a command: its redirections stay. */
  #redirectSelf(redirects: readonly Redirect[], io: Io): number {
    const { io: inner, opened } = redirect(this.os.files, this.expander, io, redirects);
    const own = io as Map<number, Target>;
    own.clear();
    for (const [fd, target] of inner) own.set(fd, target);
    for (const fd of opened) this.#opened.add(fd);
    const used = new Set([...own.values(), ...this.#io.values()]);
    for (const fd of [...this.#opened].filter((one) => !used.has(one))) {
      this.#opened.delete(fd);
      this.os.files.close(fd);
    }
    return 0;
  }

  #assignOnly({ assignments, redirects }: Simple, io: Io, before: number): number {
    this.state.lastStatus = before;
    const substituted = assignments.some(({ value }) => value.some(({ kind }) => kind === 'command'));
    for (const { name, value } of assignments) this.state.set(name, this.expander.text(value));
    const status = substituted ? this.state.lastStatus : 0;
    return redirects.length > 0 ? this.redirected(redirects, io, () => status) : status;
  }

  #named(name: string, argv: readonly string[], { assignments }: Simple, io: Io): number {
    const own = assignments.map(({ name: key, value }) => [key, this.expander.text(value)] as const);
    const body = this.state.functions.get(name);
    if (body) return this.#withVariables(own, () => this.call(body, argv.slice(1), io));
    const builtin = builtins[name];
    if (builtin) return this.#withVariables(own, () => builtin({ shell: this, argv, io }));
    return this.#external(argv, io, Object.fromEntries(own));
  }

  #external(argv: readonly string[], io: Io, env: Readonly<Record<string, string>>): number {
    const started = startExternal(this, argv, io, env);
    return started.failure ?? this.foreground(started, argv.join(' '));
  }

  /** Ctrl-C and Ctrl-Z belong to the command as long as the shell waits for it. */
  foreground({ pids, drain }: Started, source: string): number {
    const [group] = pids;
    if (group !== undefined) this.terminal?.setForeground(group);
    try {
      drain();
      return this.waitFor(pids, source);
    } finally {
      this.terminal?.setForeground(this.state.pid);
    }
  }

  /** Assignments in front of a builtin or function last as long as it. */
  #withVariables(own: readonly (readonly [string, string])[], act: () => number): number {
    const saved: SavedVariables = new Map(own.map(([name]) => [name, this.state.variables.get(name)]));
    for (const [name, value] of own) this.state.set(name, value);
    try {
      return act();
    } finally {
      this.#restoreVariables(saved);
    }
  }

  call(body: Command, args: readonly string[], io: Io): number {
    const outer = this.state.positional;
    this.state.positional = [...args];
    this.#locals.push(new Map());
    try {
      return this.command(body, io);
    } catch (error) {
      if (error instanceof ReturnFunction) return error.status;
      throw error;
    } finally {
      this.state.positional = outer;
      this.#restoreVariables(this.#locals.pop() ?? new Map());
    }
  }

  /** Keeps a variable's value for the end of the running function. */
  localize(name: string): void {
    const locals = this.#locals.at(-1);
    if (!locals) throw new ShellError('local: only in a function');
    if (!locals.has(name)) locals.set(name, this.state.variables.get(name));
    this.state.variables.delete(name);
  }

  #restoreVariables(saved: SavedVariables): void {
    for (const [name, variable] of saved) {
      if (variable) this.state.variables.set(name, variable);
      else this.state.variables.delete(name);
    }
  }

  /** Status of the last of them, as a shell counts it. A stopped one becomes a job. */
  waitFor(pids: readonly number[], source: string): number {
    let status = 0;
    for (const [i, pid] of pids.entries()) {
      const ended = this.#waitOne(pid);
      if (ended === undefined) continue;
      const outcome = decodeWaitStatus(ended);
      if (outcome.kind === 'stopped') {
        const job = this.jobs.add(pids.slice(i), source, 'stopped');
        put(this.os.files, this.#io, 2, `\n[${job.number}] Stopped  ${source}\n`);
        return 128 + outcome.signal;
      }
      status = statusOf(outcome);
      if (outcome.kind === 'killed') this.#mourn(outcome.signal, source);
    }
    return status;
  }

  /** Says what a command died of, unless the user or a closed pipe ended it. */
  #mourn(signal: number, source: string): void {
    if (signal === Signal.INT || signal === Signal.PIPE) return;
    put(this.os.files, this.#io, 2, `${source}: ${signalText(signal)}\n`);
  }

  #waitOne(pid: number): number | undefined {
    try {
      return this.os.processes.wait(pid, this.interactive ? WaitFlag.UNTRACED : 0)?.status;
    } catch (error) {
      if (isErrno(error, Errno.ECHILD)) return undefined;
      throw error;
    }
  }
}
