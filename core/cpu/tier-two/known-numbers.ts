import { State, VECTOR_STRIDE } from '../layout.js';

/** Which vector registers hold numbers, from the low end on, that the code before has asked about already. */
export class KnownNumbers {
  /** Bytes by register * 2, plus 1 for singles. */
  readonly #bytes = new Map<number, number>();

  /** Nothing is known any more. */
  forget(): void {
    this.#bytes.clear();
  }

  /** A vector register is written. */
  written(offset: number): void {
    const register = Math.floor((offset - State.vector) / VECTOR_STRIDE);
    for (const name of ['single', 'double'] as const) this.#bytes.delete(keyOf(register, name));
  }

  learn(register: number, name: 'single' | 'double', bytes: number): void {
    const key = keyOf(register, name);
    this.#bytes.set(key, Math.max(bytes, this.#bytes.get(key) ?? 0));
  }

  knows(register: number, name: 'single' | 'double', bytes: number): boolean {
    return (this.#bytes.get(keyOf(register, name)) ?? 0) >= bytes;
  }
}

const keyOf = (register: number, name: 'single' | 'double') => register * 2 + (name === 'single' ? 1 : 0);
