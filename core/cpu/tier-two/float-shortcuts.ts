import type { Emitter } from '../emitter/emitter.js';
import type { Expr } from '../wasm/expr.js';
import { setOrderFlags } from '../../isa/rows/sse-support.js';
import { i32, i64 } from '../wasm/expr.js';
import { f32, f64 } from '../wasm/float-expr.js';
import { f32x4, f64x2, v128 } from '../wasm/simd-expr.js';
import type { KnownNumbers } from './known-numbers.js';
import { FLOATS, LowLanes, topOf } from './low-lanes.js';
import { isNonzero, isWithin, rangeOf } from './number-checks.js';
import type { FormatName, Range } from './number-ranges.js';
import { isInside, isSafe, LIMITS, product, quotient, root, sum } from './number-ranges.js';
import type { RegionBody } from './region-body.js';
import { registerOf } from './vector-registers.js';

export type Exit = (condition: Expr) => void;

/** What the region lends to shortcuts. */
export interface FloatFrame {
  /** Numbers may be asked for more than being ordinary; `stray` leaves where they are ordinary, but not so. */
  readonly isNarrow: boolean;
  exit: Exit;
  stray: Exit;
}

export const ARITHMETIC = /^V?(ADD|SUB|MUL|DIV|SQRT)(SS|SD)_V/;
export const COPY = /^V?MOV(AP[SD]|UP[SD]|DQA|DQU)_V/;
const LOAD = /^MOVS(S|D)_Vs[sd]_Ws[sd]$/;
const STORE = /^MOVS(S|D)_Ws[sd]_Vs[sd]$/;

export const COMPARISON = /^V?U?COMIS(S|D)_V/;
const FROM_INTEGER = /^V?CVTSI2S(S|D)_V/;
const WIDEN = /^V?CVTSS2SD_V/;
const CLEARS = /^V?(PXOR|XORP[SD])_V/;
const ZEROES: Range = { least: 0, grain: 0, most: 0 };

type Operation = 'add' | 'sub' | 'mul' | 'div' | 'sqrt';
const RANGES = { add: sum, sub: sum, mul: product, div: quotient } as const;

/** One source of a scalar instruction. */
interface Source {
  readonly value: Expr;
  readonly top: () => Expr;
  /** Where it lies, unless in memory. */
  readonly register: number | undefined;
  range: Range | undefined;
}

/**
 * Scalar arithmetic for a region that is entered only while MXCSR is plain. Numbers are asked once whether they lie in a range; what is
 * computed from them needs no question as long as it is certain to be normal or an exact zero. In a region for numbers of all magnitudes each number
 * and result is asked whether it is zero or normal.
 */
export class FloatShortcuts {
  readonly lanes: LowLanes;

  constructor(
    private readonly body: RegionBody,
    private readonly known: KnownNumbers,
    private readonly frame: FloatFrame,
  ) {
    this.lanes = new LowLanes(body);
  }

  /** Emits the instruction, or says no where only its meaning will do. */
  emit(e: Emitter): boolean {
    const { row, variant } = e.form;
    if (variant === 'r' && COPY.test(row.name)) {
      this.#copy(e);
      return true;
    }
    if (variant === 'm' && LOAD.test(row.name)) return this.#load(e, formatOf(LOAD.exec(row.name)![1]!));
    if (variant === 'm' && STORE.test(row.name)) return this.#store(e, formatOf(STORE.exec(row.name)![1]!));
    const comparison = COMPARISON.exec(row.name);
    if (comparison) {
      this.#compare(e, formatOf(comparison[1]!));
      return true;
    }
    const match = ARITHMETIC.exec(row.name);
    if (!match) return this.#note(e);
    this.#operate(e, match[1]!.toLowerCase() as Operation, formatOf(match[2]!.slice(1)));
    return true;
  }

  #copy(e: Emitter): void {
    const [from, to] = [registerOf(e, 1), registerOf(e, -1)];
    e.form.row.does(e);
    if (from === to) return;
    this.known.copy(from, to, e.size / 8);
    this.lanes.copy(from, to);
  }

  #load(e: Emitter, format: FormatName): boolean {
    const to = registerOf(e, -1);
    const { value, top } = this.#fromMemory(e, format, 1);
    e.writeRegister(0, inVector(format, v128.const64(0n), value));
    this.lanes.set(to, format, value, top());
    return true;
  }

  #store(e: Emitter, format: FormatName): boolean {
    const from = registerOf(e, 1);
    if (!this.lanes.isKnown(from, format)) return false;
    const host = e.translate(e.address(0), bytesOf(format), 'write');
    this.body.do(FLOATS[format].store(host, this.lanes.get(from, format)));
    return true;
  }

  /** Instructions whose meaning is quick enough, but whose results are known. */
  #note(e: Emitter): boolean {
    const { row, variant } = e.form;
    const integer = FROM_INTEGER.exec(row.name);
    if (integer) {
      const format = formatOf(integer[1]!);
      return this.#doAndLearn(e, [format], bytesOf(format), { least: 0, grain: 0, most: e.sizeOf(1) });
    }
    if (variant !== 'r') return false;
    if (CLEARS.test(row.name) && registerOf(e, 0) === registerOf(e, 1))
      return this.#doAndLearn(e, ['single', 'double'], e.size / 8, ZEROES);
    const range = WIDEN.test(row.name) && this.known.rangeOf(registerOf(e, 1), 'single', 4);
    return range ? this.#doAndLearn(e, ['double'], 8, range) : false;
  }

  #doAndLearn(e: Emitter, formats: readonly FormatName[], bytes: number, range: Range): true {
    e.form.row.does(e);
    for (const format of formats) this.known.learn(registerOf(e, -1), format, bytes, range);
    return true;
  }

  /** Numbers that are no NaNs and not denormal compare without exceptions. */
  #compare(e: Emitter, format: FormatName): void {
    const second = this.#source(e, 1, format);
    const first = this.#source(e, 0, format);
    for (const source of [first, second]) {
      if (source.register !== undefined && this.#rangeOf(source, format)) continue;
      const bits = this.body.let(withoutSign(format, source.value));
      this.body.unless(isNormalOrInfinite(format, bits), () =>
        this.frame.exit(isNonzero(format, source.value)),
      );
    }
    const { lt, eq } = FLOATS[format];
    const equal = i32.shl(eq(first.value, second.value), i32.const(1));
    setOrderFlags(e, this.body.let(i32.or(lt(first.value, second.value), equal)));
  }

  #operate(e: Emitter, operation: Operation, format: FormatName): void {
    const second = this.#source(e, 1, format);
    const to = registerOf(e, -1);
    const sources = operation === 'sqrt' ? [second] : [this.#source(e, 0, format), second];
    const compute = () => this.body.let(computed(operation, format, sources));
    let [result, range] = [undefined as Expr | undefined, LIMITS[format].ordinary];
    if (this.frame.isNarrow) {
      range = this.#narrow(operation, format, sources);
      if (operation === 'sqrt') this.frame.exit(FLOATS[format].lt(second.value, zeroOf(format)));
      if (operation === 'div') this.frame.exit(i32.eqz(isNonzero(format, second.value)));
      result = compute();
    } else {
      for (const source of sources) this.#requireOrdinary(format, source);
      if (operation === 'sqrt') this.frame.exit(FLOATS[format].lt(second.value, zeroOf(format)));
      result = compute();
      if (operation !== 'sqrt') this.#requireResult(format, operation, sources, result);
    }
    e.writeRegister(0, inVector(format, e.readRegister(0), result));
    this.known.learn(to, format, bytesOf(format), range);
    this.lanes.set(to, format, result);
  }

  /** Asks as many of the sources as it takes for the result to be certain. */
  #narrow(operation: Operation, format: FormatName, sources: readonly Source[]): Range {
    const tight = rangeOf(format, 'tight');
    for (const mayAsk of [(range?: Range) => !range, (range?: Range) => !range || !isInside(range, tight)]) {
      for (const source of sources) {
        source.range = this.#rangeOf(source, format);
        if (!mayAsk(source.range)) continue;
        this.#requireTight(format, source);
        source.range = tight;
      }
      for (const source of sources) source.range = this.#rangeOf(source, format);
      const range = rangeOfResult(operation, format, sources);
      if (isSafe(format, range)) return range;
    }
    throw new Error('no range of tight numbers is unsafe');
  }

  #rangeOf({ register, range }: Source, format: FormatName): Range | undefined {
    return register === undefined ? range : this.known.rangeOf(register, format, bytesOf(format));
  }

  #requireTight(format: FormatName, { value, top, register }: Source): void {
    this.body.unless(isWithin(format, 'tight', top()), () => this.frame.stray(isNonzero(format, value)));
    if (register !== undefined) this.known.learn(register, format, bytesOf(format), rangeOf(format, 'tight'));
  }

  #source(e: Emitter, i: number, format: FormatName): Source {
    if (e.isMemory(i)) return { ...this.#fromMemory(e, format, i), register: undefined, range: undefined };
    const register = registerOf(e, i);
    const value = this.lanes.get(register, format);
    return { value, top: () => this.lanes.top(register, format), register, range: undefined };
  }

  #fromMemory(e: Emitter, format: FormatName, i: number): { value: Expr; top: () => Expr } {
    const host = e.translate(e.address(i), bytesOf(format), 'read');
    const value = this.body.let(FLOATS[format].load(host));
    let top: Expr | undefined;
    return { value, top: () => (top ??= this.body.let(i32.load(host, bytesOf(format) - 4))) };
  }

  /** Leaves unless the number is zero or normal. */
  #requireOrdinary(format: FormatName, { value, register }: Source): void {
    if (register !== undefined && this.known.rangeOf(register, format, bytesOf(format))) return;
    const bits = this.body.let(withoutSign(format, value));
    this.body.unless(isNormal(format, bits, 0), () => this.frame.exit(isNonzero(format, value)));
    if (register !== undefined) this.known.learn(register, format, bytesOf(format), LIMITS[format].ordinary);
  }

  /** Leaves unless the result is normal, or a zero that does not come from underflow. */
  #requireResult(format: FormatName, operation: Operation, sources: readonly Source[], result: Expr): void {
    const bits = this.body.let(withoutSign(format, result));
    const [a, b] = sources.map(({ value }) => value) as [Expr, Expr];
    this.body.unless(isNormal(format, bits, 1), () => {
      this.frame.exit(isNonzero(format, result));
      if (operation === 'mul') this.frame.exit(i32.and(isNonzero(format, a), isNonzero(format, b)));
      if (operation === 'div') this.frame.exit(isNonzero(format, a));
    });
  }
}

const formatOf = (letter: string): FormatName => (letter === 'S' ? 'single' : 'double');
const bytesOf = (format: FormatName) => (format === 'single' ? 4 : 8);
const zeroOf = (format: FormatName) => (format === 'single' ? f32.reinterpret(i32.const(0)) : f64.const(0));

const inVector = (format: FormatName, whole: Expr, value: Expr): Expr =>
  (format === 'single' ? f32x4 : f64x2).replace(whole, 0, value);

function computed(operation: Operation, format: FormatName, sources: readonly Source[]): Expr {
  const [a, b] = sources.map(({ value }) => value) as [Expr, Expr];
  return operation === 'sqrt' ? FLOATS[format].sqrt(a) : FLOATS[format][operation](a, b);
}

function rangeOfResult(operation: Operation, format: FormatName, sources: readonly Source[]): Range {
  const [a, b] = sources.map(({ range }) => range!) as [Range, Range];
  return operation === 'sqrt' ? root(format, a) : RANGES[operation](format, a, b);
}

/** The bits of a number, shifted left by one. */
const withoutSign = (format: FormatName, value: Expr): Expr =>
  format === 'single'
    ? i32.shl(topOf(format, value), i32.const(1))
    : i64.shl(i64.reinterpretF64(value), i64.const(1));

function isNormalOrInfinite(format: FormatName, shifted: Expr): Expr {
  if (format === 'single')
    return i32.ltU(i32.sub(shifted, i32.const(0x100_0000)), i32.const(0xfe00_0001 | 0));
  return i64.ltU(i64.sub(shifted, i64.const(1n << 53n)), i64.const((0x7fen << 53n) + 1n));
}

/** `tiny`: how many of the smallest normal numbers do not count, because they may have been tiny before rounding. */
function isNormal(format: FormatName, shifted: Expr, tiny: 0 | 1): Expr {
  if (format === 'single')
    return i32.ltU(i32.sub(shifted, i32.const(0x100_0000 + tiny)), i32.const((0xfe00_0000 - tiny) | 0));
  const first = (1n << 53n) + BigInt(tiny);
  return i64.ltU(i64.sub(shifted, i64.const(first)), i64.const((0x7fen << 53n) - BigInt(tiny)));
}
