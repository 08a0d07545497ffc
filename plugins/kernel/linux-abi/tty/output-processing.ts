import { OutputFlag } from './termios.js';
import type { Termios } from './termios.js';

const NEWLINE = 10;
const RETURN = 13;
const TAB = 9;
const BACKSPACE = 8;
const TAB_STOP = 8;
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** What a terminal does to bytes on their way out, and the column it believes the cursor is in. */
export class OutputProcessing {
  column = 0;

  process(bytes: Uint8Array, { output }: Termios): Uint8Array {
    if ((output & OutputFlag.OPOST) === 0) return bytes;
    const out: number[] = [];
    for (const byte of bytes) this.#one(byte, output, out);
    return Uint8Array.from(out);
  }

  #one(byte: number, flags: number, out: number[]): void {
    const special = specials.get(byte);
    if (special) return special.call(this, flags, out);
    if (byte >= 0x20 && byte !== 0x7f && !isContinuation(byte)) this.column += 1;
    const upper = (flags & OutputFlag.OLCUC) !== 0 && byte >= 0x61 && byte <= 0x7a;
    out.push(upper ? byte - 0x20 : byte);
  }

  newline(flags: number, out: number[]): void {
    const returns = (flags & OutputFlag.ONLCR) !== 0;
    if (returns || (flags & OutputFlag.ONLRET) !== 0) this.column = 0;
    if (returns) out.push(RETURN);
    out.push(NEWLINE);
  }

  carriageReturn(flags: number, out: number[]): void {
    if ((flags & OutputFlag.ONOCR) !== 0 && this.column === 0) return;
    if ((flags & OutputFlag.OCRNL) !== 0) {
      out.push(NEWLINE);
      if ((flags & OutputFlag.ONLRET) !== 0) this.column = 0;
      return;
    }
    this.column = 0;
    out.push(RETURN);
  }

  tab(flags: number, out: number[]): void {
    const spaces = TAB_STOP - (this.column % TAB_STOP);
    this.column += spaces;
    if ((flags & OutputFlag.TABDLY) !== OutputFlag.XTABS) out.push(TAB);
    else for (let i = 0; i < spaces; i++) out.push(0x20);
  }

  backspace(_flags: number, out: number[]): void {
    if (this.column > 0) this.column -= 1;
    out.push(BACKSPACE);
  }
}

const specials = new Map<number, (this: OutputProcessing, flags: number, out: number[]) => void>([
  [NEWLINE, OutputProcessing.prototype.newline],
  [RETURN, OutputProcessing.prototype.carriageReturn],
  [TAB, OutputProcessing.prototype.tab],
  [BACKSPACE, OutputProcessing.prototype.backspace],
]);
