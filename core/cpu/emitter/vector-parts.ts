import type { Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import type { Emitter } from './emitter.js';

/**
 * A 256-bit form as two runs of a meaning that knows 128 bits: operands show one half after the other, and results are kept until both
 * halves are there, because the second may still fault.
 */
export class VectorParts {
  isHigh = false;
  readonly #results: readonly Local[];
  readonly #exceptions: Local;
  readonly #operands = new Map<number, Expr[]>();

  constructor(private readonly e: Emitter) {
    this.#results = [e.body.temporary('v128'), e.body.temporary('v128')];
    this.#exceptions = e.body.temporary('i32');
    e.body.set(this.#exceptions, i32.const(0));
  }

  /** What the lanes of one half have raised. */
  noteExceptions(flags: Expr): void {
    this.e.body.set(this.#exceptions, i32.or(this.exceptions, flags));
  }

  get exceptions(): Expr {
    return this.e.body.get(this.#exceptions);
  }

  /** Operands of 16 bytes are the same in both runs. */
  read(i: number): Expr {
    let parts = this.#operands.get(i);
    if (!parts) this.#operands.set(i, (parts = this.e.readParts(i)));
    return parts[this.isHigh ? 1 : 0] ?? parts[0]!;
  }

  keep(value: Expr): void {
    this.e.body.set(this.#results[this.isHigh ? 1 : 0]!, value);
  }

  get results(): Expr[] {
    return this.#results.map((local) => this.e.body.get(local));
  }
}

/** What a meaning for 128 bits leaves in its destination, for each half of the operands. */
export function computeParts(e: Emitter, does: (e: Emitter) => void): VectorParts {
  const parts = new VectorParts(e);
  e.parts = parts;
  does(e);
  parts.isHigh = true;
  does(e);
  e.parts = undefined;
  return parts;
}
