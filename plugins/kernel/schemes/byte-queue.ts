/** Bytes in order of arrival, in chunks, so that neither end copies more than it moves. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Keeps the chunk itself: the caller must not write to it again. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  take(limit: number): Uint8Array {
    const first = this.#chunks[0];
    if (first && first.length <= limit && first.length === this.#length) return this.#takeFirst(first);
    const bytes = new Uint8Array(Math.min(limit, this.#length));
    for (let at = 0; at < bytes.length;) at += this.#takeInto(bytes, at);
    this.#length -= bytes.length;
    return bytes;
  }

  #takeFirst(chunk: Uint8Array): Uint8Array {
    this.#chunks = [];
    this.#length = 0;
    return chunk;
  }

  #takeInto(bytes: Uint8Array, at: number): number {
    const first = this.#chunks[0] ?? new Uint8Array();
    const part = first.subarray(0, bytes.length - at);
    bytes.set(part, at);
    if (part.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(part.length);
    return part.length;
  }
}
