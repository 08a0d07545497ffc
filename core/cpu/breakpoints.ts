import type { Undo } from './types.js';

interface Breakpoint {
  readonly linear: bigint;
  readonly applies: (() => boolean) | undefined;
}

/** Linear addresses to stop at. Records know them by their offset in a page, execution checks the whole address. */
export class Breakpoints {
  readonly #byOffset = new Map<number, Set<Breakpoint>>();
  /** Where execution has stopped: it goes on from there without stopping again. */
  passing: bigint | undefined;

  add(linear: bigint, applies: (() => boolean) | undefined, changed: (offset: number) => void): Undo {
    const offset = Number(linear & 0xfffn);
    const breakpoint = { linear: BigInt.asUintN(64, linear), applies };
    const here = this.#byOffset.get(offset) ?? new Set();
    this.#byOffset.set(offset, here.add(breakpoint));
    changed(offset);
    return () => {
      if (!here.delete(breakpoint)) return;
      if (here.size === 0) this.#byOffset.delete(offset);
      changed(offset);
    };
  }

  get any(): boolean {
    return this.#byOffset.size > 0;
  }

  atOffset(offset: number): boolean {
    return this.#byOffset.has(offset);
  }

  stopsAt(linear: bigint): boolean {
    if (this.passing === linear) {
      this.passing = undefined;
      return false;
    }
    const here = this.#byOffset.get(Number(linear & 0xfffn));
    if (!here) return false;
    return [...here].some((breakpoint) => breakpoint.linear === linear && breakpoint.applies?.() !== false);
  }
}
