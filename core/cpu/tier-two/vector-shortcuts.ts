import type { Operation } from '../../isa/rows/sse-exact.js';
import { ordinaryResults } from '../../isa/rows/sse-exact.js';
import { lanesDenormal, lanesNormal } from '../../isa/rows/sse-support.js';
import type { Emitter } from '../emitter/emitter.js';
import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import { roundsOnce } from '../wasm/fused.js';
import { f32x4, f64x2, i32x4, i64x2, v128 } from '../wasm/simd-expr.js';
import type { FloatFrame } from './float-shortcuts.js';
import type { KnownNumbers } from './known-numbers.js';
import { topOf } from './low-lanes.js';
import type { Need } from './number-checks.js';
import { areWithin, areWithinOrZero, isNonzero, isWithin, rangeOf } from './number-checks.js';
import type { FormatName, Range } from './number-ranges.js';
import { fusedSum, isInside, isSafe, LIMITS, product, quotient, root, sum } from './number-ranges.js';
import type { RegionBody } from './region-body.js';
import { registerOf } from './vector-registers.js';

export const PACKED = /^V?(ADD|SUB|MUL|DIV|SQRT)(P)(S|D)_V/;
export const FUSED = /^VF(N?)M(ADDSUB|SUBADD|ADD|SUB)(132|213|231)([PS])(S|D)_V/;

/** Arithmetic that is quicker where MXCSR is plain. */
export const gainsByPlainFloat = (name: string): boolean =>
  PACKED.test(name) || FUSED.test(name) || /^V?(ADD|SUB|MUL|DIV|SQRT)S[SD]_V/.test(name);

const OPERATION: Readonly<Record<string, Operation>> = {
  ADD: 'add',
  SUB: 'subtract',
  MUL: 'multiply',
  DIV: 'divide',
};
const RANGES = { add: sum, subtract: sum, multiply: product, divide: quotient } as const;
const WASM_NAME = { add: 'add', subtract: 'sub', multiply: 'mul', divide: 'div' } as const;
/** Factors, then the addend. */
export const ORDERS: Readonly<Record<string, readonly [number, number, number]>> = {
  132: [0, 2, 1],
  213: [1, 0, 2],
  231: [1, 2, 0],
};

interface Format {
  readonly name: 'single' | 'double';
  readonly lanes: typeof f32x4 | typeof f64x2;
  readonly integers: typeof i32x4 | typeof i64x2;
  /** The number behind the smallest normal one, and the largest one. */
  readonly lowest: Expr;
  readonly largest: Expr;
  readonly sign: bigint;
  /** Far enough from the border that what differs from it differs by a normal number. */
  readonly safe: Expr;
}
const both = (bits: bigint) => v128.const64(bits | (bits << 32n));
const SINGLE: Format = {
  name: 'single',
  lanes: f32x4,
  integers: i32x4,
  lowest: both(0x80_0001n),
  largest: both(0x7f7f_ffffn),
  sign: 0x8000_0000n,
  safe: both(37n << 23n),
};
const DOUBLE: Format = {
  name: 'double',
  lanes: f64x2,
  integers: i64x2,
  lowest: v128.const64((1n << 52n) + 1n),
  largest: v128.const64((0x7ffn << 52n) - 1n),
  sign: 1n << 63n,
  safe: v128.const64(123n << 52n),
};
const NOTHING = v128.const64(0n);

/** A register or memory operand, 16 bytes after 16 bytes. */
interface Source {
  readonly parts: readonly Expr[];
  /** Where it lies, unless in memory. */
  readonly register: number | undefined;
  /** Of memory, once it has been asked. */
  range?: Range;
}

/** An instruction whose lanes are computed and then looked at. */
interface Computation {
  readonly format: Format;
  /** Only the low lane counts. */
  readonly isScalar: boolean;
  readonly sources: readonly Source[];
  readonly results: readonly Expr[];
  /** Of the results, by those of the sources; they are certain to be right where it is safe. */
  readonly range: (sources: readonly Range[]) => Range;
  /** Source 2 divides, source 1 is what a root is taken of, or source 3 is added. */
  readonly kind?: 'divide' | 'root' | 'fused';
  /** Which zeroes, and which normal numbers, are right; lane by lane of a part. */
  readonly right: (part: number) => Expr;
}

/**
 * Packed and fused arithmetic for a region that is entered only while MXCSR is plain. One branch asks whether all operands and results of an
 * instruction lie among the normal numbers; only where that is not so, each lane is looked at.
 */
export class VectorShortcuts {
  constructor(
    private readonly body: RegionBody,
    private readonly known: KnownNumbers,
    private readonly frame: FloatFrame,
  ) {}

  /** Emits the instruction, or says no where only its meaning will do. */
  emit(e: Emitter): boolean {
    const { name } = e.form.row;
    const plain = PACKED.exec(name);
    if (plain) {
      this.#finish(e, this.#arithmetic(e, plain));
      return true;
    }
    const fused = FUSED.exec(name);
    if (!fused || !roundsOnce()) return false;
    this.#finish(e, this.#fused(e, fused));
    return true;
  }

  #arithmetic(e: Emitter, [, name, , letter]: readonly string[]): Computation {
    const format = letter === 'S' ? SINGLE : DOUBLE;
    if (name === 'SQRT') return this.#root(e, format);
    const operation = OPERATION[name!]!;
    const second = this.#source(e, 1, false);
    const first = this.#source(e, 0, false);
    const compute = format.lanes[WASM_NAME[operation]];
    const results = first.parts.map((part, i) => this.body.let(compute(part, second.parts[i]!)));
    const right = (i: number) =>
      ordinaryResults(operation, format.name, first.parts[i]!, second.parts[i]!, results[i]!);
    const range = ([a, b]: readonly Range[]) => RANGES[operation](format.name, a!, b!);
    const kind = operation === 'divide' ? ('divide' as const) : undefined;
    return {
      format,
      isScalar: false,
      sources: [first, second],
      results,
      right,
      range,
      ...(kind && { kind }),
    };
  }

  #root(e: Emitter, format: Format): Computation {
    const source = this.#source(e, 1, false);
    const results = source.parts.map((part) => this.body.let(format.lanes.sqrt(part)));
    const right = (i: number) =>
      v128.or(lanesNormal(format.name, results[i]!), format.lanes.eq(results[i]!, NOTHING));
    const range = ([a]: readonly Range[]) => root(format.name, a!);
    return { format, isScalar: false, sources: [source], results, right, range, kind: 'root' };
  }

  #fused(e: Emitter, [, negated, kind, order, packed, letter]: readonly string[]): Computation {
    const format = letter === 'S' ? SINGLE : DOUBLE;
    const isScalar = packed === 'S';
    const operands = [0, 1, 2].map((i) => this.#source(e, i, isScalar));
    const sources = ORDERS[order!]!.map((i) => operands[i]!);
    const parts = (i: number) => sources.map(({ parts }) => parts[i]!) as [Expr, Expr, Expr];
    const turned = (value: Expr, signs: Expr | undefined) => (signs ? v128.xor(value, signs) : value);
    const results = sources[0]!.parts.map((_, i) => {
      const [x, y, z] = parts(i);
      const factor = turned(x, negated ? signs(format, 'SUB') : undefined);
      const addend = turned(z, kind === 'ADD' ? undefined : signs(format, kind!));
      return this.body.let(format.lanes.relaxedMultiplyAdd(factor, y, addend));
    });
    const right = (i: number) => {
      const { abs, eq, ge } = format.lanes;
      const [x, y, z] = parts(i);
      const exact = [ge(abs(z), format.safe), eq(x, NOTHING), eq(y, NOTHING)].reduce(v128.or);
      const zero = v128.and(eq(results[i]!, NOTHING), exact);
      return v128.or(lanesNormal(format.name, results[i]!), zero);
    };
    const range = ([x, y, z]: readonly Range[]) => fusedSum(format.name, x!, y!, z!);
    return { format, isScalar, sources, results, right, range, kind: 'fused' };
  }

  #source(e: Emitter, i: number, isScalar: boolean): Source {
    if (!e.isMemory(i)) {
      const register = registerOf(e, i);
      return { parts: isScalar ? [e.readRegister(i)] : e.readParts(i), register };
    }
    if (!isScalar) return { parts: e.readParts(i), register: undefined };
    const low = i64x2.replace(NOTHING, 0, e.read(i));
    return { parts: [e.let(low)], register: undefined };
  }

  #finish(e: Emitter, computation: Computation): void {
    const { format, isScalar, results } = computation;
    const range = this.frame.isNarrow ? this.#narrow(computation) : this.#confirm(computation);
    if (isScalar) e.writeRegister(0, lowLane(format, e.readRegister(0), results[0]!));
    else e.writeParts(0, results);
    this.known.learn(registerOf(e, -1), format.name, bytesOf(computation), range);
  }

  #rangeOf({ register, range }: Source, computation: Computation): Range | undefined {
    if (register === undefined) return range;
    return this.known.rangeOf(register, computation.format.name, bytesOf(computation));
  }

  #learn(source: Source, computation: Computation, range: Range): void {
    const { register } = source;
    if (register === undefined) source.range = range;
    else this.known.learn(register, computation.format.name, bytesOf(computation), range);
  }

  /** Asks as many of the sources as it takes for the results to be certain. */
  #narrow(computation: Computation): Range {
    const { format, sources, kind } = computation;
    const needOf = (i: number): Need => (kind === 'fused' && i === 2 ? 'loose' : 'tight');
    this.#requireDomain(computation);
    for (const isStrict of [false, true]) {
      for (const need of ['tight', 'loose'] as const) {
        const asked = sources.filter((source, i) => {
          const range = this.#rangeOf(source, computation);
          const isEnough = range && (!isStrict || isInside(range, rangeOf(format.name, need)));
          return needOf(i) === need && !isEnough;
        });
        if (asked.length > 0) this.#ask(computation, need, asked);
      }
      const range = computation.range(sources.map((source) => this.#rangeOf(source, computation)!));
      if (isSafe(format.name, range)) return range;
    }
    throw new Error('no range of tight numbers is unsafe');
  }

  #ask(computation: Computation, need: Need, asked: readonly Source[]): void {
    const { isScalar, format } = computation;
    const { name } = format;
    if (isScalar) for (const { parts } of asked) this.#askLow(name, need, parts[0]!);
    else {
      const vectors = [...new Map(asked.map((source) => [source.register ?? source, source])).values()];
      const parts = vectors.flatMap((source) => source.parts);
      this.body.unless(areWithin(name, need, parts), () =>
        this.frame.stray(i32.eqz(areWithinOrZero(name, need, parts))),
      );
    }
    for (const source of asked) this.#learn(source, computation, rangeOf(name, need));
  }

  #askLow(format: FormatName, need: Need, vector: Expr): void {
    const value = this.body.let((format === 'single' ? f32x4 : f64x2).extract(vector, 0));
    this.body.unless(isWithin(format, need, topOf(format, value)), () =>
      this.frame.stray(isNonzero(format, value)),
    );
  }

  /** Leaves where a divisor is zero, or a number that a root is taken of is negative. */
  #requireDomain({ kind, format, sources }: Computation): void {
    if (kind !== 'divide' && kind !== 'root') return;
    const { lanes, integers } = format;
    const odd = sources.at(-1)!.parts.map((part) => (kind === 'root' ? lanes.lt : lanes.eq)(part, NOTHING));
    this.frame.exit(integers.bitmask(odd.reduce(v128.or)));
  }

  /** Leaves unless operands are no denormals, and results are right. */
  #confirm(computation: Computation): Range {
    const { format, isScalar, results, right, sources, kind } = computation;
    const { body } = this;
    const { ordinary } = LIMITS[format.name];
    const unknown = sources.filter((source) => !this.#rangeOf(source, computation));
    const within = results.map((result, i) =>
      isNormal(format, [...unknown.map(({ parts }) => parts[i]!), result]),
    );
    const all = (masks: readonly Expr[]) => {
      const mask = masks.reduce(v128.and);
      return isScalar ? lowIsTrue(format, mask) : allTrue(format, mask);
    };
    body.if(i32.eqz(all(within)), () => {
      const fine = results.map((_, i) => {
        const denormal = unknown.map(({ parts }) => lanesDenormal(format.name, parts[i]!));
        return denormal.reduce((mask, odd) => v128.andNot(mask, odd), right(i));
      });
      this.frame.exit(i32.eqz(all(fine)));
    });
    // Zero divided by infinity is right.
    for (const source of unknown)
      if (kind !== 'divide' || source !== sources[1]) this.#learn(source, computation, ordinary);
    return ordinary;
  }
}

/** Lanes where all of these, the last one the result, are normal numbers. */
function isNormal({ lanes, lowest, largest }: Format, values: readonly Expr[]): Expr {
  const magnitudes = values.map(lanes.abs);
  const result = magnitudes.at(-1)!;
  const smallest = magnitudes.reduce((a, b) => lanes.pseudoMinimum(a, b));
  return v128.and(lanes.ge(smallest, lowest), lanes.le(result, largest));
}

const allTrue = ({ name, integers }: Format, mask: Expr): Expr =>
  i32.eq(integers.bitmask(mask), i32.const(name === 'single' ? 15 : 3));

function signs({ name, sign }: Format, kind: string): Expr {
  const [even, odd] = kind === 'SUB' ? [sign, sign] : kind === 'ADDSUB' ? [sign, 0n] : [0n, sign];
  return name === 'single' ? v128.const64(even | (odd << 32n)) : v128.const64(even, odd);
}

const bytesOf = ({ isScalar, format, results }: Computation) =>
  isScalar ? (format === SINGLE ? 4 : 8) : results.length * 16;

const lowIsTrue = ({ name }: Format, mask: Expr): Expr =>
  name === 'single' ? i32x4.extract(mask, 0) : i32.wrap(i64x2.extract(mask, 0));

const lowLane = ({ name }: Format, whole: Expr, value: Expr): Expr =>
  name === 'single'
    ? i32x4.replace(whole, 0, i32x4.extract(value, 0))
    : i64x2.replace(whole, 0, i64x2.extract(value, 0));
