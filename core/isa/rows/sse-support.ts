import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32, state64, toState64, zero } from '../../cpu/emitter/emitter.js';
import { replaceFlags } from '../../cpu/emitter/flags.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import { i32x4, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import { laneFlags, LANES_A, LANES_B, LANES_RESULT } from '../../cpu/x87/scratch.js';
import type { FormatName } from '../../cpu/x87/vector.js';
import type { Meaning, Row } from '../row.js';

const XM = 19;
const UD = 6;
const OSXMMEXCPT = i64.const(1 << 10);

/** Rows of the SSE unit, from [name, encoding, meaning, the rest]. */
export type RowTuple = readonly [string, string, Meaning, (Partial<Row> | undefined)?];
export const sse = (rows: readonly RowTuple[]): Row[] =>
  rows.map(([name, encoding, does, rest]) => ({ name, encoding, does, unit: 'sse', ...rest }));

/** All 16 bytes of a register operand, whatever its code says. */
export const register = (e: Emitter, i: number) => e.readRegister(i);
export const setRegister = (e: Emitter, i: number, value: Expr) => e.writeRegister(i, value);

/** The source as a vector: a memory operand that is narrower than 16 bytes fills the low part, the rest is zero. */
export function source(e: Emitter, i: number): Expr {
  if (e.form.row.fraction) return fractionOf(e, i, e.form.row.fraction);
  if (!e.isMemory(i)) return register(e, i);
  if (e.sizeOf(i) >= 128) return e.readVector(i);
  return e.let(i64x2.replace(v128.const64(0n), 0, e.read(i)));
}

export type Binary = (a: Expr, b: Expr) => Expr;

/** destination = destination op source, all 16 bytes. */
export const lanes =
  (compute: Binary): Meaning =>
  (e) => {
    const b = source(e, 1);
    setRegister(e, 0, compute(register(e, 0), b));
  };

const BYTES = Array.from({ length: 16 }, (_, i) => i);

/** The bytes that a half of the destination is made of, in the low part. */
function fractionOf(e: Emitter, i: number, fraction: number): Expr {
  const value = e.readVector(i);
  if (!e.parts?.isHigh) return value;
  const moved = BYTES.map((at) => (at + 16 / fraction) & 15);
  return e.let(i8x16.shuffle(value, value, moved));
}

/** The immediate, moved down by so many bits where the upper half of a 256-bit form has bits of its own. */
export const partOfImmediate = (e: Emitter, bitsPerPart: number): Expr => {
  const whole = i32.wrap(e.immediate(8));
  return e.let(e.parts?.isHigh ? i32.shrU(whole, i32.const(bitsPerPart)) : whole);
};

export interface LaneShape {
  readonly format: FormatName;
  /** All lanes of the register, or the low one. */
  readonly packed: boolean;
}
export const PS: LaneShape = { format: 'single', packed: true };
export const PD: LaneShape = { format: 'double', packed: true };
export const SS: LaneShape = { format: 'single', packed: false };
export const SD: LaneShape = { format: 'double', packed: false };

export const laneCount = ({ format, packed }: LaneShape) => (packed ? (format === 'single' ? 4 : 2) : 1);

/** Masked, to nearest, denormals as they are, and inexact already noted: exceptions need no look at ordinary numbers. */
export const nothingToNote = () =>
  i32.eq(i32.and(state32(State.mxcsr), i32.const(0xffe0)), i32.const(0x1fa0));

interface Limits {
  readonly magnitude: bigint;
  readonly minNormal: bigint;
  readonly infinity: bigint;
}
const LIMITS: Record<FormatName, Limits> = {
  single: { magnitude: 0x7fff_ffffn, minNormal: 0x80_0000n, infinity: 0x7f80_0000n },
  double: { magnitude: 2n ** 63n - 1n, minNormal: 2n ** 52n, infinity: 0x7ffn << 52n },
};

const magnitude = (format: FormatName, bits: Expr) => i64.and(bits, i64.const(LIMITS[format].magnitude));

/** A normal result, and not the smallest one, which may have been tiny before rounding. */
export function isNormal(format: FormatName, bits: Expr): Expr {
  const { minNormal, infinity } = LIMITS[format];
  const above = i64.sub(magnitude(format, bits), i64.const(minNormal + 1n));
  return i64.ltU(above, i64.const(infinity - minNormal - 1n));
}

export function notDenormal(format: FormatName, bits: Expr): Expr {
  const { minNormal } = LIMITS[format];
  return i64.geU(i64.sub(magnitude(format, bits), i64.const(1)), i64.const(minNormal - 1n));
}

/** Zero, normal or infinite. */
export function isOrdinary(format: FormatName, bits: Expr): Expr {
  const { minNormal, infinity } = LIMITS[format];
  const size = magnitude(format, bits);
  return i32.or(i64.leU(i64.sub(size, i64.const(minNormal)), i64.const(infinity - minNormal)), i64.eqz(size));
}

const splat = (format: FormatName, value: bigint) =>
  v128.const64(format === 'single' ? value | (value << 32n) : value);
const lanesOf = (format: FormatName) => (format === 'single' ? i32x4 : i64x2);

/** The same three questions for all lanes at once: all ones where the answer is yes. */
export function lanesNormal(format: FormatName, value: Expr): Expr {
  const { magnitude: mask, minNormal, infinity } = LIMITS[format];
  const lanes = lanesOf(format);
  const size = v128.and(value, splat(format, mask));
  const above = lanes.gtS(size, splat(format, minNormal));
  return v128.and(above, lanes.ltS(size, splat(format, infinity)));
}

export function lanesDenormal(format: FormatName, value: Expr): Expr {
  const { magnitude: mask, minNormal } = LIMITS[format];
  const lanes = lanesOf(format);
  const size = v128.and(value, splat(format, mask));
  return v128.and(lanes.gtS(size, v128.const64(0n)), lanes.ltS(size, splat(format, minNormal)));
}

export function lanesNan(format: FormatName, value: Expr): Expr {
  const { magnitude: mask, infinity } = LIMITS[format];
  return lanesOf(format).gtS(v128.and(value, splat(format, mask)), splat(format, infinity));
}

export const allTrue = (format: FormatName, mask: Expr) => lanesOf(format).allTrue(mask);

/** Raises the SIMD exception when `vectorFaults` (or what stands for it) says so. */
export function raiseVector(e: Emitter, faults = 'vectorFaults'): void {
  if (e.parts) return e.parts.noteExceptions(laneFlags.get());
  e.body.if(e.helper(faults), () => {
    e.body.if(i64.eqz(i64.and(state64(State.cr4), OSXMMEXCPT)), () => e.fault(UD));
    e.fault(XM);
  });
}

/** Runs a library function over the lane buffers; the answer is the destination with its lanes replaced. */
export function onLanes(e: Emitter, first: Expr, second: Expr, run: () => Expr, faults?: string): Expr {
  const { body } = e;
  body.do(v128.store(zero, first, LANES_A));
  body.do(v128.store(zero, second, LANES_B));
  body.do(v128.store(zero, first, LANES_RESULT));
  body.do(run());
  raiseVector(e, faults);
  return v128.load(zero, LANES_RESULT);
}

export const asVector = (bits: Expr) => i64x2.replace(v128.const64(0n), 0, bits);

/** ZF PF CF from a relation (1 less, 2 equal, 8 unordered); OF SF AF are cleared. */
export function setOrderFlags(e: Emitter, relation: Expr): void {
  const has = (mask: number) => i32.ne(i32.and(relation, i32.const(mask)), zero);
  replaceFlags(e);
  e.body.do(toState64(State.zeroResult, i64.extendU(i32.eqz(has(2 | 8)))));
  e.body.do(toState64(State.signResult, i64.extendU(i32.eqz(has(8)))));
  const carry = i64.extendU(i32.mul(has(1 | 8), i32.const(3)));
  e.body.do(toState64(State.carries, i64.shl(carry, i64.const(62))));
}
