interface Segment {
  bytes: number[];
  /** How many are read. */
  taken: number;
  /** A line, ended by a newline or by end of file; otherwise bytes that came without lines. */
  readonly isLine: boolean;
}

/** What has been typed and may be read: lines, and bytes typed while there were no lines. */
export class InputQueue {
  #segments: Segment[] = [];
  #length = 0;

  /** Bytes, without ends of file. */
  get length(): number {
    return this.#length;
  }

  get hasLine(): boolean {
    return this.#segments.length > 0;
  }

  /** A whole line; an empty one is an end of file. */
  addLine(bytes: number[]): void {
    this.#segments.push({ bytes, taken: 0, isLine: true });
    this.#length += bytes.length;
  }

  addBytes(bytes: readonly number[]): void {
    if (bytes.length === 0) return;
    const last = this.#segments.at(-1);
    if (last && !last.isLine) last.bytes.push(...bytes);
    else this.#segments.push({ bytes: [...bytes], taken: 0, isLine: false });
    this.#length += bytes.length;
  }

  /** From the first line only. Empty: end of file. */
  takeLine(max: number): Uint8Array {
    const first = this.#segments[0];
    return first ? this.#take(first, max) : new Uint8Array();
  }

  /** As many bytes as there are, whatever lines they form. */
  takeBytes(max: number): Uint8Array {
    const out: number[] = [];
    for (let first = this.#segments[0]; first && out.length < max; first = this.#segments[0])
      out.push(...this.#take(first, max - out.length));
    return Uint8Array.from(out);
  }

  clear(): void {
    this.#segments = [];
    this.#length = 0;
  }

  #take(segment: Segment, max: number): Uint8Array {
    const piece = segment.bytes.slice(segment.taken, segment.taken + max);
    segment.taken += piece.length;
    this.#length -= piece.length;
    if (segment.taken >= segment.bytes.length) this.#segments.shift();
    return Uint8Array.from(piece);
  }
}
