import { leb128 } from './encode.js';
import type { Expr, ValueType } from './expr.js';
import { expr, load, store } from './expr.js';

const PREFIX = 0xfd;
const op = (type: ValueType, opcode: number) => {
  const bytes = [PREFIX, ...leb128(opcode)];
  return {
    unary: (a: Expr) => expr(type, [a, ...bytes]),
    binary: (a: Expr, b: Expr) => expr(type, [a, b, ...bytes]),
  };
};
const unary = (opcode: number) => op('v128', opcode).unary;
const binary = (opcode: number) => op('v128', opcode).binary;
const test = (opcode: number) => op('i32', opcode).unary;
const lane = (type: ValueType, opcode: number) => (a: Expr, index: number) =>
  expr(type, [a, PREFIX, ...leb128(opcode), index]);
const replace = (opcode: number) => (a: Expr, index: number, value: Expr) =>
  expr('v128', [a, value, PREFIX, ...leb128(opcode), index]);

/** Operations that lanes of every width share, at the opcodes of one width. */
const integerLanes = (at: { eq: number; abs: number; shl: number; add: number; sub: number }) => ({
  eq: binary(at.eq),
  abs: unary(at.abs),
  neg: unary(at.abs + 1),
  allTrue: test(at.abs + 3),
  bitmask: test(at.abs + 4),
  /** The count is an i32, taken modulo the lane width. */
  shl: binary(at.shl),
  shrS: binary(at.shl + 1),
  shrU: binary(at.shl + 2),
  add: binary(at.add),
  sub: binary(at.sub),
});

const comparisons = (eq: number) => ({ ne: binary(eq + 1), ltS: binary(eq + 2), gtS: binary(eq + 4) });
const ternary = (opcode: number) => (a: Expr, b: Expr, c: Expr) =>
  expr('v128', [a, b, c, PREFIX, ...leb128(opcode)]);

const floatLanes = (eq: number, abs: number) => ({
  eq: binary(eq),
  ne: binary(eq + 1),
  lt: binary(eq + 2),
  gt: binary(eq + 3),
  le: binary(eq + 4),
  ge: binary(eq + 5),
  abs: unary(abs),
  neg: unary(abs + 1),
  sqrt: unary(abs + 3),
  add: binary(abs + 4),
  sub: binary(abs + 5),
  mul: binary(abs + 6),
  div: binary(abs + 7),
  /** `b` where it is smaller, `a` elsewhere. */
  pseudoMinimum: binary(abs + 10),
});

export const v128 = {
  load: load('v128', PREFIX, 0),
  load64Zero: load('v128', PREFIX, 93),
  load32Zero: load('v128', PREFIX, 92),
  store: store(PREFIX, 11),
  const: (bytes: readonly number[]): Expr => expr('v128', [PREFIX, 12, ...bytes]),
  /** 64-bit halves, low first. */
  const64: (low: bigint, high: bigint = low): Expr =>
    v128.const([
      ...new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, low), BigInt.asUintN(64, high)).buffer),
    ]),
  not: unary(77),
  and: binary(78),
  /** a & ~b */
  andNot: binary(79),
  or: binary(80),
  xor: binary(81),
  anyTrue: test(83),
};

export const i8x16 = {
  ...integerLanes({ eq: 35, abs: 96, shl: 107, add: 110, sub: 113 }),
  ...comparisons(35),
  /** Sixteen byte numbers: 0..15 from a, 16..31 from b. */
  shuffle: (a: Expr, b: Expr, bytes: readonly number[]): Expr => expr('v128', [a, b, PREFIX, 13, ...bytes]),
  /** Bytes of `a` picked by the bytes of `b`; above 15 gives 0. */
  swizzle: binary(14),
  splat: unary(15),
  extractU: lane('i32', 22),
  replace: replace(23),
  narrowS: binary(101),
  narrowU: binary(102),
  addSatS: binary(111),
  addSatU: binary(112),
  subSatS: binary(114),
  subSatU: binary(115),
  minS: binary(118),
  minU: binary(119),
  maxS: binary(120),
  maxU: binary(121),
  averageU: binary(123),
};

export const i16x8 = {
  ...integerLanes({ eq: 45, abs: 128, shl: 139, add: 142, sub: 145 }),
  ...comparisons(45),
  splat: unary(16),
  extractU: lane('i32', 25),
  replace: replace(26),
  pairwiseAddU: unary(125),
  narrowS: binary(133),
  narrowU: binary(134),
  extendLowS: unary(135),
  extendHighS: unary(136),
  extendLowU: unary(137),
  extendHighU: unary(138),
  addSatS: binary(143),
  addSatU: binary(144),
  subSatS: binary(146),
  subSatU: binary(147),
  mul: binary(149),
  minS: binary(150),
  minU: binary(151),
  maxS: binary(152),
  maxU: binary(153),
  averageU: binary(155),
  q15MulRoundSat: binary(130),
};

export const i32x4 = {
  ...integerLanes({ eq: 55, abs: 160, shl: 171, add: 174, sub: 177 }),
  ...comparisons(55),
  splat: unary(17),
  extract: lane('i32', 27),
  replace: replace(28),
  pairwiseAddU: unary(127),
  pairwiseAddS: unary(126),
  extendLowS: unary(167),
  extendHighS: unary(168),
  extendLowU: unary(169),
  extendHighU: unary(170),
  mul: binary(181),
  minS: binary(182),
  minU: binary(183),
  maxS: binary(184),
  maxU: binary(185),
  dotS: binary(186),
  multiplyLowS: binary(188),
  multiplyHighS: binary(189),
  multiplyLowU: binary(190),
  multiplyHighU: binary(191),
};

export const i64x2 = {
  ...integerLanes({ eq: 214, abs: 192, shl: 203, add: 206, sub: 209 }),
  ne: binary(215),
  ltS: binary(216),
  gtS: binary(217),
  leS: binary(218),
  geS: binary(219),
  splat: unary(18),
  extract: lane('i64', 29),
  replace: replace(30),
  extendLowS: unary(199),
  extendLowU: unary(201),
  mul: binary(213),
  multiplyLowS: binary(220),
  multiplyHighS: binary(221),
  multiplyLowU: binary(222),
  multiplyHighU: binary(223),
};

export const f32x4 = {
  ...floatLanes(65, 224),
  extract: lane('f32', 31),
  replace: replace(32),
  convertI32S: unary(250),
  /** a * b + c, rounded once or twice. */
  relaxedMultiplyAdd: ternary(0x105),
};

export const f64x2 = {
  ...floatLanes(71, 236),
  splat: unary(20),
  extract: lane('f64', 33),
  replace: replace(34),
  convertLowI32S: unary(254),
  promoteLow: unary(95),
  /** Two singles in the low half, zeroes above. */
  demoteZero: unary(94),
  relaxedMultiplyAdd: ternary(0x107),
};

/** Bits of `a` where `mask` is set, of `b` elsewhere. */
export const bitselect = (a: Expr, b: Expr, mask: Expr): Expr => expr('v128', [a, b, mask, PREFIX, 82]);
