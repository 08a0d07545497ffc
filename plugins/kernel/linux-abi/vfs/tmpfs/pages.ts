/** The bytes of one file: sparse pages, holes read as zeroes. */
const PAGE_BYTES = 4096;

/** Takes pages from a budget that a whole file system shares; a refusal is the caller's ENOSPC. */
export interface PageBudget {
  /** False when `pages` more are not to be had. Negative gives back. */
  take(pages: number): boolean;
}

export class PagedBytes {
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;

  constructor(private readonly budget: PageBudget) {}

  get size(): number {
    return this.#size;
  }

  get residentBytes(): number {
    return this.#pages.size * PAGE_BYTES;
  }

  read(into: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(into.length, this.#size - position));
    for (let done = 0; done < length;) {
      const { page, start, count } = this.#piece(position + done, length - done);
      const bytes = this.#pages.get(page);
      if (bytes) into.set(bytes.subarray(start, start + count), done);
      else into.fill(0, done, done + count);
      done += count;
    }
    return length;
  }

  /** Bytes written: fewer than asked when the budget ends, 0 when it allows none. */
  write(from: Uint8Array, position: number): number {
    let done = 0;
    while (done < from.length) {
      const { page, start, count } = this.#piece(position + done, from.length - done);
      const bytes = this.#pages.get(page) ?? this.#add(page);
      if (!bytes) break;
      bytes.set(from.subarray(done, done + count), start);
      done += count;
    }
    if (done > 0) this.#size = Math.max(this.#size, position + done);
    return done;
  }

  resize(size: number): void {
    if (size < this.#size) this.#cut(size);
    this.#size = size;
  }

  #piece(position: number, rest: number) {
    const page = Math.floor(position / PAGE_BYTES);
    const start = position - page * PAGE_BYTES;
    return { page, start, count: Math.min(rest, PAGE_BYTES - start) };
  }

  #add(page: number): Uint8Array | undefined {
    if (!this.budget.take(1)) return undefined;
    const bytes = new Uint8Array(PAGE_BYTES);
    this.#pages.set(page, bytes);
    return bytes;
  }

  #cut(size: number): void {
    const { page: last, start } = this.#piece(size, 0);
    for (const page of [...this.#pages.keys()])
      if (page > last || (page === last && start === 0)) this.#drop(page);
    this.#pages.get(last)?.fill(0, start);
  }

  #drop(page: number): void {
    this.#pages.delete(page);
    this.budget.take(-1);
  }
}
