/** Which bytes of physical pages some code consists of. */
export class CodeBytes {
  /** By page: where pieces begin, and behind each of them where it ends. */
  readonly #pieces = new Map<number, number[]>();

  get pages(): IterableIterator<number> {
    return this.#pieces.keys();
  }

  add(page: number, from: number, to: number): void {
    const pieces = this.#pieces.get(page) ?? [];
    this.#pieces.set(page, pieces);
    if (pieces.at(-1) === from) pieces[pieces.length - 1] = to;
    else pieces.push(from, to);
  }

  has(page: number): boolean {
    return this.#pieces.has(page);
  }

  /** Whether one of the bytes `from` to the one before `to` of a page is among them. */
  meets(page: number, from: number, to: number): boolean {
    const pieces = this.#pieces.get(page) ?? [];
    return pieces.some((start, i) => i % 2 === 0 && start < to && from < pieces[i + 1]!);
  }
}
