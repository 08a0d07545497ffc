import { PassThrough } from 'node:stream';
import type { Readable, Writable } from 'node:stream';
import type { GuestConsole } from './session.js';

const SWITCH_KEY = 0x1d;
const NEWLINE = 0x0a;
const MAX_HELD_BYTES = 65_536;
const CONSOLE_NOTE = '[console; Ctrl-] for the REPL]\r\n';
const REPL_NOTE = '\r\n[REPL; Ctrl-] for the console, .help for names]\r\n';

export type Side = 'console' | 'repl';

export interface TerminalSwitchOptions {
  readonly input: Readable & { setRawMode?(raw: boolean): unknown };
  readonly output: Writable;
  readonly console: GuestConsole;
  /** Called when the other side comes to the front. */
  readonly onSwitch?: (side: Side) => void;
}

/**
 * One terminal, two readers: Ctrl-] moves between the guest's console and the REPL. What the guest prints while the REPL
 * is in front is held, and shown on return.
 */
export class TerminalSwitch {
  /** What is typed to the REPL. */
  readonly replInput = new PassThrough();
  #side: Side;
  #held: Uint8Array[] = [];
  #atLineStart = true;
  readonly #stopListening: () => void;
  readonly #onData = (bytes: Buffer) => this.#typed(bytes);

  constructor(
    private readonly options: TerminalSwitchOptions,
    side: Side = 'console',
  ) {
    this.#side = side;
    this.#stopListening = options.console.onOutput((bytes) => this.#printed(bytes));
    options.input.setRawMode?.(true);
    options.input.on('data', this.#onData);
  }

  get side(): Side {
    return this.#side;
  }

  switchTo(side: Side): void {
    if (side === this.#side) return;
    this.#side = side;
    this.options.output.write(side === 'repl' ? REPL_NOTE : `\r\n${CONSOLE_NOTE}`);
    if (side === 'console') for (const bytes of this.#held.splice(0)) this.options.output.write(bytes);
    this.options.onSwitch?.(side);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#stopListening();
    if (!this.#atLineStart) this.options.output.write('\r\n');
    this.options.input.off('data', this.#onData);
    this.options.input.setRawMode?.(false);
    this.options.input.pause();
    this.replInput.end();
  }

  #typed(bytes: Buffer): void {
    const at = bytes.indexOf(SWITCH_KEY);
    if (at < 0) return this.#deliver(bytes);
    this.#deliver(bytes.subarray(0, at));
    this.switchTo(this.#side === 'console' ? 'repl' : 'console');
    this.#typed(bytes.subarray(at + 1));
  }

  #deliver(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#side === 'console') this.options.console.type(bytes);
    else this.replInput.write(bytes);
  }

  #printed(bytes: Uint8Array): void {
    this.#atLineStart = bytes.at(-1) === NEWLINE;
    if (this.#side === 'console') return void this.options.output.write(bytes);
    this.#held.push(bytes);
    let total = this.#held.reduce((sum, part) => sum + part.length, 0);
    while (total > MAX_HELD_BYTES) total -= this.#held.shift()?.length ?? total;
  }
}
