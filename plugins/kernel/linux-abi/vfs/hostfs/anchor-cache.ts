import type { Anchor } from './anchor.js';

export interface Anchored {
  /** Nonzero: in use, not to be closed. */
  readonly pins: number;
}

/** Open directories, the least recently used closed first. What is pinned stays, even beyond the limit. */
export class AnchorCache<K extends Anchored> {
  readonly #open = new Map<K, Anchor>();

  constructor(
    private readonly limit: number,
    private readonly close: (anchor: Anchor) => void,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  get(owner: K): Anchor | undefined {
    const anchor = this.#open.get(owner);
    if (!anchor) return undefined;
    this.#open.delete(owner);
    this.#open.set(owner, anchor);
    return anchor;
  }

  add(owner: K, anchor: Anchor): void {
    this.#open.set(owner, anchor);
    for (const [old, oldAnchor] of this.#open) {
      if (this.#open.size <= this.limit) return;
      if (old.pins > 0 || old === owner) continue;
      this.#open.delete(old);
      this.close(oldAnchor);
    }
  }

  clear(): void {
    for (const anchor of this.#open.values()) this.close(anchor);
    this.#open.clear();
  }
}
