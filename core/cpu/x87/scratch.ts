import { State } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';

const at = i32.const(0);
const BASE = State.x87Private;

/** Kinds of operand and result. NaNs last, so that one comparison finds them. */
export const Class = { zero: 0, finite: 1, infinity: 2, quiet: 3, signalling: 4, unsupported: 5 } as const;

/** A number taken apart: (-1)^sign * high * 2^(exponent - 63); in results `low` continues `high`, bit 0 is sticky. */
const NUMBER_BYTES = 32;
export const OPERAND_A = BASE;
export const OPERAND_B = BASE + NUMBER_BYTES;
export const RESULT = BASE + 2 * NUMBER_BYTES;
const CONTROL = BASE + 3 * NUMBER_BYTES;
export const FLAGS = CONTROL;
export const UNMASKED = CONTROL + 24;

/** Lanes of vector operands and of the result on the slow path. */
export const LANES_A = CONTROL + 0x40;
export const LANES_B = LANES_A + 16;
export const LANES_RESULT = LANES_B + 16;

/** Two buffers of 32 bytes for meanings that pick lanes of vectors by numbers known only at run time. */
export const WIDE = { a: LANES_RESULT + 32, b: LANES_RESULT + 64 } as const;

/** A third operand, for fused multiplications. */
export const OPERAND_C = LANES_RESULT + 96;

export interface Field {
  /** The field's value now. */
  get(): Expr;
  set(value: Expr): Expr;
}

export const field32 = (offset: number): Field => ({
  get: () => i32.load(at, offset),
  set: (value) => i32.store(at, value, offset),
});

export const field64 = (offset: number): Field => ({
  get: () => i64.load(at, offset),
  set: (value) => i64.store(at, value, offset),
});

export interface NumberFields {
  readonly class: Field;
  readonly sign: Field;
  readonly exponent: Field;
  readonly high: Field;
  readonly low: Field;
}

const numberFields = (base: number): NumberFields => ({
  class: field32(base),
  sign: field32(base + 4),
  exponent: field32(base + 8),
  high: field64(base + 16),
  low: field64(base + 24),
});

export const a = numberFields(OPERAND_A);
export const b = numberFields(OPERAND_B);
export const r = numberFields(RESULT);
export const c = numberFields(OPERAND_C);

/** Fields of the number at an address known only at run time. */
export const numberAt = (address: Expr) => ({
  class: (value: Expr) => i32.store(address, value),
  sign: (value: Expr) => i32.store(address, value, 4),
  exponent: (value: Expr) => i32.store(address, value, 8),
  high: (value: Expr) => i64.store(address, value, 16),
});

/** How to round, and what has happened. */
export const control = {
  /** Exceptions so far, bits as in MXCSR and FSW. */
  flags: field32(CONTROL),
  /** 1 when the last rounding went away from zero (C1). */
  roundedUp: field32(CONTROL + 4),
  /** 0 nearest even, 1 down, 2 up, 3 to zero. */
  rounding: field32(CONTROL + 8),
  /** Bits of the significand. */
  precision: field32(CONTROL + 12),
  /** Exponents of the smallest and the largest normal number. */
  minExponent: field32(CONTROL + 16),
  maxExponent: field32(CONTROL + 20),
  /** Exceptions that are not masked. */
  unmasked: field32(CONTROL + 24),
  /** Nonzero: tiny results become zero. */
  flushToZero: field32(CONTROL + 28),
  /** Nonzero: denormal operands are zero. */
  denormalsAreZero: field32(CONTROL + 32),
  /** Added to the exponent of an unmasked overflow or underflow (taken from it, for an underflow the other way). */
  wrapExponent: field32(CONTROL + 36),
};

/** Exceptions of all lanes so far. */
export const laneFlags = field32(CONTROL + 40);

export const Exception = { IE: 1, DE: 2, ZE: 4, OE: 8, UE: 16, PE: 32 } as const;
export const PRECOMPUTATION = Exception.IE | Exception.DE | Exception.ZE;
