import type { Emitter } from '../../cpu/emitter/emitter.js';
import { zero } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, select } from '../../cpu/wasm/expr.js';
import { i32x4, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import type { Meaning, Row } from '../row.js';
import type { RowTuple } from './sse-support.js';
import { register, setRegister, source, sse } from './sse-support.js';

/** Lanes of dwords, highest first, as the manual writes them. */
type Words = readonly [Expr, Expr, Expr, Expr];

const words = (e: Emitter, value: Expr): Words => [
  e.let(i32x4.extract(value, 3)),
  e.let(i32x4.extract(value, 2)),
  e.let(i32x4.extract(value, 1)),
  e.let(i32x4.extract(value, 0)),
];

const joined = ([d, c, b, a]: Words) =>
  i32x4.replace(i32x4.replace(i32x4.replace(i32x4.splat(a), 1, b), 2, c), 3, d);

const sum = (...values: Expr[]) => values.reduce(i32.add);
const rotl = (value: Expr, by: number) => i32.rotl(value, i32.const(by));
const rotr = (value: Expr, by: number) => i32.rotr(value, i32.const(by));
const choose = (x: Expr, y: Expr, z: Expr) => i32.xor(z, i32.and(x, i32.xor(y, z)));
const parity = (x: Expr, y: Expr, z: Expr) => i32.xor(x, i32.xor(y, z));
const majority = (x: Expr, y: Expr, z: Expr) => i32.xor(i32.and(x, i32.xor(y, z)), i32.and(y, z));

const CONSTANTS = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6] as const;

/** One of four by the low bits of the immediate. */
function byStage(e: Emitter, values: readonly [Expr, Expr, Expr, Expr]): Expr {
  const stage = i32.wrap(e.immediate(8));
  const odd = e.let(i32.and(stage, i32.const(1)));
  const late = i32.and(stage, i32.const(2));
  return e.let(select(late, select(odd, values[3], values[2]), select(odd, values[1], values[0])));
}

/** Four rounds of SHA-1 (FIPS 180-4, 6.1.2); E is in the first word of the source already. */
const sha1Rounds: Meaning = (e) => {
  const message = words(e, source(e, 1));
  let [a, b, c, d] = words(e, register(e, 0));
  let carried = i32.const(0);
  const constant = byStage(e, CONSTANTS.map((value) => i32.const(value | 0)) as unknown as Words);
  for (const word of message) {
    const mixed = parity(b, c, d);
    const f = byStage(e, [choose(b, c, d), mixed, majority(b, c, d), mixed]);
    const next = e.let(sum(f, rotl(a, 5), word, carried, constant));
    [a, b, c, d, carried] = [next, a, e.let(rotl(b, 30)), c, d];
  }
  setRegister(e, 0, joined([a, b, c, d]));
};

const sha1Next: Meaning = (e) => {
  const message = source(e, 1);
  const a = rotl(i32x4.extract(register(e, 0), 3), 30);
  setRegister(e, 0, i32x4.replace(message, 3, i32.add(i32x4.extract(message, 3), a)));
};

const sha1Message1: Meaning = (e) => {
  const later = source(e, 1);
  const first = register(e, 0);
  const shifted = i8x16.shuffle(later, first, [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
  setRegister(e, 0, v128.xor(first, shifted));
};

const sha1Message2: Meaning = (e) => {
  const [, w13, w14, w15] = words(e, source(e, 1));
  const [a, b, c, d] = words(e, register(e, 0));
  const w16 = e.let(rotl(i32.xor(a, w13), 1));
  const rest = [rotl(i32.xor(b, w14), 1), rotl(i32.xor(c, w15), 1), rotl(i32.xor(d, w16), 1)] as const;
  setRegister(e, 0, joined([w16, ...rest]));
};

const bigSigma0 = (x: Expr) => parity(rotr(x, 2), rotr(x, 13), rotr(x, 22));
const bigSigma1 = (x: Expr) => parity(rotr(x, 6), rotr(x, 11), rotr(x, 25));

/** Two rounds of SHA-256 (FIPS 180-4, 6.2.2) with the sums of message and constant in xmm0. */
const sha256Rounds: Meaning = (e) => {
  const [a0, b0, e0, f0] = words(e, source(e, 1));
  const [c0, d0, g0, h0] = words(e, register(e, 0));
  let [a, b, c, d, f, g, h, i] = [a0, b0, c0, d0, e0, f0, g0, h0];
  for (const at of [0, 4]) {
    const added = i32.load(zero, State.vector + at);
    const first = e.let(sum(choose(f, g, h), bigSigma1(f), added, i));
    const next = e.let(sum(first, majority(a, b, c), bigSigma0(a)));
    [a, b, c, d, f, g, h, i] = [next, a, b, c, e.let(i32.add(first, d)), f, g, h];
  }
  setRegister(e, 0, joined([a, b, f, g]));
};

const rotateLanes = (value: Expr, by: number) =>
  v128.or(i32x4.shrU(value, i32.const(by)), i32x4.shl(value, i32.const(32 - by)));

const sha256Message1: Meaning = (e) => {
  const later = source(e, 1);
  const first = register(e, 0);
  const next = e.let(i8x16.shuffle(first, later, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]));
  const sigma = v128.xor(
    v128.xor(rotateLanes(next, 7), rotateLanes(next, 18)),
    i32x4.shrU(next, i32.const(3)),
  );
  setRegister(e, 0, i32x4.add(first, sigma));
};

const smallSigma1 = (x: Expr) => parity(rotr(x, 17), rotr(x, 19), i32.shrU(x, i32.const(10)));

const sha256Message2: Meaning = (e) => {
  const [w15, w14] = words(e, source(e, 1));
  const [a, b, c, d] = words(e, register(e, 0));
  const w16 = e.let(i32.add(d, smallSigma1(w14)));
  const w17 = e.let(i32.add(c, smallSigma1(w15)));
  setRegister(e, 0, joined([i32.add(a, smallSigma1(w17)), i32.add(b, smallSigma1(w16)), w17, w16]));
};

const SHA = { aligned: true, cpuid: 'SHA' };

const rows: readonly RowTuple[] = [
  ['SHA1NEXTE_Vx_Wx', 'np 0f 38 c8 /r', sha1Next, SHA],
  ['SHA1MSG1_Vx_Wx', 'np 0f 38 c9 /r', sha1Message1, SHA],
  ['SHA1MSG2_Vx_Wx', 'np 0f 38 ca /r', sha1Message2, SHA],
  ['SHA256RNDS2_Vx_Wx', 'np 0f 38 cb /r', sha256Rounds, SHA],
  ['SHA256MSG1_Vx_Wx', 'np 0f 38 cc /r', sha256Message1, SHA],
  ['SHA256MSG2_Vx_Wx', 'np 0f 38 cd /r', sha256Message2, SHA],
  ['SHA1RNDS4_Vx_Wx_Ib', 'np 0f 3a cc /r', sha1Rounds, SHA],
];

export const shaRows: readonly Row[] = sse(rows);
