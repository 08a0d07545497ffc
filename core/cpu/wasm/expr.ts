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
  (address: Expr, offset = 0): Expr =>
    expr(type, [address, ...opcode, UNALIGNED, ...leb128(offset)]);

export const store =
  (...opcode: number[]) =>
  (address: Expr, value: Expr, offset = 0): Expr =>
    expr('none', [address, value, ...opcode, UNALIGNED, ...leb128(offset)]);

export const i32 = {
  const: (value: number) => expr('i32', [0x41, ...signedLeb128(value)]),
  load: load('i32', 0x28),
  load8s: load('i32', 0x2c),
  load8u: load('i32', 0x2d),
  load16s: load('i32', 0x2e),
  load16u: load('i32', 0x2f),
  store: store(0x36),
  store8: store(0x3a),
  store16: store(0x3b),
  eqz: unary('i32', 0x45),
  eq: binary('i32', 0x46),
  ne: binary('i32', 0x47),
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
  add: binary('i32', 0x6a),
  sub: binary('i32', 0x6b),
  mul: binary('i32', 0x6c),
  divS: binary('i32', 0x6d),
  divU: binary('i32', 0x6e),
  remS: binary('i32', 0x6f),
  remU: binary('i32', 0x70),
  and: binary('i32', 0x71),
  or: binary('i32', 0x72),
  xor: binary('i32', 0x73),
  shl: binary('i32', 0x74),
  shrS: binary('i32', 0x75),
  shrU: binary('i32', 0x76),
  rotl: binary('i32', 0x77),
  rotr: binary('i32', 0x78),
  wrap: unary('i32', 0xa7),
  extend8: unary('i32', 0xc0),
  extend16: unary('i32', 0xc1),
  reinterpretF32: unary('i32', 0xbc),
};

export const i64 = {
  const: (value: number | bigint) => expr('i64', [0x42, ...signedLeb128Big(BigInt(value))]),
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
  eqz: unary('i32', 0x50),
  eq: binary('i32', 0x51),
  ne: binary('i32', 0x52),
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
  add: binary('i64', 0x7c),
  sub: binary('i64', 0x7d),
  mul: binary('i64', 0x7e),
  divS: binary('i64', 0x7f),
  divU: binary('i64', 0x80),
  remS: binary('i64', 0x81),
  remU: binary('i64', 0x82),
  and: binary('i64', 0x83),
  or: binary('i64', 0x84),
  xor: binary('i64', 0x85),
  shl: binary('i64', 0x86),
  shrS: binary('i64', 0x87),
  shrU: binary('i64', 0x88),
  rotl: binary('i64', 0x89),
  rotr: binary('i64', 0x8a),
  /** From i32. */
  extendS: unary('i64', 0xac),
  extendU: unary('i64', 0xad),
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
