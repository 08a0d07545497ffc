import { INTERNAL_FD_BASE } from './fd-table.js';
import {
  decodeTermios,
  defaultTermios,
  encodeTermios,
  LocalFlag,
  TERMIOS_BYTES,
  Winsize,
} from './termios.js';
import { decodeUtf8, encodeUtf8, wholeCharacters } from './utf8.js';
import type { Files } from './files.js';

/** A terminal as a program uses it. Without line discipline (the bare console) the modes are what they are: raw. */
export class Terminal {
  #saved: Uint8Array | undefined;
  #rest: Uint8Array = new Uint8Array();

  constructor(
    private readonly files: Files,
    private readonly input: number,
    private readonly output: number,
  ) {}

  /** Keys arrive one by one, unechoed; Ctrl-C is a character. */
  enterRaw(): void {
    const termios = this.#get('termios', TERMIOS_BYTES);
    if (!termios) return;
    this.#saved ??= termios;
    const modes = decodeTermios(termios, defaultTermios());
    modes.local &= ~(LocalFlag.ISIG | LocalFlag.ICANON | LocalFlag.ECHO);
    this.#set('termios', encodeTermios(modes));
  }

  /** Back to what it was before `enterRaw`. */
  restore(): void {
    if (this.#saved) this.#set('termios', this.#saved);
    this.#saved = undefined;
  }

  /** The process group that Ctrl-C and Ctrl-Z reach. */
  setForeground(group: number): void {
    this.#set('pgrp', new Uint8Array(Uint32Array.of(group).buffer));
  }

  get columns(): number {
    const size = this.#get('winsize', Winsize.sizeBytes);
    return (size && Winsize.decode(size).columns) || 80;
  }

  /** Undefined at the end of input. */
  read(): string | undefined {
    for (;;) {
      const bytes = this.files.read(this.input, 1024);
      if (bytes.length === 0) return undefined;
      const all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
      const end = wholeCharacters(all);
      this.#rest = all.slice(end);
      if (end > 0) return decodeUtf8(all.subarray(0, end));
    }
  }

  write(text: string): void {
    this.files.write(this.output, encodeUtf8(text));
  }

  #get(name: string, length: number): Uint8Array | undefined {
    return this.#with(name, (fd) => {
      const bytes = this.files.read(fd, length);
      return bytes.length === length ? bytes.slice() : undefined;
    });
  }

  #set(name: string, bytes: Uint8Array): void {
    this.#with(name, (fd) => this.files.write(fd, bytes));
  }

  /** Undefined when the terminal has no such part. */
  #with<T>(name: string, use: (fd: number) => T): T | undefined {
    let fd: number;
    try {
      fd = this.files.subObject(this.input, name, INTERNAL_FD_BASE);
    } catch {
      return undefined;
    }
    try {
      return use(fd);
    } finally {
      this.files.close(fd);
    }
  }
}
