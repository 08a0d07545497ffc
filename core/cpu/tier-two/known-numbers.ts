import { State, VECTOR_STRIDE } from '../layout.js';
import type { FormatName, Range } from './number-ranges.js';
import { either } from './number-ranges.js';

const FORMATS = ['single', 'double'] as const;

interface Known {
  /** From the low end of the register on. */
  readonly bytes: number;
  readonly range: Range;
}

/** What the code before has found out about numbers in vector registers. */
export class KnownNumbers {
  #known = new Map<number, Known>();

  /** Nothing is known any more. */
  forget(): void {
    this.#known.clear();
  }

  /** A vector register is written. */
  written(offset: number): void {
    for (const format of FORMATS) this.#known.delete(keyOf(registerAt(offset), format));
  }

  learn(register: number, format: FormatName, bytes: number, range: Range): void {
    this.#known.set(keyOf(register, format), { bytes, range });
  }

  /** The range of the numbers in so many bytes. */
  rangeOf(register: number, format: FormatName, bytes: number): Range | undefined {
    const known = this.#known.get(keyOf(register, format));
    return known && known.bytes >= bytes ? known.range : undefined;
  }

  /** A register becomes a copy of another one as far as `bytes`. */
  copy(from: number, to: number, bytes: number): void {
    for (const format of FORMATS) {
      const known = this.#known.get(keyOf(from, format));
      if (known) this.#known.set(keyOf(to, format), { ...known, bytes: Math.min(bytes, known.bytes) });
    }
  }

  /** As it is now. */
  snapshot(): KnownNumbers {
    const copy = new KnownNumbers();
    copy.#known = new Map(this.#known);
    return copy;
  }

  /** What is known wherever one comes from. */
  meet(all: readonly KnownNumbers[]): void {
    this.forget();
    const [first, ...others] = all;
    if (!first) return;
    for (const [key, known] of first.#known) {
      const met = others.reduce<Known | undefined>((sofar, other) => {
        const there = other.#known.get(key);
        if (!sofar || !there) return undefined;
        return { bytes: Math.min(sofar.bytes, there.bytes), range: either(sofar.range, there.range) };
      }, known);
      if (met) this.#known.set(key, met);
    }
  }
}

/** The vector register that a byte of the state belongs to. */
export const registerAt = (offset: number) => Math.floor((offset - State.vector) / VECTOR_STRIDE);

const keyOf = (register: number, format: FormatName) => register * 2 + (format === 'single' ? 1 : 0);
