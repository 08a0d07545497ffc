export type Frame =
  | { readonly kind: 'packet'; readonly body: string }
  | { readonly kind: 'damaged' | 'interrupt' | 'ack' | 'nak' };

const START = 0x24; // $
const END = 0x23; // #
const OUTSIDE = new Map<number, 'interrupt' | 'ack' | 'nak'>([
  [0x03, 'interrupt'],
  [0x2b, 'ack'],
  [0x2d, 'nak'],
]);

/** Turns a byte stream, cut anywhere, into frames. Holds at most `maxBodyBytes` of an unfinished packet. */
export class Framer {
  #state: 'outside' | 'body' | 'checksum' = 'outside';
  #body = '';
  #sum = 0;
  #digits = '';
  #oversize = false;

  constructor(readonly maxBodyBytes: number) {}

  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) at = this.#read(chunk, at, frames);
    return frames;
  }

  /** Reads one piece from `at` on and answers where the next begins. */
  #read(chunk: Uint8Array, at: number, frames: Frame[]): number {
    if (this.#state === 'body') return this.#readBody(chunk, at, frames);
    const byte = chunk[at] ?? 0;
    if (this.#state === 'checksum') this.#readDigit(byte, frames);
    else if (byte === START) this.#begin();
    else this.#readOutside(byte, frames);
    return at + 1;
  }

  #readOutside(byte: number, frames: Frame[]): void {
    const kind = OUTSIDE.get(byte);
    if (kind) frames.push({ kind });
  }

  #begin(): void {
    this.#state = 'body';
    this.#body = '';
    this.#sum = 0;
    this.#digits = '';
    this.#oversize = false;
  }

  #readBody(chunk: Uint8Array, at: number, frames: Frame[]): number {
    let end = at;
    while (end < chunk.length && chunk[end] !== END && chunk[end] !== START) this.#sum += chunk[end++] ?? 0;
    this.#keep(chunk.subarray(at, end));
    if (end === chunk.length) return end;
    if (chunk[end] === END) this.#state = 'checksum';
    else this.#restart(frames);
    return end + 1;
  }

  #keep(piece: Uint8Array): void {
    if (this.#body.length + piece.length > this.maxBodyBytes) this.#oversize = true;
    if (this.#oversize) this.#body = '';
    else this.#body += Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
  }

  /** A bare `$` never occurs inside a body, so the packet before it lost its end. */
  #restart(frames: Frame[]): void {
    frames.push({ kind: 'damaged' });
    this.#begin();
  }

  #readDigit(byte: number, frames: Frame[]): void {
    if (byte === START) return this.#restart(frames);
    this.#digits += String.fromCharCode(byte);
    if (this.#digits.length < 2) return;
    this.#state = 'outside';
    frames.push(this.#intact() ? { kind: 'packet', body: this.#body } : { kind: 'damaged' });
  }

  #intact(): boolean {
    const expected = (this.#sum & 0xff).toString(16).padStart(2, '0');
    return !this.#oversize && this.#digits.toLowerCase() === expected;
  }
}
