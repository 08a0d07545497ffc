import type { Readable, Writable } from 'node:stream';
import type { HostStream } from '../../plugins/kernel/linux-abi/files/stream-file.js';

const HIGH_WATER_BYTES = 1 << 20;

/** Standard input of the host as a stream of the guest; read only while the guest has room and asks. */
export class HostInput implements HostStream {
  readonly key: string;
  readonly writable = false;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #started = false;

  constructor(
    private readonly source: Readable,
    readonly text: string,
    private readonly changed: () => void,
  ) {
    this.key = `host:${text}`;
  }

  take(limit: number): Uint8Array | undefined {
    this.#start();
    const first = this.#chunks[0];
    if (!first) return this.#ended ? new Uint8Array() : undefined;
    const part = first.subarray(0, limit);
    if (part.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(part.length);
    this.#bytes -= part.length;
    if (this.#bytes < HIGH_WATER_BYTES) this.source.resume();
    return part;
  }

  get readable(): boolean {
    this.#start();
    return this.#chunks.length > 0 || this.#ended;
  }

  give(): undefined {
    return undefined;
  }

  /** Stops reading, so that the host process may end. */
  close(): void {
    this.source.pause();
    this.source.removeAllListeners('data');
    (this.source as { unref?: () => void }).unref?.();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.source.on('data', (chunk: Buffer) => this.#arrived(chunk));
    for (const event of ['end', 'error', 'close']) this.source.on(event, () => this.#finish());
  }

  #arrived(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= HIGH_WATER_BYTES) this.source.pause();
    this.changed();
  }

  #finish(): void {
    this.#ended = true;
    this.changed();
  }
}

/** Standard output or error of the host as a stream of the guest, with the host's own backpressure. */
export class HostOutput implements HostStream {
  readonly key: string;
  readonly readable = false;
  #closed = false;

  constructor(
    private readonly sink: Writable,
    readonly text: string,
    changed: () => void,
  ) {
    this.key = `host:${text}`;
    sink.on('drain', changed);
    sink.on('error', () => {
      this.#closed = true;
      changed();
    });
  }

  take(): Uint8Array {
    return new Uint8Array();
  }

  give(bytes: Uint8Array): number | undefined {
    if (this.#closed) return undefined;
    if (!this.writable) return 0;
    this.sink.write(Buffer.from(bytes));
    return bytes.length;
  }

  get writable(): boolean {
    return this.#closed || this.sink.writableLength < HIGH_WATER_BYTES;
  }

  /** Resolves when everything has gone out. */
  flush(): Promise<void> {
    if (this.#closed || this.sink.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.sink.once('error', () => resolve());
      this.sink.write('', () => resolve());
    });
  }
}
