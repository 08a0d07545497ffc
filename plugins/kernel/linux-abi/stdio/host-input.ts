import type { Readable } from 'node:stream';

const HIGH_WATER_BYTES = 65_536;

/** Standard input from a pipe, socket or device. Nothing is read before the guest asks; then at most 64 KiB ahead of it. */
export class HostInput {
  readonly kind = 'input';
  #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  readonly #onData = (chunk: Buffer) => this.#receive(chunk);
  readonly #onEnd = () => this.#end();
  #stream: Readable | undefined;

  /** `open` is called when the guest first asks. `changed` is called when a read that had to wait may be tried again. */
  constructor(
    private readonly open: () => Readable,
    private readonly changed: () => void,
  ) {}

  /** Bytes for FIONREAD. */
  get available(): number {
    return this.#length;
  }

  /** A read would not wait. Asking starts the input. */
  get readable(): boolean {
    this.#listen();
    return this.#length > 0 || this.#ended;
  }

  /** Empty: the end. Undefined: nothing yet. */
  read(max: number): Uint8Array | undefined {
    this.#listen();
    const first = this.#chunks[0];
    if (!first) return this.#ended ? new Uint8Array() : undefined;
    const piece = first.subarray(0, max);
    if (piece.length < first.length) this.#chunks[0] = first.subarray(piece.length);
    else this.#chunks.shift();
    this.#length -= piece.length;
    if (this.#length < HIGH_WATER_BYTES && !this.#ended) this.#stream?.resume();
    return piece;
  }

  close(): void {
    this.#stream?.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onEnd);
    this.#stream?.pause();
    this.#chunks = [];
  }

  #listen(): void {
    if (this.#stream) return;
    this.#stream = this.open();
    this.#stream.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onEnd);
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length >= HIGH_WATER_BYTES) this.#stream?.pause();
    this.changed();
  }

  #end(): void {
    this.#ended = true;
    this.changed();
  }
}
