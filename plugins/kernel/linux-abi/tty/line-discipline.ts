import { InputQueue } from './input-queue.js';
import { LineEditor } from './line-editor.js';
import { OutputProcessing } from './output-processing.js';
import { defaultTermios, InputFlag, LocalFlag, Special } from './termios.js';
import type { Termios } from './termios.js';

/** Where a line discipline's effects go. */
export interface DisciplineWires {
  /** Bytes for the screen, processed. Echo cannot wait. */
  transmit(bytes: Uint8Array): void;
  /** A signal character was typed. */
  signal(signal: number): void;
  /** Something may be read, or output runs again. */
  changed(): void;
}

const NEWLINE = 10;
const RETURN = 13;
const BELL = 7;
const LINE_MAX_BYTES = 4095;
/** Beyond this, what feeds the terminal should wait. */
const HIGH_WATER_BYTES = 16_384;
const NS_PER_DECISECOND = 100_000_000;

const signalCharacters = [
  { at: Special.VINTR, signal: 2 },
  { at: Special.VQUIT, signal: 3 },
  { at: Special.VSUSP, signal: 20 },
] as const;

export type ReadState =
  /** `bytes` of length 0 is an end of file, or a raw read that ran out of time. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  /** Ask again when something changes, or at the deadline. */
  | { readonly kind: 'wait'; readonly deadlineNs: number | undefined };

/** N_TTY: lines, echo, editing, signals. Knows neither processes nor the host. */
export class LineDiscipline {
  #termios = defaultTermios();
  #stopped = false;
  #literal = false;
  #lastInputNs = 0;
  readonly #input = new InputQueue();
  readonly #output = new OutputProcessing();
  readonly #editor: LineEditor;
  /** What special characters do to a line, `extended` ones only with IEXTEN. */
  readonly #editing: readonly { at: number; extended?: true; run(byte: number): void }[] = [
    { at: Special.VERASE, run: () => this.#editor.eraseCharacter() },
    { at: Special.VKILL, run: (byte) => this.#editor.kill(byte) },
    { at: Special.VWERASE, extended: true, run: () => this.#editor.eraseWord() },
    { at: Special.VLNEXT, extended: true, run: () => this.#takeLiterally() },
    { at: Special.VREPRINT, extended: true, run: (byte) => this.#editor.reprint(byte) },
    { at: Special.VEOF, run: () => this.#input.addLine(this.#editor.take()) },
    { at: Special.VEOL, run: (byte) => this.#endLine(byte) },
    { at: Special.VEOL2, extended: true, run: (byte) => this.#endLine(byte) },
  ];

  constructor(
    private readonly wires: DisciplineWires,
    private readonly nowNs: () => number,
  ) {
    this.#editor = new LineEditor({
      echo: (bytes) => this.#echo(bytes),
      column: () => this.#output.column,
      termios: () => this.#termios,
    });
  }

  get termios(): Termios {
    return this.#termios;
  }

  /** Output is held by the STOP character or by tcflow. */
  get stopped(): boolean {
    return this.#stopped;
  }

  get congested(): boolean {
    return this.#input.length > HIGH_WATER_BYTES;
  }

  configure(termios: Termios): void {
    const wasCanonical = this.#canonical;
    const hadFlowControl = this.#has(InputFlag.IXON, 'input');
    this.#termios = { ...termios, special: termios.special.slice() };
    if (wasCanonical && !this.#canonical) this.#input.addBytes(this.#editor.take());
    if (hadFlowControl && !this.#has(InputFlag.IXON, 'input')) this.#stopped = false;
    this.wires.changed();
  }

  flow(stopped: boolean): void {
    this.#stopped = stopped;
    this.wires.changed();
  }

  /** What was typed. */
  receive(bytes: Uint8Array): void {
    this.#lastInputNs = this.nowNs();
    for (const byte of bytes) this.#receiveOne(byte);
    this.wires.changed();
  }

  /** Processed for the screen. */
  process(bytes: Uint8Array): Uint8Array {
    return this.#output.process(bytes, this.#termios);
  }

  flushInput(): void {
    this.#input.clear();
    this.#editor.clear();
  }

  /** FIONREAD: bytes that a read could have now. */
  get available(): number {
    return this.#input.length;
  }

  /** For poll: a read would not wait. */
  get readable(): boolean {
    if (this.#canonical) return this.#input.hasLine;
    return this.#input.length >= (this.#special(Special.VTIME) === 0 ? Math.max(1, this.#minimum) : 1);
  }

  /** One try of a read that began at `startedNs`: termios(3), canonical mode and the four cases of MIN and TIME. */
  read(max: number, startedNs: number): ReadState {
    if (this.#canonical) return this.#readLine(max);
    const enough = this.#input.length >= Math.max(1, Math.min(this.#minimum, max));
    if (enough) return { kind: 'data', bytes: this.#input.takeBytes(max) };
    const deadlineNs = this.#rawDeadlineNs(startedNs);
    const late = deadlineNs !== undefined && this.nowNs() >= deadlineNs;
    return late ? { kind: 'data', bytes: this.#input.takeBytes(max) } : { kind: 'wait', deadlineNs };
  }

  #readLine(max: number): ReadState {
    if (!this.#input.hasLine) return { kind: 'wait', deadlineNs: undefined };
    return { kind: 'data', bytes: this.#input.takeLine(max) };
  }

  #rawDeadlineNs(startedNs: number): number | undefined {
    const timeNs = this.#special(Special.VTIME) * NS_PER_DECISECOND;
    if (this.#minimum === 0) return startedNs + timeNs;
    if (timeNs === 0 || this.#input.length === 0) return undefined;
    return Math.max(this.#lastInputNs, startedNs) + timeNs;
  }

  get #canonical(): boolean {
    return this.#has(LocalFlag.ICANON, 'local');
  }

  get #minimum(): number {
    return this.#special(Special.VMIN);
  }

  #has(flag: number, word: 'input' | 'local'): boolean {
    return (this.#termios[word] & flag) !== 0;
  }

  #special(at: number): number {
    return this.#termios.special[at] ?? 0;
  }

  /** 0 as a special character means: disabled. */
  #is(byte: number, at: number): boolean {
    return byte !== 0 && byte === this.#special(at);
  }

  #receiveOne(typed: number): void {
    const byte = this.#has(InputFlag.ISTRIP, 'input') ? typed & 0x7f : typed;
    if (this.#literal) {
      this.#literal = false;
      return this.#store(byte);
    }
    if (this.#flowControl(byte) || this.#signals(byte)) return;
    const mapped = this.#mapped(byte);
    if (mapped === undefined) return;
    if (this.#canonical) this.#edit(mapped);
    else this.#store(mapped);
  }

  #flowControl(byte: number): boolean {
    if (!this.#has(InputFlag.IXON, 'input')) return false;
    const stop = this.#is(byte, Special.VSTOP);
    const start = this.#is(byte, Special.VSTART);
    if (stop) this.#stopped = !start || !this.#stopped;
    else if (start || (this.#stopped && this.#has(InputFlag.IXANY, 'input'))) this.#stopped = false;
    return stop || start;
  }

  #signals(byte: number): boolean {
    if (!this.#has(LocalFlag.ISIG, 'local')) return false;
    const found = signalCharacters.find(({ at }) => this.#is(byte, at));
    if (!found) return false;
    if (!this.#has(LocalFlag.NOFLSH, 'local')) this.flushInput();
    this.#stopped = false;
    this.#editor.echoTyped(byte);
    this.wires.signal(found.signal);
    return true;
  }

  #mapped(byte: number): number | undefined {
    if (byte === RETURN && this.#has(InputFlag.IGNCR, 'input')) return undefined;
    if (byte === RETURN && this.#has(InputFlag.ICRNL, 'input')) return NEWLINE;
    if (byte === NEWLINE && this.#has(InputFlag.INLCR, 'input')) return RETURN;
    const upper = this.#has(InputFlag.IUCLC, 'input') && this.#has(LocalFlag.IEXTEN, 'local');
    return upper && byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  }

  #edit(byte: number): void {
    const extended = this.#has(LocalFlag.IEXTEN, 'local');
    const found = this.#editing.find((each) => this.#is(byte, each.at) && (extended || !each.extended));
    if (found) found.run(byte);
    else if (byte === NEWLINE) this.#endLine(byte);
    else this.#store(byte);
  }

  #takeLiterally(): void {
    this.#literal = true;
    if (this.#has(LocalFlag.ECHO, 'local')) this.#echo([0x5e, 8]);
  }

  #endLine(byte: number): void {
    this.#editor.echoEnd(byte);
    this.#input.addLine([...this.#editor.take(), byte]);
  }

  #store(byte: number): void {
    if (this.#editor.length >= LINE_MAX_BYTES) {
      if (this.#has(InputFlag.IMAXBEL, 'input')) this.#echo([BELL]);
      return;
    }
    this.#editor.echoTyped(byte);
    if (this.#canonical) this.#editor.add(byte);
    else this.#input.addBytes([byte]);
  }

  #echo(bytes: readonly number[]): void {
    this.wires.transmit(this.process(Uint8Array.from(bytes)));
  }
}
