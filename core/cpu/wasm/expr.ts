import { leb128, signedLeb128, signedLeb128Big } from './encode.js';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
export const TYPE_BYTE: Record<ValueType, number> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/**
 * A piece of code that leaves one value (or none, for a store) on the WebAssembly stack. Building one emits nothing;
 * an Expr used twice is computed twice, so keep what is costly or may change with `Body.let`.
 */
export interface Expr {
  readonly type: ValueType | 'none';
  readonly parts: readonly (number | Expr)[];
  /** The value, where it is known while code is generated; i32 as signed. */
  readonly constant?: number | bigint;
  /** What a load or store does, for those who keep some places of the memory elsewhere. */
  readonly access?: MemoryAccess;
  /** Operands of a sum, for those who look for addresses. */
  readonly sum?: readonly [Expr, Expr];
  /** What is known of an i64, for those who keep track. */
  readonly numbered?: NumberedSum;
  /** An address that is this far from another one, without a carry out of 32 bits. */
  readonly beyond?: { readonly base: Expr; readonly offset: number };
}

/** A value that has a number, so that equal numbers are equal values, plus a constant modulo 2^64; the number 0 is zero. */
export interface NumberedSum {
  readonly root: number;
  readonly distance: bigint;
}

export interface MemoryAccess {
  readonly opcode: readonly number[];
  readonly address: Expr;
  readonly offset: number;
  /** What a store stores. */
  readonly value?: Expr;
}

export const expr = (type: Expr['type'], parts: readonly (number | Expr)[]): Expr => ({ type, parts });

export function flatten(from: Expr, into: number[]): void {
  for (const part of from.parts) {
    if (typeof part === 'number') into.push(part);
    else flatten(part, into);
  }
}

type Unary = (a: Expr) => Expr;
type Binary = (a: Expr, b: Expr) => Expr;

export const unary =
  (type: ValueType, ...opcode: number[]): Unary =>
  (a) =>
    expr(type, [a, ...opcode]);

export const binary =
  (type: ValueType, ...opcode: number[]): Binary =>
  (a, b) =>
    expr(type, [a, b, ...opcode]);

const UNALIGNED = 0;

export const load =
  (type: ValueType, ...opcode: number[]) =>
  (at: Expr, distance = 0): Expr => {
    const { base: address, offset } = from(at, distance);
    return {
      type,
      parts: [address, ...opcode, UNALIGNED, ...leb128(offset)],
      access: { opcode, address, offset },
    };
  };

export const store =
  (...opcode: number[]) =>
  (at: Expr, value: Expr, distance = 0): Expr => {
    const { base: address, offset } = from(at, distance);
    return {
      type: 'none',
      parts: [address, value, ...opcode, UNALIGNED, ...leb128(offset)],
      access: { opcode, address, offset, value },
    };
  };

const from = (address: Expr, offset: number) =>
  address.beyond ? { ...address.beyond, offset: address.beyond.offset + offset } : { base: address, offset };

/** An address `offset` bytes behind `base`; loads and stores have room for it. */
export const beyond = (base: Expr, offset: number): Expr =>
  offset === 0 ? base : { ...i32.add(base, i32.const(offset)), beyond: { base, offset } };

const constant32 = (value: number): Expr => ({
  type: 'i32',
  parts: [0x41, ...signedLeb128(value)],
  constant: value | 0,
});
const constant64 = (value: number | bigint): Expr => ({
  type: 'i64',
  parts: [0x42, ...signedLeb128Big(BigInt(value))],
  constant: BigInt.asIntN(64, BigInt(value)),
});

/** An operation on i32 that is done at once where both operands are known. */
const folding32 =
  (opcode: number, compute: (a: number, b: number) => number): Binary =>
  (a, b) =>
    typeof a.constant === 'number' && typeof b.constant === 'number'
      ? constant32(compute(a.constant, b.constant))
      : expr('i32', [a, b, opcode]);

const folding64 =
  (opcode: number, compute: (a: bigint, b: bigint) => bigint): Binary =>
  (a, b) =>
    typeof a.constant === 'bigint' && typeof b.constant === 'bigint'
      ? constant64(compute(a.constant, b.constant))
      : expr('i64', [a, b, opcode]);

/** The same for comparisons, which answer an i32. */
const comparing32 =
  (opcode: number, holds: (a: number, b: number) => boolean): Binary =>
  (a, b) =>
    typeof a.constant === 'number' && typeof b.constant === 'number'
      ? constant32(Number(holds(a.constant, b.constant)))
      : expr('i32', [a, b, opcode]);

const comparing64 =
  (opcode: number, holds: (a: bigint, b: bigint) => boolean): Binary =>
  (a, b) =>
    typeof a.constant === 'bigint' && typeof b.constant === 'bigint'
      ? constant32(Number(holds(a.constant, b.constant)))
      : expr('i32', [a, b, opcode]);

const isZero32: Unary = (a) =>
  a.constant === undefined ? expr('i32', [a, 0x45]) : constant32(Number(a.constant === 0));
const isZero64: Unary = (a) =>
  a.constant === undefined ? expr('i32', [a, 0x50]) : constant32(Number(a.constant === 0n));

const addresses = folding32(0x6a, (a, b) => a + b);
const sum32: Binary = (a, b) => {
  const sum = addresses(a, b);
  return sum.constant === undefined ? { ...sum, sum: [a, b] } : sum;
};

const convert =
  (opcode: number, type: ValueType, compute: (a: number | bigint) => Expr): Unary =>
  (a) =>
    a.constant === undefined ? expr(type, [a, opcode]) : compute(a.constant);

const extended: Unary = convert(0xad, 'i64', (a) => constant64(BigInt.asUintN(32, BigInt(a))));

/** On i32, what some operations on i64 do to its lower half. */
const LOWER_HALVES: Record<number, Binary | undefined> = {
  0x7c: sum32,
  0x7d: binary('i32', 0x6b),
  0x7e: binary('i32', 0x6c),
  0x83: folding32(0x71, (a, b) => a & b),
  0x84: folding32(0x72, (a, b) => a | b),
  0x85: binary('i32', 0x73),
};
const [WRAP, EXTEND_SIGNED, EXTEND_UNSIGNED, SHIFT_LEFT, LOAD_32_SIGNED, LOAD_32_UNSIGNED] = [
  0xa7, 0xac, 0xad, 0x86, 0x34, 0x35,
];

/**
 * The lower half of an i64 without the way through 64 bits: processors clear the upper half with every operation on 32 bits, so that
 * cutting to 32 bits afterwards costs nothing.
 */
function lowerHalf(value: Expr): Expr {
  if (value.constant !== undefined) return constant32(Number(BigInt.asIntN(32, BigInt(value.constant))));
  const { access, parts } = value;
  if (access) return narrowLoad(access) ?? expr('i32', [value, WRAP]);
  const [a, b, opcode] = parts;
  if (typeof a !== 'object') return expr('i32', [value, WRAP]);
  if (parts.length === 2 && (b === EXTEND_SIGNED || b === EXTEND_UNSIGNED)) return a;
  if (parts.length !== 3 || typeof b !== 'object') return expr('i32', [value, WRAP]);
  const narrow = LOWER_HALVES[opcode as number];
  if (narrow) return narrow(lowerHalf(a), lowerHalf(b));
  const count = opcode === SHIFT_LEFT ? b.constant : undefined;
  if (typeof count === 'bigint' && count >= 0n && count < 32n)
    return expr('i32', [lowerHalf(a), constant32(Number(count)), 0x74]);
  return expr('i32', [value, WRAP]);
}

function narrowLoad({ opcode, address, offset, value }: MemoryAccess): Expr | undefined {
  const isHalf = !value && (opcode[0] === LOAD_32_SIGNED || opcode[0] === LOAD_32_UNSIGNED);
  return isHalf ? load('i32', 0x28)(address, offset) : undefined;
}

const ALL_32 = 0xffff_ffffn;
const and64 = folding64(0x83, (a, b) => a & b);
const intersection64: Binary = (a, b) => {
  if (b.constant === ALL_32) return extended(lowerHalf(a));
  return a.constant === ALL_32 ? extended(lowerHalf(b)) : and64(a, b);
};

export const i32 = {
  const: constant32,
  load: load('i32', 0x28),
  load8s: load('i32', 0x2c),
  load8u: load('i32', 0x2d),
  load16s: load('i32', 0x2e),
  load16u: load('i32', 0x2f),
  store: store(0x36),
  store8: store(0x3a),
  store16: store(0x3b),
  eqz: isZero32,
  eq: comparing32(0x46, (a, b) => a === b),
  ne: comparing32(0x47, (a, b) => a !== b),
  ltS: binary('i32', 0x48),
  ltU: binary('i32', 0x49),
  gtS: binary('i32', 0x4a),
  gtU: binary('i32', 0x4b),
  leS: binary('i32', 0x4c),
  leU: binary('i32', 0x4d),
  geS: binary('i32', 0x4e),
  geU: binary('i32', 0x4f),
  clz: unary('i32', 0x67),
  ctz: unary('i32', 0x68),
  popcnt: unary('i32', 0x69),
  add: sum32,
  sub: folding32(0x6b, (a, b) => a - b),
  mul: binary('i32', 0x6c),
  divS: binary('i32', 0x6d),
  divU: binary('i32', 0x6e),
  remS: binary('i32', 0x6f),
  remU: binary('i32', 0x70),
  and: folding32(0x71, (a, b) => a & b),
  or: folding32(0x72, (a, b) => a | b),
  xor: binary('i32', 0x73),
  shl: folding32(0x74, (a, b) => a << b),
  shrS: binary('i32', 0x75),
  shrU: folding32(0x76, (a, b) => a >>> b),
  rotl: binary('i32', 0x77),
  rotr: binary('i32', 0x78),
  wrap: lowerHalf,
  extend8: unary('i32', 0xc0),
  extend16: unary('i32', 0xc1),
  reinterpretF32: unary('i32', 0xbc),
};

export const i64 = {
  const: constant64,
  load: load('i64', 0x29),
  load8s: load('i64', 0x30),
  load8u: load('i64', 0x31),
  load16s: load('i64', 0x32),
  load16u: load('i64', 0x33),
  load32s: load('i64', 0x34),
  load32u: load('i64', 0x35),
  store: store(0x37),
  store8: store(0x3c),
  store16: store(0x3d),
  store32: store(0x3e),
  eqz: isZero64,
  eq: comparing64(0x51, (a, b) => a === b),
  ne: comparing64(0x52, (a, b) => a !== b),
  ltS: binary('i32', 0x53),
  ltU: binary('i32', 0x54),
  gtS: binary('i32', 0x55),
  gtU: binary('i32', 0x56),
  leS: binary('i32', 0x57),
  leU: binary('i32', 0x58),
  geS: binary('i32', 0x59),
  geU: binary('i32', 0x5a),
  clz: unary('i64', 0x79),
  ctz: unary('i64', 0x7a),
  popcnt: unary('i64', 0x7b),
  add: folding64(0x7c, (a, b) => a + b),
  sub: folding64(0x7d, (a, b) => a - b),
  mul: binary('i64', 0x7e),
  divS: binary('i64', 0x7f),
  divU: binary('i64', 0x80),
  remS: binary('i64', 0x81),
  remU: binary('i64', 0x82),
  and: intersection64,
  or: folding64(0x84, (a, b) => a | b),
  xor: binary('i64', 0x85),
  shl: folding64(0x86, (a, b) => a << (b & 63n)),
  shrS: binary('i64', 0x87),
  shrU: folding64(0x88, (a, b) => BigInt.asUintN(64, a) >> (b & 63n)),
  rotl: binary('i64', 0x89),
  rotr: binary('i64', 0x8a),
  /** From i32. */
  extendS: convert(0xac, 'i64', constant64),
  extendU: extended,
  extend8: unary('i64', 0xc2),
  extend16: unary('i64', 0xc3),
  extend32: unary('i64', 0xc4),
  reinterpretF64: unary('i64', 0xbd),
};

/** `condition ? yes : no`, both computed. */
export const select = (condition: Expr, yes: Expr, no: Expr): Expr =>
  expr(yes.type, [yes, no, condition, 0x1b]);

export const memoryCopy = (to: Expr, from: Expr, length: Expr): Expr =>
  expr('none', [to, from, length, 0xfc, 10, 0, 0]);

export const memoryFill = (to: Expr, byte: Expr, length: Expr): Expr =>
  expr('none', [to, byte, length, 0xfc, 11, 0]);
