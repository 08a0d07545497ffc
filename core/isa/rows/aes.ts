import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import type { Meaning, Row } from '../row.js';
import { INVERSE_S_BOX, S_BOX } from './aes-tables.js';
import type { RowTuple } from './sse-support.js';
import { register, setRegister, source, sse } from './sse-support.js';

const splat = (byte: number) => v128.const(Array.from({ length: 16 }, () => byte));
const permute = (value: Expr, from: readonly number[]) => i8x16.shuffle(value, value, from);
const byteNumbers = Array.from({ length: 16 }, (_, i) => i);

/** Byte i of the state is row i % 4 of column i / 4 (FIPS 197, 3.4). */
const shiftedRows = byteNumbers.map((i) => (i + 4 * (i % 4)) % 16);
const inverseShiftedRows = byteNumbers.map((i) => (i + 12 * (i % 4)) % 16);
const rotatedColumns = (by: number) => byteNumbers.map((i) => (i & 12) | ((i + by) & 3));

/** A table of 256 bytes, applied to all bytes at once: sixteen lookups, each of which answers for one upper digit. */
function lookUp(e: Emitter, table: readonly number[], value: Expr): Expr {
  const bytes = e.let(value);
  const result = e.body.temporary('v128');
  for (let digit = 0; digit < 16; digit++) {
    const part = v128.const(table.slice(digit * 16, digit * 16 + 16));
    const found = i8x16.swizzle(part, v128.xor(bytes, splat(digit * 16)));
    e.body.set(result, digit === 0 ? found : v128.or(e.body.get(result), found));
  }
  return e.body.get(result);
}

/** Times x in GF(2^8). */
const double = (value: Expr) =>
  v128.xor(i8x16.shl(value, i32.const(1)), v128.and(i8x16.shrS(value, i32.const(7)), splat(0x1b)));

function mixColumns(e: Emitter, value: Expr): Expr {
  const a = e.let(value);
  const next = e.let(permute(a, rotatedColumns(1)));
  const pair = e.let(v128.xor(a, next));
  const others = v128.xor(next, permute(pair, rotatedColumns(2)));
  return e.let(v128.xor(double(pair), others));
}

/** Four times the sum of every other byte, then as forwards. */
function inverseMixColumns(e: Emitter, value: Expr): Expr {
  const a = e.let(value);
  const sum = e.let(v128.xor(a, permute(a, rotatedColumns(2))));
  return mixColumns(e, v128.xor(a, double(e.let(double(sum)))));
}

type Round = (e: Emitter, state: Expr, key: Expr) => Expr;

const encryptLast: Round = (e, state, key) => v128.xor(lookUp(e, S_BOX, permute(state, shiftedRows)), key);
const encrypt: Round = (e, state, key) =>
  v128.xor(mixColumns(e, lookUp(e, S_BOX, permute(state, shiftedRows))), key);
const decryptLast: Round = (e, state, key) =>
  v128.xor(lookUp(e, INVERSE_S_BOX, permute(state, inverseShiftedRows)), key);
const decrypt: Round = (e, state, key) =>
  v128.xor(inverseMixColumns(e, lookUp(e, INVERSE_S_BOX, permute(state, inverseShiftedRows))), key);

/** SubWord(X1), RotWord(SubWord(X1)) ^ RCON, SubWord(X3), RotWord(SubWord(X3)) ^ RCON. */
function assistKey(e: Emitter, value: Expr): Expr {
  const words = permute(value, [4, 5, 6, 7, 5, 6, 7, 4, 12, 13, 14, 15, 13, 14, 15, 12]);
  const constants = i64x2.splat(i64.shl(i64.and(e.immediate(8), i64.const(0xff)), i64.const(32)));
  return v128.xor(lookUp(e, S_BOX, words), constants);
}

const round =
  (compute: Round): Meaning =>
  (e) => {
    const key = source(e, 1);
    setRegister(e, 0, compute(e, register(e, 0), key));
  };

const DIGITS = 0x1111_1111_1111_1111n;

/**
 * Low 64 bits of a product without carries: with three zero bits between the bits of each factor the carries of an ordinary product never
 * reach the next bit that counts.
 */
function lowProduct(e: Emitter, x: Expr, y: Expr): Expr {
  const split = (value: Expr) =>
    [0n, 1n, 2n, 3n].map((i) => e.let(i64.and(value, i64.const(BigInt.asIntN(64, DIGITS << i)))));
  const [xs, ys] = [split(x), split(y)];
  const parts = [0, 1, 2, 3].map((digit) => {
    const products = xs.map((part, i) => i64.mul(part, ys[(digit - i) & 3]!));
    const mask = i64.const(BigInt.asIntN(64, DIGITS << BigInt(digit)));
    return i64.and(products.reduce(i64.xor), mask);
  });
  return e.let(parts.reduce(i64.or));
}

const SWAPS: readonly (readonly [bits: number, mask: bigint])[] = [
  [1, 0x5555_5555_5555_5555n],
  [2, 0x3333_3333_3333_3333n],
  [4, 0x0f0f_0f0f_0f0f_0f0fn],
  [8, 0x00ff_00ff_00ff_00ffn],
  [16, 0x0000_ffff_0000_ffffn],
];

function reverseBits(e: Emitter, value: Expr): Expr {
  const swapped = SWAPS.reduce((now, [bits, mask]) => {
    const upper = i64.and(i64.shrU(now, i64.const(bits)), i64.const(mask));
    return e.let(i64.or(upper, i64.shl(i64.and(now, i64.const(mask)), i64.const(bits))));
  }, value);
  return e.let(i64.rotl(swapped, i64.const(32)));
}

/** The upper half of a product is the lower half of that of the reversed factors, reversed and one bit off. */
function carrylessProduct(e: Emitter, a: Expr, b: Expr): Expr {
  const low = lowProduct(e, a, b);
  const reversed = lowProduct(e, reverseBits(e, a), reverseBits(e, b));
  const high = i64.shrU(reverseBits(e, reversed), i64.const(1));
  return i64x2.replace(i64x2.splat(low), 1, high);
}

/** The half of a vector that a bit of the immediate names. */
function chosenHalf(e: Emitter, value: Expr, bit: number): Expr {
  const upper = i32.and(i32.wrap(e.immediate(8)), i32.const(bit));
  return e.let(select(upper, i64x2.extract(value, 1), i64x2.extract(value, 0)));
}

const multiply: Meaning = (e) => {
  const b = source(e, 1);
  const a = register(e, 0);
  setRegister(e, 0, carrylessProduct(e, chosenHalf(e, a, 1), chosenHalf(e, b, 16)));
};

const AES = { aligned: true, cpuid: 'AESNI' };

const rows: readonly RowTuple[] = [
  ['AESENC_Vx_Wx', '66 0f 38 dc /r', round(encrypt), AES],
  ['AESENCLAST_Vx_Wx', '66 0f 38 dd /r', round(encryptLast), AES],
  ['AESDEC_Vx_Wx', '66 0f 38 de /r', round(decrypt), AES],
  ['AESDECLAST_Vx_Wx', '66 0f 38 df /r', round(decryptLast), AES],
  ['AESIMC_Vx_Wx', '66 0f 38 db /r', (e) => setRegister(e, 0, inverseMixColumns(e, source(e, 1))), AES],
  ['AESKEYGENASSIST_Vx_Wx_Ib', '66 0f 3a df /r', (e) => setRegister(e, 0, assistKey(e, source(e, 1))), AES],
  ['PCLMULQDQ_Vx_Wx_Ib', '66 0f 3a 44 /r', multiply, { aligned: true, cpuid: 'PCLMULQDQ' }],
];

export const aesRows: readonly Row[] = sse(rows);
