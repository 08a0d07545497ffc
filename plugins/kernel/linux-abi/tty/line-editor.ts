import { InputFlag, LocalFlag } from './termios.js';
import type { Termios } from './termios.js';

export interface EditorWires {
  echo(bytes: readonly number[]): void;
  /** Of the cursor. */
  column(): number;
  termios(): Termios;
}

const NEWLINE = 10;
const TAB = 9;
const SPACE = 0x20;
const CARET = 0x5e;
const TAB_STOP = 8;
const ERASE_ONE = [8, SPACE, 8];

const isControl = (byte: number): boolean => byte < SPACE || byte === 0x7f;
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
const isWordByte = (byte: number): boolean =>
  byte === 0x5f || byte >= 0x80 || /[0-9A-Za-z]/.test(String.fromCharCode(byte));

/** The line being typed in canonical mode, and its picture on the screen. */
export class LineEditor {
  #line: number[] = [];
  #startColumn = 0;

  constructor(private readonly wires: EditorWires) {}

  get length(): number {
    return this.#line.length;
  }

  /** Echo first: the column before the line's first character counts. */
  add(byte: number): void {
    this.#line.push(byte);
  }

  take(): number[] {
    const line = this.#line;
    this.#line = [];
    return line;
  }

  clear(): void {
    this.#line = [];
  }

  echoTyped(byte: number): void {
    if (!this.#has(LocalFlag.ECHO)) return;
    if (this.#line.length === 0) this.#startColumn = this.wires.column();
    this.wires.echo(this.#picture(byte));
  }

  /** A newline shows with ECHONL even when nothing else does. */
  echoEnd(byte: number): void {
    if (byte === NEWLINE ? this.#has(LocalFlag.ECHO | LocalFlag.ECHONL) : this.#has(LocalFlag.ECHO))
      this.wires.echo(byte === NEWLINE ? [NEWLINE] : this.#picture(byte));
  }

  eraseCharacter(): void {
    this.#erase(1);
  }

  eraseWord(): void {
    let rest = this.#line.length;
    while (rest > 0 && !isWordByte(this.#line[rest - 1] ?? 0)) rest--;
    while (rest > 0 && isWordByte(this.#line[rest - 1] ?? 0)) rest--;
    this.#eraseTo(rest);
  }

  kill(byte: number): void {
    if (this.#has(LocalFlag.ECHOKE) && this.#has(LocalFlag.ECHOE)) return this.#eraseTo(0);
    this.clear();
    this.echoTyped(byte);
    if (this.#has(LocalFlag.ECHOK)) this.wires.echo([NEWLINE]);
  }

  reprint(byte: number): void {
    if (!this.#has(LocalFlag.ECHO)) return;
    this.wires.echo([...this.#picture(byte), NEWLINE]);
    this.#startColumn = this.wires.column();
    this.wires.echo(this.#line.flatMap((each) => this.#picture(each)));
  }

  #has(flags: number): boolean {
    return (this.wires.termios().local & flags) !== 0;
  }

  #picture(byte: number): number[] {
    const shown = byte === TAB || byte === NEWLINE || !isControl(byte) || !this.#has(LocalFlag.ECHOCTL);
    return shown ? [byte] : [CARET, byte ^ 0x40];
  }

  #erase(characters: number): void {
    let rest = this.#line.length;
    const isUtf8 = (this.wires.termios().input & InputFlag.IUTF8) !== 0;
    for (let i = 0; i < characters && rest > 0; i++) {
      rest--;
      while (isUtf8 && rest > 0 && isContinuation(this.#line[rest] ?? 0)) rest--;
    }
    this.#eraseTo(rest);
  }

  #eraseTo(length: number): void {
    const before = this.#columnAfter(this.#line.length);
    const erased = this.#line.length - length;
    this.#line.length = length;
    if (erased === 0 || !this.#has(LocalFlag.ECHO)) return;
    if (!this.#has(LocalFlag.ECHOE))
      return this.wires.echo(this.#picture(this.wires.termios().special[2] ?? 0));
    const columns = before - this.#columnAfter(length);
    this.wires.echo(Array.from({ length: columns }, () => ERASE_ONE).flat());
  }

  #columnAfter(length: number): number {
    let column = this.#startColumn;
    for (const byte of this.#line.slice(0, length)) column += this.#width(byte, column);
    return column;
  }

  #width(byte: number, column: number): number {
    if (byte === TAB) return TAB_STOP - (column % TAB_STOP);
    if (isControl(byte)) return this.#has(LocalFlag.ECHOCTL) ? 2 : 0;
    const joined = (this.wires.termios().input & InputFlag.IUTF8) !== 0 && isContinuation(byte);
    return joined ? 0 : 1;
  }
}
