import { highHalf, linearOf, lowHalf } from './halves.js';
import type { AccessKind, CpuBus, Undo, WatchHit, WatchKind } from './types.js';

interface Watch {
  readonly linear: bigint;
  readonly length: number;
  readonly kind: WatchKind;
  readonly applies: (() => boolean) | undefined;
}

interface Placed extends Watch {
  /** Unsigned halves of `linear`. */
  readonly low: number;
  readonly high: number;
}

const PAGE_BYTES = 4096;
const HALF = 2 ** 32;

/** Ranges of linear addresses whose accesses stop the machine. Their pages stay out of the TLB. */
export class Watchpoints {
  /** An array, because every access to a watched page looks through them. */
  #watches: readonly Placed[] = [];
  last: WatchHit | undefined;
  /** Nobody has been asked about the last hit yet. */
  isHit = false;

  get any(): boolean {
    return this.#watches.length > 0;
  }

  /** Those that lie in a range of physical memory at this time. `translate` answers undefined for what is not mapped. */
  rangesAt(
    physical: number,
    length: number,
    translate: (linear: bigint) => number | undefined,
  ): readonly { readonly linear: bigint; readonly length: number }[] {
    return this.#watches.filter((watch) => {
      const start = translate(watch.linear);
      return start !== undefined && physical < start + watch.length && start < physical + length;
    });
  }

  add(watch: Watch, changed: () => void): Undo {
    const placed = { ...watch, low: lowHalf(watch.linear), high: highHalf(watch.linear) };
    this.#watches = [...this.#watches, placed];
    changed();
    return () => {
      if (!this.#watches.includes(placed)) return;
      this.#watches = this.#watches.filter((watch) => watch !== placed);
      changed();
    };
  }

  /** Sets 1 for each page that has a watch, by the low bits of its number. */
  mark(pages: Uint8Array): void {
    pages.fill(0);
    for (const { low, length } of this.#watches) {
      const count = Math.ceil(((low % PAGE_BYTES) + length) / PAGE_BYTES);
      for (let i = 0; i < Math.min(count, pages.length); i++)
        pages[(Math.floor(low / PAGE_BYTES) + i) % pages.length] = 1;
    }
  }

  /** Whether the program has to stop for a hit: one that the machine around does not answer. */
  holds(bus: Pick<CpuBus, 'watch'>): boolean {
    if (!this.isHit || !this.last) return false;
    this.isHit = false;
    return !bus.watch?.(this.last);
  }

  /** True when some watch wants to see accesses of this kind to the page of an address, given in halves. */
  watchesPage(low: number, high: number, kind: AccessKind): boolean {
    for (const watch of this.#watches)
      if (overlaps(watch, low & -PAGE_BYTES, high, PAGE_BYTES) && covers(watch, kind)) return true;
    return false;
  }

  /** True when the access to an address, given in halves, hits; `last` then says where. */
  check(low: number, high: number, length: number, kind: AccessKind): boolean {
    for (const watch of this.#watches) {
      if (!overlaps(watch, low, high, length) || !covers(watch, kind) || watch.applies?.() === false)
        continue;
      const linear = distance(watch, low, high) > 0 ? linearOf(low, high) : watch.linear;
      this.last = { linear, kind };
      return true;
    }
    return false;
  }
}

/** Bytes from the watch to the address. Exact where it is small; numbers, because BigInt would cost more than the access itself. */
const distance = (watch: Placed, low: number, high: number): number =>
  ((high >>> 0) - watch.high) * HALF + ((low >>> 0) - watch.low);

function overlaps(watch: Placed, low: number, high: number, length: number): boolean {
  const bytes = distance(watch, low, high);
  return bytes < watch.length && -bytes < length;
}

const covers = (watch: Watch, kind: AccessKind) => watch.kind === 'access' || watch.kind === kind;
