import { MEMORY_OBJECT_PATH } from '../../../core/abi/scheme-protocol.js';
import { Open } from '../../../core/abi/flags.js';
import { decodeWords, encodeWords } from '../../../core/abi/wire.js';
import { CHUNK_BYTES } from './calls.js';
import { INTERNAL_FD_BASE } from './fd-table.js';
import { concat, decodeUtf8, encodeUtf8 } from './utf8.js';
import type { Os } from './os.js';

const WORD_BYTES = 8;
const LEAST_JOURNAL_BYTES = 65_536;

/** A snapshot, and what was noted since. */
export interface Kept {
  readonly snapshot: unknown;
  readonly records: readonly unknown[];
}

/**
 * State of a service in memory objects, for the next one when this one dies at any moment. Two objects take turns: a word with a
 * generation, 0 for none, then texts of JSON, each behind a word with its length. The kernel does a write wholly or not at all.
 */
export class Vault {
  readonly fds: readonly number[];
  #current = 0;
  #generation = 0;
  #endBytes = 0;
  #limitBytes = 0;

  /** New, or that of a predecessor. */
  constructor(
    private readonly os: Os,
    fds?: readonly number[],
  ) {
    this.fds = fds ?? [this.#create(), this.#create()];
    const generations = this.fds.map((fd) => this.#generationOf(fd));
    this.#generation = Math.max(...generations);
    this.#current = generations.indexOf(this.#generation);
    this.#endBytes = this.#sizeOf(this.#currentFd);
    // Notes stand behind a snapshot.
    this.#limitBytes = this.#generation === 0 ? 0 : this.#endBytes + LEAST_JOURNAL_BYTES;
  }

  /** Undefined when nothing has been put in yet. */
  read(): Kept | undefined {
    if (this.#generation === 0) return undefined;
    const bytes = this.#readAll();
    const texts: unknown[] = [];
    for (let at = WORD_BYTES; at + WORD_BYTES <= bytes.length;) {
      const [length = 0] = decodeWords(bytes.subarray(at, at + WORD_BYTES));
      at += WORD_BYTES;
      texts.push(JSON.parse(decodeUtf8(bytes.subarray(at, at + length))));
      at += length;
    }
    return { snapshot: texts[0], records: texts.slice(1) };
  }

  /** Notes a change. False when it is time for a snapshot instead, which then holds the change as well. */
  note(record: unknown): boolean {
    const bytes = framed(record);
    if (bytes.length > CHUNK_BYTES || this.#endBytes + bytes.length > this.#limitBytes) return false;
    this.os.calls.writeAt(this.#currentFd, bytes, this.#endBytes);
    this.#endBytes += bytes.length;
    return true;
  }

  /** Puts a snapshot in the place of everything. */
  replace(snapshot: unknown): void {
    const bytes = concat([encodeWords([0]), framed(snapshot)]);
    const next = 1 - this.#current;
    const fd = this.fds[next] ?? 0;
    this.os.files.truncate(fd, 0);
    for (let at = 0; at < bytes.length;) at += this.os.calls.writeAt(fd, bytes.subarray(at), at);
    this.os.calls.writeAt(fd, encodeWords([this.#generation + 1]), 0);
    this.os.files.truncate(this.#currentFd, 0);
    this.#current = next;
    this.#generation += 1;
    this.#endBytes = bytes.length;
    this.#limitBytes = bytes.length * 2 + LEAST_JOURNAL_BYTES;
  }

  get #currentFd(): number {
    return this.fds[this.#current] ?? 0;
  }

  #create(): number {
    const memory = this.os.namespace.root('memory');
    return this.os.fds.using(
      (slot) => this.os.calls.openat(memory, MEMORY_OBJECT_PATH, Open.RDWR, slot),
      INTERNAL_FD_BASE,
    );
  }

  #generationOf(fd: number): number {
    return decodeWords(this.os.calls.readAt(fd, WORD_BYTES, 0))[0] ?? 0;
  }

  #sizeOf(fd: number): number {
    return this.os.calls.fstat(fd).size;
  }

  #readAll(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < this.#endBytes; at += parts.at(-1)?.length ?? 0) {
      parts.push(this.os.calls.readAt(this.#currentFd, CHUNK_BYTES, at));
      if (parts.at(-1)?.length === 0) break;
    }
    return concat(parts);
  }
}

function framed(value: unknown): Uint8Array {
  const bytes = encodeUtf8(JSON.stringify(value));
  return concat([encodeWords([bytes.length]), bytes]);
}
