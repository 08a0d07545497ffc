import type { Operation } from '../../isa/rows/sse-exact.js';
import { ordinaryResults } from '../../isa/rows/sse-exact.js';
import { lanesDenormal, lanesNormal } from '../../isa/rows/sse-support.js';
import type { Emitter } from '../emitter/emitter.js';
import { Field } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32 } from '../wasm/expr.js';
import { roundsOnce } from '../wasm/fused.js';
import { f32x4, f64x2, i32x4, i64x2, v128 } from '../wasm/simd-expr.js';
import { KnownNumbers } from './known-numbers.js';
import type { RegionBody } from './region-body.js';

const PACKED = /^V?(ADD|SUB|MUL|DIV|SQRT)(P)(S|D)_V/;
const SCALAR = /^V(ADD|SUB|MUL|DIV)(S)(S|D)_V/;
const FUSED = /^VF(N?)M(ADDSUB|SUBADD|ADD|SUB)(132|213|231)([PS])(S|D)_V/;

/** Arithmetic that is quicker where MXCSR is plain. */
export const gainsByPlainFloat = (name: string): boolean =>
  PACKED.test(name) || SCALAR.test(name) || FUSED.test(name) || /^(ADD|SUB|MUL|DIV|SQRT)S[SD]_V/.test(name);

const OPERATION: Readonly<Record<string, Operation>> = {
  ADD: 'add',
  SUB: 'subtract',
  MUL: 'multiply',
  DIV: 'divide',
};
const WASM_NAME = { add: 'add', subtract: 'sub', multiply: 'mul', divide: 'div' } as const;
/** Factors, then the addend. */
const ORDERS: Readonly<Record<string, readonly [number, number, number]>> = {
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
}
const both = (bits: bigint) => v128.const64(bits | (bits << 32n));
const SINGLE: Format = {
  name: 'single',
  lanes: f32x4,
  integers: i32x4,
  lowest: both(0x80_0001n),
  largest: both(0x7f7f_ffffn),
  sign: 0x8000_0000n,
};
const DOUBLE: Format = {
  name: 'double',
  lanes: f64x2,
  integers: i64x2,
  lowest: v128.const64((1n << 52n) + 1n),
  largest: v128.const64((0x7ffn << 52n) - 1n),
  sign: 1n << 63n,
};
const NOTHING = v128.const64(0n);

/** A register or memory operand, 16 bytes after 16 bytes. */
interface Source {
  readonly parts: readonly Expr[];
  /** Where it lies, unless in memory. */
  readonly register: number | undefined;
}

/** An instruction whose lanes are computed and then looked at. */
interface Computation {
  readonly format: Format;
  /** Only the low lane counts. */
  readonly isScalar: boolean;
  readonly sources: readonly Source[];
  readonly results: readonly Expr[];
  /** Which zeroes, and which normal numbers, are right; lane by lane of a part. */
  readonly right: (part: number) => Expr;
}

type Exit = (condition: Expr) => void;

/**
 * Packed and fused arithmetic for a region that is entered only while MXCSR is plain. One branch asks whether all operands and results of an
 * instruction lie among the normal numbers; only where that is not so, each lane is looked at.
 */
export class VectorShortcuts {
  /** Where no denormals lie. */
  readonly known = new KnownNumbers();

  constructor(private readonly body: RegionBody) {}

  /** Emits the instruction, or says no where only its meaning will do. */
  emit(e: Emitter, exit: Exit): boolean {
    const { name } = e.form.row;
    const plain = PACKED.exec(name) ?? SCALAR.exec(name);
    if (plain) {
      this.#finish(e, this.#arithmetic(e, plain), exit);
      return true;
    }
    const fused = FUSED.exec(name);
    if (!fused || !roundsOnce()) return false;
    this.#finish(e, this.#fused(e, fused), exit);
    return true;
  }

  #arithmetic(e: Emitter, [, name, kind, letter]: readonly string[]): Computation {
    const format = letter === 'S' ? SINGLE : DOUBLE;
    const isScalar = kind === 'S';
    if (name === 'SQRT') return this.#root(e, format);
    const operation = OPERATION[name!]!;
    const second = this.#source(e, 1, isScalar);
    const first = this.#source(e, 0, isScalar);
    const compute = format.lanes[WASM_NAME[operation]];
    const results = first.parts.map((part, i) => this.body.let(compute(part, second.parts[i]!)));
    const right = (i: number) =>
      ordinaryResults(operation, format.name, first.parts[i]!, second.parts[i]!, results[i]!);
    return { format, isScalar, sources: [first, second], results, right };
  }

  #root(e: Emitter, format: Format): Computation {
    const source = this.#source(e, 1, false);
    const results = source.parts.map((part) => this.body.let(format.lanes.sqrt(part)));
    const right = (i: number) =>
      v128.or(lanesNormal(format.name, results[i]!), format.lanes.eq(results[i]!, NOTHING));
    return { format, isScalar: false, sources: [source], results, right };
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
      const { eq, ne } = format.lanes;
      const [x, y, z] = parts(i);
      const exact = [ne(z, NOTHING), eq(x, NOTHING), eq(y, NOTHING)].reduce(v128.or);
      const zero = v128.and(eq(results[i]!, NOTHING), exact);
      return v128.or(lanesNormal(format.name, results[i]!), zero);
    };
    return { format, isScalar, sources, results, right };
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

  #finish(e: Emitter, computation: Computation, exit: Exit): void {
    const { format, isScalar, results, sources } = computation;
    this.#confirm(computation, exit);
    if (isScalar) e.writeRegister(0, lowLane(format, e.readRegister(0), results[0]!));
    else e.writeParts(0, results);
    const bytes = bytesOf(computation);
    const to = registerOf(e, -1);
    for (const { register } of sources) {
      if (register !== undefined && register !== to) this.known.learn(register, format.name, bytes);
    }
    this.known.learn(to, format.name, bytes);
  }

  #isKnown(register: number | undefined, computation: Computation): boolean {
    if (register === undefined) return false;
    return this.known.knows(register, computation.format.name, bytesOf(computation));
  }

  /** Leaves unless operands are no denormals, and results are right. */
  #confirm(computation: Computation, exit: Exit): void {
    const { format, isScalar, results, right } = computation;
    const { body } = this;
    const unknown = computation.sources.filter(({ register }) => !this.#isKnown(register, computation));
    const within = results.map((result, i) =>
      isWithin(format, [...unknown.map(({ parts }) => parts[i]!), result]),
    );
    const all = (masks: readonly Expr[]) => {
      const mask = masks.reduce(v128.and);
      return isScalar ? lowIsTrue(format, mask) : format.integers.allTrue(mask);
    };
    body.if(i32.eqz(all(within)), () => {
      const fine = results.map((_, i) => {
        const denormal = unknown.map(({ parts }) => lanesDenormal(format.name, parts[i]!));
        return denormal.reduce((mask, odd) => v128.andNot(mask, odd), right(i));
      });
      exit(i32.eqz(all(fine)));
    });
  }
}

/** Lanes where all of these, the last one the result, are normal numbers. */
function isWithin({ lanes, lowest, largest }: Format, values: readonly Expr[]): Expr {
  const magnitudes = values.map(lanes.abs);
  const result = magnitudes.at(-1)!;
  const smallest = magnitudes.reduce((a, b) => lanes.pseudoMinimum(a, b));
  return v128.and(lanes.ge(smallest, lowest), lanes.le(result, largest));
}

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

/** The vector register that is operand `i`, or the destination. */
function registerOf(e: Emitter, i: number): number {
  const { kind } = i < 0 ? e.destination(0) : e.operand(i);
  const field = kind === 'V' ? Field.reg : kind === 'H' ? Field.vvvv : Field.rm;
  return (e.field8(field).constant as number) >> 4;
}
