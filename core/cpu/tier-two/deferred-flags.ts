import type { DeferredFlags, FlagOperation } from '../emitter/flags.js';
import { addCarries } from '../emitter/flags.js';
import type { GprSize } from '../emitter/machine-emitter.js';
import { State } from '../layout.js';
import type { Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { RegionBody } from './region-body.js';

/** What the flags follow from: the flag words themselves, or an operation of some size on the two operands. */
export type Origin = 'words' | Operation;

interface Operation {
  readonly operation: FlagOperation;
  readonly size: GprSize;
}

type Comparison = (a: Expr, b: Expr) => Expr;

const WORDS = [State.zeroResult, State.signResult, State.carries] as const;
/** In the code of an origin: it is an operation, it subtracts; below, how far its results lie from the top of 64 bits. */
const [IS_OPERATION, SUBTRACTS, SHIFT] = [0x80, 0x40, 0x3f];
const AF = i64.const(8);
const zero = i64.const(0);

/** One object each, so that they can be compared. */
const OPERATIONS = new Map(
  (['add', 'sub'] as const).flatMap((operation) =>
    ([8, 16, 32, 64] as const).map((size): [string, Operation] => [
      `${operation}${size}`,
      { operation, size },
    ]),
  ),
);

const codeOf = ({ operation, size }: Operation) =>
  IS_OPERATION | (operation === 'sub' ? SUBTRACTS : 0) | (64 - size);

/**
 * The flags of a region: an addition or comparison keeps its operands, and the flag words are computed where somebody wants
 * them, on most ways out only. A condition behind a comparison compares the operands.
 */
export class RegionFlags implements DeferredFlags {
  /** How the flags are kept at this point of the code; undefined where ways meet: then the local tells. */
  origin: Origin | undefined = 'words';
  readonly #code: Local;
  readonly #a: Local;
  readonly #b: Local;
  #isUsed = false;

  constructor(
    private readonly body: RegionBody,
    /** The local of a flag word. */
    private readonly word: (offset: number) => Local,
  ) {
    this.#code = body.local('i32');
    this.#a = body.local('i64');
    this.#b = body.local('i64');
  }

  defer(operation: FlagOperation, size: GprSize, a: Expr, b: Expr): void {
    this.body.changed = true;
    this.#isUsed = true;
    this.body.set(this.#a, a);
    this.body.set(this.#b, b);
    // Nobody asks for the words any more: where the compiler sees that, it need not keep them.
    for (const word of WORDS) this.body.set(this.word(word), zero);
    this.#become(OPERATIONS.get(`${operation}${size}`)!);
  }

  replaced(): void {
    if (this.origin !== 'words') this.#become('words');
  }

  #become(origin: Origin): void {
    this.origin = origin;
    if (origin === 'words') for (const operand of [this.#a, this.#b]) this.body.set(operand, zero);
    this.body.set(this.#code, i32.const(origin === 'words' ? 0 : codeOf(origin)));
  }

  /** A flag word as the code to get it. */
  read(offset: number): Expr {
    if (this.origin === undefined) this.#settleAny();
    const { origin } = this;
    if (origin === 'words' || origin === undefined) return this.body.get(this.word(offset));
    return offset === State.carries ? this.#carries(origin) : this.#signed(origin);
  }

  /** A flag word is written: the others are kept beside it from now on. */
  written(offset: number): void {
    if (this.origin === undefined) this.#settleAny();
    const { origin } = this;
    if (origin === 'words' || origin === undefined) return;
    for (const other of WORDS) if (other !== offset) this.body.set(this.word(other), this.read(other));
    this.#become('words');
  }

  /** Computes the words from what the local tells, for the end of the region. */
  settleAtEnd(): void {
    if (this.#isUsed) this.#settleAny();
  }

  /** Carries of a difference are those of the sum that leads back: a - b = d is d + b = a. */
  #settleAny(): void {
    const { body } = this;
    const code = body.get(this.#code);
    const [a, b] = [body.get(this.#a), body.get(this.#b)];
    body.if(code, () =>
      body.scope(() => {
        const subtracts = body.let(i32.and(code, i32.const(SUBTRACTS)));
        const shift = body.let(i64.extendU(i32.and(code, i32.const(SHIFT))));
        const result = body.let(select(subtracts, i64.sub(a, b), i64.add(a, b)));
        const carries = addCarries(
          body.let(select(subtracts, result, a)),
          b,
          body.let(select(subtracts, a, result)),
        );
        body.set(this.word(State.carries), carriesAt(body.let(carries), shift));
        const signed = body.let(i64.shrS(i64.shl(result, shift), shift));
        body.set(this.word(State.zeroResult), signed);
        body.set(this.word(State.signResult), signed);
      }),
    );
    this.#become('words');
  }

  #result({ operation }: Operation): Expr {
    const [a, b] = [this.body.get(this.#a), this.body.get(this.#b)];
    return operation === 'sub' ? i64.sub(a, b) : i64.add(a, b);
  }

  #signed(origin: Operation): Expr {
    return extended(this.#result(origin), origin.size);
  }

  #carries(origin: Operation): Expr {
    const [a, b] = [this.body.get(this.#a), this.body.get(this.#b)];
    const { operation, size } = origin;
    const result = this.#result(origin);
    return carriesAt(
      operation === 'add' ? addCarries(a, b, result) : addCarries(result, b, a),
      i64.const(64 - size),
    );
  }

  /** Condition codes as in Jcc, as far as they can be had from the operands. */
  condition(code: number): Expr | undefined {
    const { origin } = this;
    if (origin === 'words' || origin === undefined) return undefined;
    const even = this.#even(origin, code >> 1);
    return even && (code & 1 ? i32.eqz(even) : even);
  }

  #even(origin: Operation, half: number): Expr | undefined {
    if (half === SIGN) return i64.ltS(this.#signed(origin), zero);
    if (origin.operation === 'sub') return this.#compared(origin.size, half);
    if (half === EQUAL) return i64.eqz(this.#signed(origin));
    return half === BELOW ? this.#carried(origin) : undefined;
  }

  /** A sum that is less than an operand has carried. */
  #carried(origin: Operation): Expr {
    const a = this.body.get(this.#a);
    const sum = this.#result(origin);
    if (origin.size === 64) return i64.ltU(sum, a);
    return i64.ltU(i64.and(sum, i64.const((1n << BigInt(origin.size)) - 1n)), a);
  }

  #compared(size: GprSize, half: number): Expr | undefined {
    const comparison = (size === 64 ? WIDE : NARROW)[half];
    if (!comparison) return undefined;
    const isSigned = half === LESS || half === LESS_EQUAL;
    const operand = (local: Local) => {
      const value = this.body.get(local);
      if (size === 64) return value;
      return isSigned ? narrowSigned(i32.wrap(value), size) : i32.wrap(value);
    };
    return comparison(operand(this.#a), operand(this.#b));
  }
}

/** Condition codes by twos: the odd one is the opposite. */
const [, BELOW, EQUAL, BELOW_EQUAL, SIGN, , LESS, LESS_EQUAL] = [0, 1, 2, 3, 4, 5, 6, 7];

/** How operands of a comparison relate, by half a condition code. */
const comparisonsOf = (type: typeof i32 | typeof i64): Record<number, Comparison> => ({
  [BELOW!]: type.ltU,
  [EQUAL!]: type.eq,
  [BELOW_EQUAL!]: type.leU,
  [LESS!]: type.ltS,
  [LESS_EQUAL!]: type.leS,
});
const [WIDE, NARROW] = [comparisonsOf(i64), comparisonsOf(i32)];

/** Bit 3 stays for AF, and the two at the top of the operand come to the top of the word. */
const carriesAt = (carries: Expr, shift: Expr) => i64.or(i64.and(carries, AF), i64.shl(carries, shift));

function narrowSigned(value: Expr, size: GprSize): Expr {
  if (size === 8) return i32.extend8(value);
  return size === 16 ? i32.extend16(value) : value;
}

function extended(value: Expr, size: GprSize): Expr {
  if (size === 8) return i64.extend8(value);
  if (size === 16) return i64.extend16(value);
  return size === 32 ? i64.extend32(value) : value;
}
