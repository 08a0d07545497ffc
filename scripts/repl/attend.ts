import { constants } from 'node:os';
import type { REPLServer } from 'node:repl';
import type { Readable, Writable } from 'node:stream';
import { startInteractive } from './interactive.js';
import { namesOf } from './names.js';
import type { Name } from './names.js';
import { runScript } from './run-script.js';
import type { GuestConsole, Session } from './session.js';
import { runStatements } from './statements.js';
import { TerminalSwitch } from './terminal-switch.js';
import { createWriter } from './writer.js';
import type { Writer } from './writer.js';

export interface AttendOptions {
  readonly repl: boolean;
  /** False: nothing of this terminal is read for the guest, and nothing of the guest's console is shown. */
  readonly console: boolean;
  readonly script?: { readonly file: string; readonly args: readonly string[]; readonly held?: boolean };
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly errors: Writable;
}

/** Serves the user of a started machine until it is off, and answers the exit status. Rejects with what broke it. */
export async function attend(session: Session, options: AttendOptions): Promise<number> {
  const attendant = new Attendant(session, options);
  const ignoreSignals = powerOffAtSignals(session.machine);
  try {
    const status = await attendant.serve();
    if (status !== undefined) session.machine.powerOff(status);
    const end = await session.machine.finished;
    return status ?? end.status;
  } finally {
    ignoreSignals();
    attendant.close();
  }
}

const SIGNAL_STATUS = 128;
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first such signal switches the machine off in good order; a second one ends this process. */
function powerOffAtSignals(machine: Session['machine']): () => void {
  const stop = () => ENDING.forEach((signal) => process.off(signal, onSignal));
  const onSignal = (signal: NodeJS.Signals) => {
    stop();
    machine.powerOff(SIGNAL_STATUS + constants.signals[signal]);
  };
  for (const signal of ENDING) process.on(signal, onSignal);
  return stop;
}

class Attendant {
  readonly #names: readonly Name[];
  readonly #write: Writer;
  #terminal: TerminalSwitch | undefined;
  #server: REPLServer | undefined;
  #stopConsole: () => void = () => {};

  constructor(
    private readonly session: Session,
    private readonly options: AttendOptions,
  ) {
    this.#names = namesOf(session, (line) => this.#print(line));
    this.#write = createWriter(session, options.output.isTTY ?? false);
  }

  /** The exit status, or undefined where the machine decides. */
  async serve(): Promise<number | undefined> {
    const { repl, script, input } = this.options;
    const asksInput = repl && !input.isTTY;
    if (!asksInput) this.#showConsole();
    if (script) {
      if (!script.held) await this.#up();
      await runScript(script.file, script.args, this.#names);
      if (!repl) return Number(process.exitCode ?? 0);
    }
    return asksInput ? this.#statements() : undefined;
  }

  close(): void {
    this.#stopConsole();
    this.#server?.close();
    this.#terminal?.close();
  }

  #statements(): Promise<number> {
    const { input, output, errors } = this.options;
    return runStatements({ input, output, errors, names: this.#names, write: this.#write, up: this.#up() });
  }

  async #up(): Promise<void> {
    await Promise.race([this.session.up, this.session.machine.finished]);
  }

  #showConsole(): void {
    const { console: shown, input } = this.options;
    const console = this.session.console ?? NO_CONSOLE;
    if (input.isTTY && (shown || this.options.repl)) this.#useTerminal(console);
    else if (shown) this.#stopConsole = connect(console, this.options);
  }

  #useTerminal(console: GuestConsole): void {
    const { input, output, repl } = this.options;
    this.#terminal = new TerminalSwitch({
      input,
      output,
      console,
      onSwitch: (side) => void (side === 'repl' && this.#showRepl()),
    });
    if (repl) void this.#up().then(() => this.#terminal?.switchTo('repl'));
  }

  #showRepl(): void {
    if (this.#server) return this.#server.displayPrompt();
    const { output } = this.options;
    const input = this.#terminal?.replInput;
    if (!input) return;
    this.#server = startInteractive({ names: this.#names, input, output, write: this.#write });
    this.#server.on('exit', () => this.session.machine.powerOff());
  }

  /** A line of a trace, above the prompt when there is one. */
  #print(line: string): void {
    const { output } = this.options;
    if (!this.#server) return void output.write(`${line}\n`);
    output.write(`\r\x1b[K${line}\r\n`);
    this.#server.displayPrompt(true);
  }
}

const NO_CONSOLE: GuestConsole = { type: () => {}, onOutput: () => () => {} };

/** Without a terminal: the input goes to the guest's console byte by byte, and its output comes back. */
function connect(console: GuestConsole, { input, output }: AttendOptions): () => void {
  const onData = (bytes: Buffer) => console.type(bytes);
  const onEnd = () => console.end?.();
  input.on('data', onData);
  input.once('end', onEnd);
  const stop = console.onOutput((bytes) => void output.write(bytes));
  return () => {
    stop();
    input.off('data', onData);
    input.off('end', onEnd);
    input.pause();
  };
}
