import type { ReadStream } from 'node:tty';
import type { Screen, Terminal } from '../tty/terminal.js';
import type { WindowSize } from '../tty/termios.js';
import { inForeground } from './foreground.js';
import { HostOutput } from './host-output.js';
import { RawMode } from './raw-mode.js';

/** What a host terminal is to us: Node's streams, or a test's. */
export interface HostTerminalParts {
  readonly stdin: ReadStream | undefined;
  /** Any descriptor on the terminal that may be written. */
  readonly screenFd: number;
  size(): WindowSize;
  /** Calls back when the size changes; answers the undo. */
  onResize(changed: () => void): () => void;
  inForeground?(): boolean;
  /** Whether keys are ours from the start. Otherwise only once the guest reads: in `guest | pager` they are the pager's. */
  readonly eager: boolean;
}

/**
 * Joins the guest's terminal to the host's: the host's is put into raw mode, and lines, echo and signals are the guest's own line
 * discipline. In the background nothing is touched: a guest that reads then is stopped, as any job would be.
 */
export class HostTerminal {
  readonly screen: Screen;
  readonly #output: HostOutput;
  readonly #raw: RawMode | undefined;
  #terminal: Terminal | undefined;
  #stopResizing: () => void = () => undefined;
  #reading = false;
  readonly #onData = (bytes: Buffer) => this.#type(bytes);
  readonly #onEnd = () => this.#terminal?.hangUp();
  readonly #onContinue = () => this.#continued();

  constructor(private readonly parts: HostTerminalParts) {
    this.#output = new HostOutput(parts.screenFd, () => this.#terminal?.drained());
    this.screen = { write: (bytes) => this.#show(bytes) };
    this.#raw = parts.stdin && new RawMode(parts.stdin);
  }

  /** Connects. Input flows at once when it is ours alone, otherwise from the first `demand`. */
  attach(terminal: Terminal): void {
    this.#terminal = terminal;
    terminal.size = this.parts.size();
    this.#stopResizing = this.parts.onResize(() => terminal.resize(this.parts.size()));
    process.on('SIGCONT', this.#onContinue);
    if (this.parts.eager && this.#foreground) this.#begin();
  }

  /** The guest waits for input, or changes the terminal. */
  demand(): void {
    if (this.#reading || !this.parts.stdin) return;
    if (this.#foreground) this.#begin();
    else process.kill(process.pid, 'SIGTTIN');
  }

  /** There is room in the terminal's input again. */
  relieve(): void {
    if (this.#reading && !this.#terminal?.discipline.congested) this.parts.stdin?.resume();
  }

  /** Stops this process as ^Z stops a job: the shell gets a sane terminal, and `SIGCONT` takes it back. */
  suspend(): void {
    this.#raw?.leave();
    process.kill(0, 'SIGTSTP');
  }

  detach(): void {
    this.#stopResizing();
    process.off('SIGCONT', this.#onContinue);
    const { stdin } = this.parts;
    stdin?.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onEnd);
    stdin?.pause();
    this.#raw?.leave();
    this.#output.close();
    this.#terminal = undefined;
  }

  get #foreground(): boolean {
    return (this.parts.inForeground ?? inForeground)();
  }

  #begin(): void {
    this.#reading = true;
    this.#raw?.enter();
    this.parts.stdin?.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onEnd);
  }

  #type(bytes: Buffer): void {
    this.#terminal?.type(bytes);
    if (this.#terminal?.discipline.congested) this.parts.stdin?.pause();
  }

  // The shell has set the terminal to its own liking while we were stopped.
  #continued(): void {
    if (!this.#reading || !this.#foreground) return;
    this.#raw?.leave();
    this.#raw?.enter();
    this.#terminal?.resize(this.parts.size());
  }

  // A terminal that is gone takes everything: the hangup follows on the input side.
  #show(bytes: Uint8Array): number {
    try {
      return this.#output.write(bytes);
    } catch {
      this.#terminal?.hangUp();
      return bytes.length;
    }
  }
}
