import type { AccessKind, Undo, WatchHit, WatchKind } from './types.js';

interface Watch {
  readonly linear: bigint;
  readonly length: number;
  readonly kind: WatchKind;
  readonly applies: (() => boolean) | undefined;
}

const PAGE_MASK = ~0xfffn;

/** Ranges of linear addresses whose accesses stop the machine. Their pages stay out of the TLB. */
export class Watchpoints {
  readonly #watches = new Set<Watch>();
  last: WatchHit | undefined;

  get any(): boolean {
    return this.#watches.size > 0;
  }

  /** Those that lie in a range of physical memory at this time. `translate` answers undefined for what is not mapped. */
  rangesAt(
    physical: number,
    length: number,
    translate: (linear: bigint) => number | undefined,
  ): readonly { readonly linear: bigint; readonly length: number }[] {
    return [...this.#watches].filter((watch) => {
      const start = translate(watch.linear);
      return start !== undefined && physical < start + watch.length && start < physical + length;
    });
  }

  add(watch: Watch, changed: () => void): Undo {
    this.#watches.add(watch);
    changed();
    return () => {
      if (this.#watches.delete(watch)) changed();
    };
  }

  /** True when some watch wants to see accesses of this kind to the page. */
  watchesPage(linear: bigint, kind: AccessKind): boolean {
    const page = linear & PAGE_MASK;
    for (const watch of this.#watches) {
      const first = watch.linear & PAGE_MASK;
      const last = (watch.linear + BigInt(watch.length - 1)) & PAGE_MASK;
      if (page >= first && page <= last && covers(watch, kind)) return true;
    }
    return false;
  }

  /** True when the access hits; `last` then says where. */
  check(linear: bigint, length: number, kind: AccessKind): boolean {
    for (const watch of this.#watches) {
      const overlaps = linear < watch.linear + BigInt(watch.length) && watch.linear < linear + BigInt(length);
      if (!overlaps || !covers(watch, kind) || watch.applies?.() === false) continue;
      this.last = { linear: linear > watch.linear ? linear : watch.linear, kind };
      return true;
    }
    return false;
  }
}

const covers = (watch: Watch, kind: AccessKind) => watch.kind === 'access' || watch.kind === kind;
