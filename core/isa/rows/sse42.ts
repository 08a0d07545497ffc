import type { Emitter } from '../../cpu/emitter/emitter.js';
import { toState64, zero } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { i16x8, i64x2, i8x16, v128 } from '../../cpu/wasm/simd-expr.js';
import { LANES_A, LANES_B } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { register, setRegister, source, sse } from './sse-support.js';

const [RAX, RCX, RDX] = [0, 1, 2] as const;

/** CF ZF SF OF from i32 truth values; AF and PF are cleared. */
function setFlags(
  e: Emitter,
  { carry, zeroFlag, sign, overflow }: Record<'carry' | 'zeroFlag' | 'sign' | 'overflow', Expr>,
) {
  const [cf, of] = [e.let(carry), e.let(overflow)];
  e.body.do(toState64(State.zeroResult, i64.extendU(i32.eqz(zeroFlag))));
  // An odd number of bits in the low byte: PF is clear.
  e.body.do(toState64(State.signResult, i64.or(i64.shl(i64.extendU(sign), i64.const(63)), i64.const(1))));
  const high = i32.or(i32.shl(cf, i32.const(1)), i32.xor(cf, of));
  e.body.do(toState64(State.carries, i64.shl(i64.extendU(high), i64.const(62))));
}

interface Strings {
  readonly control: Expr;
  readonly count: Expr;
  readonly lengthA: Expr;
  readonly lengthB: Expr;
  readonly result: Expr;
}

/** The absolute value of a register, at most the number of elements. */
function explicitLength(e: Emitter, from: number, count: Expr): Expr {
  const wide = e.size === 64;
  const value = e.let(wide ? e.gpr(from) : e.signed(e.gpr(from, 32), 32));
  const absolute = e.let(select(i64.ltS(value, i64.const(0)), i64.sub(i64.const(0), value), value));
  const limit = i64.extendU(count);
  return e.let(i32.wrap(select(i64.gtU(absolute, limit), limit, absolute)));
}

function compare(e: Emitter, explicit: boolean): Strings {
  const b = source(e, 1);
  const control = e.let(i32.wrap(e.immediate(8)));
  e.body.do(v128.store(zero, register(e, 0), LANES_A));
  e.body.do(v128.store(zero, b, LANES_B));
  const words = i32.and(control, i32.const(1));
  const count = e.let(select(words, i32.const(8), i32.const(16)));
  const implied = (buffer: number) => e.let(e.helper('impliedLength', words, i32.const(buffer)));
  const lengthA = explicit ? explicitLength(e, RAX, count) : implied(LANES_A);
  const lengthB = explicit ? explicitLength(e, RDX, count) : implied(LANES_B);
  const result = e.let(e.helper('compareStrings', control, lengthA, lengthB));
  return { control, count, lengthA, lengthB, result };
}

function compareFlags(e: Emitter, { count, lengthA, lengthB, result }: Strings): void {
  setFlags(e, {
    carry: i32.ne(result, zero),
    zeroFlag: i32.ltS(lengthB, count),
    sign: i32.ltS(lengthA, count),
    overflow: i32.and(result, i32.const(1)),
  });
}

const LAST = 0x40;

/** Into ecx: the first or the last match, or the number of elements. */
const index =
  (explicit: boolean): Meaning =>
  (e) => {
    const strings = compare(e, explicit);
    const { control, count, result } = strings;
    const last = i32.sub(i32.const(31), i32.clz(result));
    const found = select(i32.and(control, i32.const(LAST)), last, i32.ctz(result));
    e.setGpr(RCX, i64.extendU(e.let(select(result, found, count))), 32);
    compareFlags(e, strings);
  };

const vectorOf16 = (values: readonly number[]) =>
  v128.const(values.flatMap((value) => [value & 255, value >> 8]));
const WORD_BITS = vectorOf16([1, 2, 4, 8, 16, 32, 64, 128]);
const BYTE_BITS = v128.const([1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128]);
const REPEATED = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
const EXPANDED = 0x40;

/** Into xmm0: the result bits, or all ones in each element that matches. */
const mask =
  (explicit: boolean): Meaning =>
  (e) => {
    const strings = compare(e, explicit);
    const { control, result } = strings;
    const splat = e.let(i16x8.splat(result));
    const bytes = i8x16.eq(v128.and(i8x16.shuffle(splat, splat, REPEATED), BYTE_BITS), BYTE_BITS);
    const words = i16x8.eq(v128.and(splat, WORD_BITS), WORD_BITS);
    const expanded = select(i32.and(control, i32.const(1)), words, bytes);
    const bits = i64x2.replace(v128.const64(0n), 0, i64.extendU(result));
    const value = select(i32.and(control, i32.const(EXPANDED)), expanded, bits);
    e.setVector(0, value);
    compareFlags(e, strings);
  };

/** Reflected polynomial of CRC-32C. */
const POLYNOMIAL = 0x82f6_3b78;

const checksum: Meaning = (e) => {
  const data = e.read(1);
  const bits = e.sizeOf(1);
  const [rest, crc] = [e.body.temporary('i64'), e.body.temporary('i32')];
  const left = e.body.temporary('i32');
  e.body.set(rest, data);
  e.body.set(crc, i32.wrap(e.read(0)));
  e.body.set(left, i32.const(bits));
  e.body.loop((again) => {
    const bit = i32.and(i32.xor(e.body.get(crc), i32.wrap(e.body.get(rest))), i32.const(1));
    const added = e.let(i32.and(i32.sub(zero, bit), i32.const(POLYNOMIAL)));
    e.body.set(crc, i32.xor(i32.shrU(e.body.get(crc), i32.const(1)), added));
    e.body.set(rest, i64.shrU(e.body.get(rest), i64.const(1)));
    e.body.set(left, i32.sub(e.body.get(left), i32.const(1)));
    e.body.brIf(again, e.body.get(left));
  });
  e.write(0, i64.extendU(e.body.get(crc)));
};

const countBits: Meaning = (e) => {
  const value = e.read(1);
  e.write(0, e.let(i64.popcnt(value)));
  setFlags(e, { carry: zero, zeroFlag: i64.eqz(value), sign: zero, overflow: zero });
};

const FLAGS = { flags: 'oszapc' };
/** Lengths are 64 bits wide with REX.W. */
const EXPLICIT = { ...FLAGS, sizes: 'y' } as const;

export const sse42Rows: readonly Row[] = [
  ...sse([
    [
      'PCMPGTQ_Vx_Wx',
      '66 0f 38 37 /r',
      (e) => {
        const b = source(e, 1);
        setRegister(e, 0, i64x2.gtS(register(e, 0), b));
      },
      { aligned: true },
    ],
    ['PCMPESTRM_Vx_Wx_Ib', '66 0f 3a 60 /r', mask(true), EXPLICIT],
    ['PCMPESTRI_Vx_Wx_Ib', '66 0f 3a 61 /r', index(true), EXPLICIT],
    ['PCMPISTRM_Vx_Wx_Ib', '66 0f 3a 62 /r', mask(false), FLAGS],
    ['PCMPISTRI_Vx_Wx_Ib', '66 0f 3a 63 /r', index(false), FLAGS],
  ]),
  { name: 'CRC32_Gd_Eb', encoding: 'f2 0f 38 f0 /r', does: checksum },
  { name: 'CRC32_Gd_Ev', encoding: 'f2 0f 38 f1 /r', does: checksum },
  { name: 'POPCNT_Gv_Ev', encoding: 'f3 0f b8 /r', does: countBits, ...FLAGS },
];
