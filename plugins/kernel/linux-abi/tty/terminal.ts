import { LineDiscipline } from './line-discipline.js';
import type { ReadState } from './line-discipline.js';
import type { Termios, WindowSize } from './termios.js';

const SIGHUP = 1;
const SIGCONT = 18;
const SIGWINCH = 28;
const DEFAULT_SIZE: WindowSize = { rows: 24, columns: 80, widthPixels: 0, heightPixels: 0 };
const END_OF_FILE: ReadState = { kind: 'data', bytes: new Uint8Array() };

/** Where the bytes of a terminal go: the host's screen, or the master of a pair. */
export interface Screen {
  /** How many bytes it takes now; what it refuses is offered again after `Terminal.drained`. */
  write(bytes: Uint8Array): number;
}

export interface TerminalWires {
  readonly screen: Screen;
  /** To all processes of a foreground group. */
  signalGroup(pgid: number, signal: number): void;
  /** Wakes who waits for this terminal: input, room for output, a hangup. */
  changed(): void;
  nowNs(): number;
}

/** A terminal as a program sees it, controlled or not. Nothing here waits: results say when to ask again. */
export class Terminal {
  readonly discipline: LineDiscipline;
  size = DEFAULT_SIZE;
  /** The session it controls, and the group in its foreground; undefined for none. */
  session: number | undefined;
  foreground: number | undefined;
  exclusive = false;
  #hungUp = false;
  #unsent: Uint8Array = new Uint8Array();

  constructor(private readonly wires: TerminalWires) {
    this.discipline = new LineDiscipline(
      {
        transmit: (bytes) => this.#send(bytes),
        signal: (signal) => this.#signalForeground(signal),
        changed: () => wires.changed(),
      },
      () => wires.nowNs(),
    );
  }

  get termios(): Termios {
    return this.discipline.termios;
  }

  get hungUp(): boolean {
    return this.#hungUp;
  }

  /** Bytes on their way to the screen: TIOCOUTQ, and what TCSETSW waits for. */
  get unsentBytes(): number {
    return this.#unsent.length;
  }

  get readable(): boolean {
    return this.#hungUp || this.discipline.readable;
  }

  get writable(): boolean {
    return this.#hungUp || (!this.discipline.stopped && this.#unsent.length === 0);
  }

  /** From the keyboard. */
  type(bytes: Uint8Array): void {
    if (!this.#hungUp) this.discipline.receive(bytes);
  }

  /** `startedNs`: when the guest's call began, for VTIME. */
  read(max: number, startedNs: number): ReadState {
    const state = this.discipline.read(max, startedNs);
    return state.kind === 'wait' && this.#hungUp ? END_OF_FILE : state;
  }

  /** Bytes taken; 0: the screen is busy or held, ask again. Undefined: hung up (EIO). */
  write(bytes: Uint8Array): number | undefined {
    if (this.#hungUp) return undefined;
    if (!this.writable) return 0;
    this.#send(this.discipline.process(bytes));
    return bytes.length;
  }

  /** The screen has room again. */
  drained(): void {
    const bytes = this.#unsent;
    this.#unsent = new Uint8Array();
    this.#send(bytes);
    if (this.#unsent.length === 0) this.wires.changed();
  }

  resize(size: WindowSize): void {
    const { rows, columns } = this.size;
    this.size = size;
    if (rows !== size.rows || columns !== size.columns) this.#signalForeground(SIGWINCH);
  }

  flushOutput(): void {
    this.#unsent = new Uint8Array();
    this.wires.changed();
  }

  /** The other side is gone: reads end, writes fail, the session is told. */
  hangUp(): void {
    if (this.#hungUp) return;
    this.#hungUp = true;
    this.#unsent = new Uint8Array();
    if (this.session !== undefined) this.wires.signalGroup(this.session, SIGHUP);
    this.#signalForeground(SIGHUP);
    this.#signalForeground(SIGCONT);
    this.wires.changed();
  }

  #signalForeground(signal: number): void {
    if (this.foreground !== undefined) this.wires.signalGroup(this.foreground, signal);
  }

  // Echo reaches the screen at once, so it may overtake nothing: it queues behind what is unsent.
  #send(bytes: Uint8Array): void {
    const all = this.#unsent.length > 0 ? Buffer.concat([this.#unsent, bytes]) : bytes;
    const taken = all.length > 0 ? this.wires.screen.write(all) : 0;
    this.#unsent = taken < all.length ? all.slice(taken) : new Uint8Array();
  }
}
