import type { ReadStream } from 'node:tty';
import type { Screen, Terminal } from '../tty/terminal.js';
import { OutputFlag } from '../tty/termios.js';
import type { WindowSize } from '../tty/termios.js';
import { inForeground } from './foreground.js';
import { HostOutput } from './host-output.js';
import { RawMode } from './raw-mode.js';
import { cooked, lengthBehind } from './screen-text.js';

/** What a host terminal is to us: Node's streams, or a test's. */
export interface HostTerminalParts {
  /** Opens the keyboard, at the latest when the guest wants to read. */
  keyboard(): { readonly stream: ReadStream; readonly fd: number } | undefined;
  /** Any descriptor on the terminal that may be written. */
  readonly screenFd: number;
  size(): WindowSize;
  /** Calls back when the size changes; answers the undo. */
  onResize(changed: () => void): () => void;
  inForeground?(): boolean;
}

/** How long after the request a process still runs that could not be stopped: there is no job control around it. */
const SUSPEND_GRACE_MS = 20;

/**
 * Joins the guest's terminal to the host's. Until the guest wants keys or modes, the host's terminal is left as it is, so that what was
 * typed ahead stays the shell's. Then it is put into raw mode, and lines, echo and signals are the guest's own line discipline. In
 * the background nothing is touched: a guest that reads then is stopped, as any job would be.
 */
export class HostTerminal {
  readonly screen: Screen;
  readonly #output: HostOutput;
  #keyboard: ReadStream | undefined;
  #raw: RawMode | undefined;
  #terminal: Terminal | undefined;
  #stopResizing: () => void = () => undefined;
  #onContinued: () => void = () => undefined;
  #grace: NodeJS.Timeout | undefined;
  readonly #onData = (bytes: Buffer) => this.#type(bytes);
  readonly #onEnd = () => this.#terminal?.hangUp();
  readonly #onContinue = () => this.#continued();

  constructor(private readonly parts: HostTerminalParts) {
    this.#output = new HostOutput(parts.screenFd, () => this.#terminal?.drained());
    this.screen = { write: (bytes) => this.#show(bytes) };
  }

  /** The host makes a return and a newline out of each newline. */
  get processed(): boolean {
    return this.#raw?.processed ?? true;
  }

  /** Connects. `continued` is called when this process goes on after a stop. */
  attach(terminal: Terminal, continued: () => void = () => undefined): void {
    this.#terminal = terminal;
    this.#onContinued = continued;
    terminal.size = this.parts.size();
    this.#stopResizing = this.parts.onResize(() => terminal.resize(this.parts.size()));
    process.on('SIGCONT', this.#onContinue);
  }

  /** The guest reads: this process is stopped where it may not. */
  demand(): void {
    if (this.#keyboard) return;
    if (this.#foreground) this.#begin();
    else process.kill(0, 'SIGTTIN');
  }

  /** The guest looks out for keys, or changes the terminal. */
  expect(): void {
    if (!this.#keyboard && this.#foreground) this.#begin();
  }

  /** The guest's terminal has other modes. */
  configured(): void {
    const { output = OutputFlag.OPOST } = this.#terminal?.termios ?? {};
    this.#raw?.process((output & OutputFlag.OPOST) !== 0);
  }

  /** There is room in the terminal's input again. */
  relieve(): void {
    if (this.#keyboard?.isPaused() && !this.#terminal?.discipline.congested) this.#keyboard.resume();
  }

  /** Stops this process as ^Z stops a job: the shell gets a sane terminal, and `SIGCONT` takes it back. */
  suspend(): void {
    this.#raw?.leave();
    process.kill(0, 'SIGTSTP');
    // eslint-disable-next-line no-restricted-syntax -- the host's time: who still runs was not stopped
    this.#grace = setTimeout(this.#onContinue, SUSPEND_GRACE_MS);
  }

  detach(): void {
    this.#stopResizing();
    process.off('SIGCONT', this.#onContinue);
    this.#keyboard?.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onEnd);
    this.#keyboard?.pause();
    this.#raw?.leave();
    this.#output.close();
    this.#terminal = undefined;
  }

  get #foreground(): boolean {
    return (this.parts.inForeground ?? inForeground)();
  }

  #begin(): void {
    const keyboard = this.parts.keyboard();
    if (!keyboard) return;
    this.#keyboard = keyboard.stream;
    this.#raw = new RawMode(keyboard.stream, keyboard.fd);
    this.#raw.enter();
    this.configured();
    this.#keyboard.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onEnd);
  }

  #type(bytes: Buffer): void {
    this.#terminal?.type(bytes);
    if (this.#terminal?.discipline.congested) this.#keyboard?.pause();
  }

  // The shell has set the terminal to its own liking while we were stopped.
  #continued(): void {
    clearTimeout(this.#grace);
    if (!this.#terminal) return;
    if (this.#raw && this.#foreground) {
      this.#raw.leave();
      this.#raw.enter();
      this.configured();
    }
    this.#terminal.resize(this.parts.size());
    this.#onContinued();
  }

  // A terminal that is gone takes everything: the hangup follows on the input side.
  #show(bytes: Uint8Array): number {
    if (this.processed) return lengthBehind(bytes, this.#write(cooked(bytes)));
    return this.#write(bytes);
  }

  #write(bytes: Uint8Array): number {
    try {
      return this.#output.write(bytes);
    } catch {
      this.#terminal?.hangUp();
      return bytes.length;
    }
  }
}
