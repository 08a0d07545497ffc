import { State, VECTOR_STRIDE } from '../layout.js';
import type { Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { f32, f64 } from '../wasm/float-expr.js';
import { registerAt } from './known-numbers.js';
import type { FormatName } from './number-ranges.js';
import type { RegionBody } from './region-body.js';

export const FLOATS = { single: f32, double: f64 } as const;
const FORMATS = ['single', 'double'] as const;
const TYPE = { single: 'f32', double: 'f64' } as const;

export const vectorAt = (register: number) => State.vector + register * VECTOR_STRIDE;

interface Lane {
  readonly value: Local;
  readonly top: Local;
  isValid: boolean;
  hasTop: boolean;
}

/**
 * The low lanes of vector registers as floats of their own beside the registers: what is computed from them one after the other need not be
 * put into a vector and taken out again.
 */
export class LowLanes {
  readonly #lanes: Record<FormatName, Map<number, Lane>> = { single: new Map(), double: new Map() };

  constructor(private readonly body: RegionBody) {}

  forget(): void {
    for (const format of FORMATS) for (const lane of this.#lanes[format].values()) lane.isValid = false;
  }

  /** A vector register is written. */
  written(offset: number): void {
    for (const format of FORMATS) {
      const lane = this.#lanes[format].get(registerAt(offset));
      if (lane) lane.isValid = false;
    }
  }

  get(register: number, format: FormatName): Expr {
    const lane = this.#lane(register, format);
    if (!lane.isValid) this.set(register, format, FLOATS[format].load(i32.const(0), vectorAt(register)));
    return this.body.get(lane.value);
  }

  isKnown(register: number, format: FormatName): boolean {
    return this.#lanes[format].get(register)?.isValid ?? false;
  }

  /** The upper four bytes: sign, exponent and some digits. */
  top(register: number, format: FormatName): Expr {
    const lane = this.#lane(register, format);
    return lane.isValid && lane.hasTop ? this.body.get(lane.top) : topOf(format, this.get(register, format));
  }

  /** What a register has got already; `top`, where its upper bytes are at hand. */
  set(register: number, format: FormatName, value: Expr, top?: Expr): void {
    const lane = this.#lane(register, format);
    this.body.set(lane.value, value);
    if (top) this.body.set(lane.top, top);
    lane.isValid = true;
    lane.hasTop = top !== undefined;
  }

  /** A register has become a copy of another one. */
  copy(from: number, to: number): void {
    if (from === to) return;
    for (const format of FORMATS) {
      const lane = this.#lanes[format].get(from);
      if (!lane?.isValid) continue;
      const { value, top, hasTop } = lane;
      this.set(to, format, this.body.get(value), hasTop ? this.body.get(top) : undefined);
    }
  }

  #lane(register: number, format: FormatName): Lane {
    const lanes = this.#lanes[format];
    let lane = lanes.get(register);
    if (!lane) {
      const { body } = this;
      lane = { value: body.local(TYPE[format]), top: body.local('i32'), isValid: false, hasTop: false };
      lanes.set(register, lane);
    }
    return lane;
  }
}

export const topOf = (format: FormatName, value: Expr): Expr =>
  format === 'single'
    ? i32.reinterpretF32(value)
    : i32.wrap(i64.shrU(i64.reinterpretF64(value), i64.const(32)));
