import { CHUNK_BYTES } from './calls.js';
import { concat, decodeUtf8, encodeUtf8 } from './utf8.js';
import type { Files } from './files.js';

const NEWLINE = 10;
const FLUSH_BYTES = 16_384;

/** Text and bytes to a descriptor, gathered until `flush` or 16 KiB. */
export class Writer {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(
    private readonly files: Files,
    readonly fd: number,
  ) {}

  write(content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= FLUSH_BYTES) this.flush();
  }

  line(text = ''): void {
    this.write(`${text}\n`);
  }

  flush(): void {
    if (this.#bytes === 0) return;
    const bytes = concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.files.write(this.fd, bytes);
  }
}

/** Lines of a descriptor as bytes without their newline; the last one may lack it. */
export class LineReader {
  #rest: Uint8Array = new Uint8Array();
  #ended = false;
  /** True when the line that was read last ended in a newline. */
  terminated = true;

  constructor(
    private readonly files: Files,
    private readonly fd: number,
    private readonly separator = NEWLINE,
  ) {}

  next(): Uint8Array | undefined {
    for (;;) {
      const end = this.#rest.indexOf(this.separator);
      if (end >= 0) return this.#take(end, true);
      if (this.#ended) return this.#rest.length > 0 ? this.#take(this.#rest.length, false) : undefined;
      const more = this.files.read(this.fd, CHUNK_BYTES);
      if (more.length === 0) this.#ended = true;
      else this.#rest = this.#rest.length > 0 ? concat([this.#rest, more]) : more;
    }
  }

  nextText(): string | undefined {
    const line = this.next();
    return line && decodeUtf8(line);
  }

  #take(end: number, terminated: boolean): Uint8Array {
    const line = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end + (terminated ? 1 : 0));
    this.terminated = terminated;
    return line;
  }
}
