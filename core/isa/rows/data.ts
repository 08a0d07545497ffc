import { condition } from '../../cpu/emitter/flags.js';
import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i64, select } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

export const CONDITIONS = [
  'O',
  'NO',
  'B',
  'AE',
  'E',
  'NE',
  'BE',
  'A',
  'S',
  'NS',
  'P',
  'NP',
  'L',
  'GE',
  'LE',
  'G',
] as const;

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

const copy: Meaning = (e) => e.write(0, e.read(1));
const copySigned: Meaning = (e) => e.write(0, e.trim(e.readSigned(1)));
const wide: Meaning = (e) => e.write(0, e.size === 64 ? e.field64(8) : e.immediate(e.size as 16 | 32));

/** With operands of 16 bits movsxd reads no more than those (manual, MOVSXD r16, r/m16). */
const copySignedWord: Meaning = (e) => {
  if (e.size === 16 && e.form.variant === 'm') e.write(0, e.load(e.address(1), 16));
  else copySigned(e);
};

const moves: Row[] = [
  { name: 'MOV_Eb_Gb', encoding: '88 /r', does: copy, hot: 'all' },
  { name: 'MOV_Ev_Gv', encoding: '89 /r', does: copy, hot: '16m 32 64' },
  { name: 'MOV_Gb_Eb', encoding: '8a /r', does: copy, hot: 'm' },
  { name: 'MOV_Gv_Ev', encoding: '8b /r', does: copy, hot: '32m 64m' },
  { name: 'MOV_Eb_Ib', encoding: 'c6 /0', does: copy, hot: 'm' },
  { name: 'MOV_Ev_Iz', encoding: 'c7 /0', does: copy, hot: '16m 32m 64' },
  { name: 'MOV_Zb_Ib', encoding: 'b0+r', does: copy, hot: 'all' },
  { name: 'MOV_Zv_Iv', encoding: 'b8+r', does: wide, hot: '32 64' },
  { name: 'MOV_AL_Ob', encoding: 'a0', does: copy },
  { name: 'MOV_rAX_Ov', encoding: 'a1', does: copy },
  { name: 'MOV_Ob_AL', encoding: 'a2', does: copy },
  { name: 'MOV_Ov_rAX', encoding: 'a3', does: copy },
  { name: 'MOVZX_Gv_Eb', encoding: '0f b6 /r', does: copy, hot: '32' },
  { name: 'MOVZX_Gv_Ew', encoding: '0f b7 /r', does: copy, hot: '32' },
  { name: 'MOVSX_Gv_Eb', encoding: '0f be /r', does: copySigned, hot: '32 64' },
  { name: 'MOVSX_Gv_Ew', encoding: '0f bf /r', does: copySigned, hot: '32' },
  { modes: 'long', name: 'MOVSXD_Gv_Ed', encoding: '63 /r', does: copySignedWord, hot: '64' },
  {
    name: 'LEA_Gv_M',
    encoding: '8d /r',
    does: (e) => e.write(0, e.trim(e.address(1))),
    addressOnly: true,
    hot: '32 64',
  },
];

const swap: Meaning = (e) => {
  const a = e.update(0);
  const b = e.read(1);
  e.write(0, b);
  e.write(1, a);
};

const swapEvery = (from: Expr, bits: number, mask: bigint) =>
  i64.or(
    i64.shl(i64.and(from, i64.const(mask)), i64.const(bits)),
    i64.and(i64.shrU(from, i64.const(bits)), i64.const(mask)),
  );

/** The bytes of a value of the operand size, in reverse. */
export function swapBytes(e: Emitter, value: Expr): Expr {
  const bytes = e.let(swapEvery(value, 8, 0x00ff_00ff_00ff_00ffn));
  const words = e.let(swapEvery(bytes, 16, 0x0000_ffff_0000_ffffn));
  const whole = i64.rotl(words, i64.const(32));
  return e.size === 64 ? whole : i64.shrU(whole, i64.const(64 - e.size));
}

const exchanges: Row[] = [
  { name: 'XCHG_Eb_Gb', encoding: '86 /r', does: swap, lock: true },
  { name: 'XCHG_Ev_Gv', encoding: '87 /r', does: swap, lock: true, hot: '32m' },
  { name: 'XCHG_Zv_rAX', encoding: '90+r', does: swap },
  {
    name: 'BSWAP_Zv',
    encoding: '0f c8+r',
    sizes: 'v',
    does: (e) => {
      // With a 16-bit operand the result is undefined; processors clear the register.
      e.write(0, e.size === 16 ? i64.const(0) : swapBytes(e, e.read(0)));
    },
  },
];

const conditional: Row[] = CONDITIONS.flatMap((name, code): Row[] => [
  {
    name: `CMOV${name}_Gv_Ev`,
    encoding: `0f ${hex(0x40 + code)} /r`,
    ...(!['O', 'NO', 'P', 'NP'].includes(name) && { hot: '32r 64r' }),
    does: (e) => {
      const source = e.read(1);
      e.write(0, select(condition(e, code), source, e.read(0)));
    },
  },
  {
    name: `SET${name}_Eb`,
    encoding: `0f ${hex(0x90 + code)} /r`,
    ...(['B', 'AE', 'E', 'NE', 'BE', 'A', 'L', 'GE', 'LE', 'G'].includes(name) && { hot: 'r' }),
    does: (e) => e.write(0, i64.extendU(condition(e, code))),
  },
]);

const widen =
  (from: 8 | 16 | 32): Meaning =>
  (e) =>
    e.setGpr(0, e.trim(e.signed(e.gpr(0, from), from)), (from * 2) as 16 | 32 | 64);

const accumulator: Row[] = [
  {
    name: 'CBW',
    encoding: '98',
    sizes: 'v',
    mnemonics: ['cbw', 'cwde', 'cdqe'],
    hot: '64',
    does: (e) => widen((e.size / 2) as 8 | 16 | 32)(e),
  },
  {
    name: 'CWD',
    encoding: '99',
    sizes: 'v',
    mnemonics: ['cwd', 'cdq', 'cqo'],
    hot: '32 64',
    does: (e) => {
      const size = e.size as 16 | 32 | 64;
      e.setGpr(2, e.trim(i64.shrS(e.signed(e.gpr(0, size)), i64.const(63))), size);
    },
  },
  {
    name: 'XLAT',
    encoding: 'd7',
    sizes: 8,
    does: (e) => {
      const linear = i64.and(i64.add(e.gpr(3), e.gpr(0, 8)), e.addressMask());
      e.setGpr(0, e.load(e.withSegment(linear), 8), 8);
    },
  },
];

const ignore: Meaning = () => undefined;

const hints: Row[] = [
  { name: 'NOP', encoding: '90', does: ignore, sizes: 64, hot: 'all' },
  { name: 'PAUSE', encoding: 'f3 90', does: ignore, sizes: 64 },
  { name: 'NOP_Ev', encoding: '0f 1f /r', does: ignore, addressOnly: true, hot: '16m 32m' },
  { name: 'ENDBR64', encoding: 'f3 0f 1e =fa', does: ignore, sizes: 64, hot: 'all' },
  { name: 'ENDBR32', encoding: 'f3 0f 1e =fb', does: ignore, sizes: 64 },
  ...[0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e].map((byte): Row => ({
    name: `NOP_${hex(byte)}_Ev`,
    encoding: `0f ${hex(byte)} /r`,
    does: ignore,
    addressOnly: true,
    mnemonics: ['nop', 'nop', 'nop'],
  })),
  ...[
    'PREFETCHNTA',
    'PREFETCHT0',
    'PREFETCHT1',
    'PREFETCHT2',
    'PREFETCH4',
    'PREFETCH5',
    'PREFETCH6',
    'PREFETCH7',
  ].map((name, digit): Row => ({
    name: `${name}_Eb`,
    encoding: `0f 18 /${digit}`,
    does: ignore,
    addressOnly: true,
    ...(digit > 3 && { mnemonics: ['nop'] }),
  })),
  ...['PREFETCH', 'PREFETCHW', 'PREFETCHWT1'].map((name, digit): Row => ({
    name: `${name}_Eb`,
    encoding: `0f 0d /${digit}`,
    does: ignore,
    addressOnly: true,
  })),
  ...[3, 4, 5, 6, 7].map((digit): Row => ({
    name: `NOP_0d_${digit}_Eb`,
    encoding: `0f 0d /${digit}`,
    does: ignore,
    addressOnly: true,
    mnemonics: ['nop'],
  })),
  { name: 'LFENCE', encoding: 'np 0f ae =e8+r', does: ignore, sizes: 64 },
  { name: 'MFENCE', encoding: 'np 0f ae =f0+r', does: ignore, sizes: 64 },
  { name: 'SFENCE', encoding: 'np 0f ae =f8+r', does: ignore, sizes: 64 },
];

export const dataRows: readonly Row[] = [...moves, ...exchanges, ...conditional, ...accumulator, ...hints];
