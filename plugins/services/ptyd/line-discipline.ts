import { Signal } from '../../../core/abi/process-manager.js';
import {
  Character,
  decodeTermios,
  defaultTermios,
  encodeTermios,
  InputFlag,
  LocalFlag,
  OutputFlag,
} from '../runtime/termios.js';
import type { Termios } from '../runtime/termios.js';

const NEWLINE = 10;
const RETURN = 13;
const BACKSPACE = [8, 32, 8];
const RAW_LIMIT = 16_384;

/** What the discipline does to the world. */
export interface LineOutput {
  /** To the master: what the user sees. */
  echo(bytes: Uint8Array): void;
  signal(number: number): void;
}

export interface CarriedLine {
  readonly termios: readonly number[];
  readonly packets: readonly (readonly number[])[];
  readonly line: readonly number[];
}

/** Between the keys of a user (master) and the reads of a program (slave). */
export class LineDiscipline {
  termios: Termios = defaultTermios();
  /** Ready for the slave, one packet a read; an empty one is an end of file. */
  readonly packets: Uint8Array[] = [];
  #line: number[] = [];
  #literal = false;

  constructor(private readonly output: LineOutput) {}

  carry(): CarriedLine {
    const { termios, packets } = this;
    return {
      termios: [...encodeTermios(termios)],
      packets: packets.map((packet) => [...packet]),
      line: this.#line,
    };
  }

  restore({ termios, packets, line }: CarriedLine): void {
    this.termios = decodeTermios(Uint8Array.from(termios), this.termios);
    this.packets.push(...packets.map((packet) => Uint8Array.from(packet)));
    this.#line = [...line];
  }

  /** Bytes that were typed. */
  input(bytes: Uint8Array): void {
    for (const byte of bytes) this.#byte(byte);
    if (!this.#has(LocalFlag.ICANON)) this.#flushLine();
  }

  /** What a program wrote, as the terminal shows it. */
  cook(bytes: Uint8Array): Uint8Array {
    const both = OutputFlag.OPOST | OutputFlag.ONLCR;
    if ((this.termios.output & both) !== both || !bytes.includes(NEWLINE)) return bytes;
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte === NEWLINE) out.push(RETURN);
      out.push(byte);
    }
    return Uint8Array.from(out);
  }

  /** Drops what is typed and not read. */
  discard(): void {
    this.packets.length = 0;
    this.#line = [];
  }

  /** At most `length` bytes of the first packet; undefined when there is none. */
  take(length: number): Uint8Array | undefined {
    const first = this.packets.shift();
    if (first && first.length > length) this.packets.unshift(first.slice(length));
    return first?.subarray(0, length);
  }

  /** New modes: a line that was begun belongs to the program when lines are no longer gathered. */
  setTermios(termios: Termios): void {
    this.termios = termios;
    if (!this.#has(LocalFlag.ICANON)) this.#flushLine();
  }

  #byte(raw: number): void {
    if (this.#literal) {
      this.#literal = false;
      return this.#keep(raw);
    }
    const byte = this.#mapped(raw);
    if (byte === undefined || this.#signals(byte)) return;
    if (this.#has(LocalFlag.ICANON)) this.#canonical(byte);
    else this.#keep(byte);
  }

  #mapped(byte: number): number | undefined {
    const { input } = this.termios;
    if (byte === RETURN && (input & InputFlag.IGNCR) !== 0) return undefined;
    if (byte === RETURN && (input & InputFlag.ICRNL) !== 0) return NEWLINE;
    if (byte === NEWLINE && (input & InputFlag.INLCR) !== 0) return RETURN;
    return byte;
  }

  #signals(byte: number): boolean {
    if (!this.#has(LocalFlag.ISIG)) return false;
    const number = SIGNALS.find(([character]) => this.#is(byte, character))?.[1];
    if (number === undefined) return false;
    this.discard();
    if (this.#has(LocalFlag.ECHO)) this.output.echo(caret(byte));
    this.output.signal(number);
    return true;
  }

  #canonical(byte: number): void {
    const action = EDITING.find(([character]) => this.#is(byte, character))?.[1];
    if (action) action(this);
    else if (byte === NEWLINE) {
      if (this.#has(LocalFlag.ECHO) || this.#has(LocalFlag.ECHONL)) this.#echo([RETURN, NEWLINE]);
      this.#line.push(byte);
      this.#flushLine();
    } else this.#keep(byte);
  }

  #keep(byte: number): void {
    this.#line.push(byte);
    if (this.#line.length > RAW_LIMIT) this.#flushLine();
    if (!this.#has(LocalFlag.ECHO)) return;
    if (byte < 32 && byte !== 9) this.output.echo(caret(byte));
    else this.#echo([byte]);
  }

  endOfFile(): void {
    this.packets.push(Uint8Array.from(this.#line));
    this.#line = [];
  }

  erase(): void {
    let removed = this.#line.pop();
    if (removed === undefined) return;
    // The rest of a character of several bytes.
    while (removed !== undefined && (removed & 0xc0) === 0x80) removed = this.#line.pop();
    if (this.#has(LocalFlag.ECHO))
      this.#echo(removed !== undefined && removed < 32 ? [...BACKSPACE, ...BACKSPACE] : BACKSPACE);
  }

  eraseWord(): void {
    while (this.#line.at(-1) === 32) this.erase();
    while (this.#line.length > 0 && this.#line.at(-1) !== 32) this.erase();
  }

  kill(): void {
    while (this.#line.length > 0) this.erase();
  }

  reprint(): void {
    this.#echo([94, 82, RETURN, NEWLINE, ...this.#line]);
  }

  literalNext(): void {
    this.#literal = true;
  }

  #flushLine(): void {
    if (this.#line.length === 0) return;
    this.packets.push(Uint8Array.from(this.#line));
    this.#line = [];
  }

  #echo(bytes: readonly number[]): void {
    this.output.echo(Uint8Array.from(bytes));
  }

  #is(byte: number, character: number): boolean {
    return byte !== 0 && this.termios.characters[character] === byte;
  }

  #has(flag: number): boolean {
    return (this.termios.local & flag) !== 0;
  }
}

const SIGNALS = [
  [Character.INTR, Signal.INT],
  [Character.QUIT, Signal.QUIT],
  [Character.SUSP, Signal.TSTP],
] as const;

const EDITING: readonly (readonly [number, (line: LineDiscipline) => void])[] = [
  [Character.EOF, (line) => line.endOfFile()],
  [Character.ERASE, (line) => line.erase()],
  [Character.WERASE, (line) => line.eraseWord()],
  [Character.KILL, (line) => line.kill()],
  [Character.REPRINT, (line) => line.reprint()],
  [Character.LNEXT, (line) => line.literalNext()],
];

/** `^C` */
const caret = (byte: number): Uint8Array => Uint8Array.of(94, byte ^ 64);
