import type { Emitter } from '../../cpu/emitter/emitter.js';
import {
  addFlags,
  carryFlags,
  cf,
  keepCarry,
  logicFlags,
  resultFlags,
  subCarries,
  subFlags,
} from '../../cpu/emitter/flags.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const ALL = 'oszapc';

type Compute = (e: Emitter, a: Expr, b: Expr) => { result: Expr; setFlags: () => void };

const add: Compute = (e, a, b) => {
  const result = e.let(e.trim(i64.add(a, b)));
  return { result, setFlags: () => addFlags(e, a, b, result) };
};
const adc: Compute = (e, a, b) => {
  const result = e.let(e.trim(i64.add(i64.add(a, b), cf())));
  return { result, setFlags: () => addFlags(e, a, b, result) };
};
const sub: Compute = (e, a, b) => {
  const result = e.let(e.trim(i64.sub(a, b)));
  return { result, setFlags: () => subFlags(e, a, b, result) };
};
const sbb: Compute = (e, a, b) => {
  const result = e.let(e.trim(i64.sub(i64.sub(a, b), cf())));
  return { result, setFlags: () => subFlags(e, a, b, result) };
};
const logic =
  (operation: (a: Expr, b: Expr) => Expr): Compute =>
  (e, a, b) => {
    const result = e.let(operation(a, b));
    return { result, setFlags: () => logicFlags(e, result) };
  };

/** destination = destination op source */
const changes =
  (compute: Compute): Meaning =>
  (e) => {
    const a = e.update(0);
    const { result, setFlags } = compute(e, a, e.read(1));
    e.write(0, result);
    setFlags();
  };

/** Flags only. */
const compares =
  (compute: Compute): Meaning =>
  (e) => {
    const a = e.read(0);
    compute(e, a, e.read(1)).setFlags();
  };

interface Operation {
  readonly name: string;
  /** Opcode of the `Eb_Gb` row; the others follow. */
  readonly base: number;
  readonly does: Meaning;
  readonly lock: boolean;
  readonly undefined?: string;
  readonly hot: Record<'wordGeneral' | 'byteGeneral' | 'wordImmediate' | 'byteImmediate', string | undefined>;
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

/** The nine encodings that the eight classic operations share. */
function family({ name, base, does, lock, hot, ...rest }: Operation): Row[] {
  const digit = base >> 3;
  const rows: [string, string, string | undefined, boolean][] = [
    ['Eb_Gb', `${hex(base)} /r`, hot.byteGeneral, lock],
    ['Ev_Gv', `${hex(base + 1)} /r`, hot.wordGeneral, lock],
    ['Gb_Eb', `${hex(base + 2)} /r`, hot.byteGeneral, false],
    ['Gv_Ev', `${hex(base + 3)} /r`, hot.wordGeneral, false],
    ['AL_Ib', hex(base + 4), hot.byteImmediate && 'all', false],
    ['rAX_Iz', hex(base + 5), hot.wordImmediate && '32 64', false],
    ['Eb_Ib', `80 /${digit}`, hot.byteImmediate, lock],
    ['Ev_Iz', `81 /${digit}`, hot.wordImmediate, lock],
    ['Ev_Ib', `83 /${digit}`, hot.wordImmediate, lock],
  ];
  return rows.map(([operands, encoding, heat, lockable]) => ({
    name: `${name}_${operands}`,
    encoding,
    does,
    flags: rest.undefined ? ALL.replace(rest.undefined, '') : ALL,
    ...(lockable && { lock: true }),
    ...(heat && { hot: heat }),
    ...rest,
  }));
}

const COMMON = {
  wordGeneral: '32 64',
  byteGeneral: undefined,
  wordImmediate: '32 64',
  byteImmediate: undefined,
};
const RARER = { ...COMMON, wordGeneral: '32r 64r', wordImmediate: '32r 64r' };
const BYTES_TOO = { ...COMMON, byteGeneral: 'all', byteImmediate: 'all' };
const BYTE_IMMEDIATE = { ...COMMON, byteImmediate: 'all', byteGeneral: 'r' };

const classic: Row[] = [
  { name: 'ADD', base: 0x00, does: changes(add), lock: true, hot: BYTE_IMMEDIATE },
  { name: 'OR', base: 0x08, does: changes(logic(i64.or)), lock: true, undefined: 'a', hot: BYTE_IMMEDIATE },
  { name: 'ADC', base: 0x10, does: changes(adc), lock: true, hot: RARER },
  { name: 'SBB', base: 0x18, does: changes(sbb), lock: true, hot: RARER },
  { name: 'AND', base: 0x20, does: changes(logic(i64.and)), lock: true, undefined: 'a', hot: BYTE_IMMEDIATE },
  { name: 'SUB', base: 0x28, does: changes(sub), lock: true, hot: BYTE_IMMEDIATE },
  { name: 'XOR', base: 0x30, does: changes(logic(i64.xor)), lock: true, undefined: 'a', hot: BYTE_IMMEDIATE },
  {
    name: 'CMP',
    base: 0x38,
    does: compares(sub),
    lock: false,
    hot: { ...BYTES_TOO, wordGeneral: '16 32 64', wordImmediate: '16m 32 64' },
  },
].flatMap(family);

const test = compares(logic(i64.and));
const logicRow = { does: test, flags: 'oszpc', undefined: 'a' };

const tests: Row[] = [
  { ...logicRow, name: 'TEST_Eb_Gb', encoding: '84 /r', hot: 'r' },
  { ...logicRow, name: 'TEST_Ev_Gv', encoding: '85 /r', hot: '32r 64r' },
  { ...logicRow, name: 'TEST_AL_Ib', encoding: 'a8', hot: 'all' },
  { ...logicRow, name: 'TEST_rAX_Iz', encoding: 'a9', hot: '32' },
  { ...logicRow, name: 'TEST_Eb_Ib', encoding: 'f6 /0', hot: 'all' },
  { ...logicRow, name: 'TEST_Ev_Iz', encoding: 'f7 /0', hot: '32' },
  // The manual leaves /1 out; every processor executes it as /0.
  { ...logicRow, name: 'TEST_alias_Eb_Ib', encoding: 'f6 /1', mnemonics: ['test'] },
  { ...logicRow, name: 'TEST_alias_Ev_Iz', encoding: 'f7 /1', mnemonics: ['test', 'test', 'test'] },
];

const signBit = (e: Emitter) => i64.const(1n << BigInt(e.size - 1));

const inc: Meaning = (e) => {
  const a = e.update(0);
  const result = e.let(e.trim(i64.add(a, i64.const(1))));
  e.write(0, result);
  keepCarry(e, i64.eq(result, signBit(e)), i64.and(a, i64.xor(result, i64.const(-1))), result);
};

const dec: Meaning = (e) => {
  const a = e.update(0);
  const result = e.let(e.trim(i64.sub(a, i64.const(1))));
  e.write(0, result);
  keepCarry(e, i64.eq(a, signBit(e)), i64.and(i64.xor(a, i64.const(-1)), result), result);
};

const neg: Meaning = (e) => {
  const a = e.update(0);
  const result = e.let(e.trim(i64.sub(i64.const(0), a)));
  e.write(0, result);
  carryFlags(e, e.let(subCarries(i64.const(0), a, result)));
  resultFlags(e, result);
};

const invert: Meaning = (e) => {
  const a = e.update(0);
  e.write(0, e.trim(i64.xor(a, i64.const(-1))));
};

const counted = { flags: 'oszap', lock: true };

const single: Row[] = [
  { ...counted, name: 'INC_Eb', encoding: 'fe /0', does: inc },
  { ...counted, name: 'DEC_Eb', encoding: 'fe /1', does: dec },
  { ...counted, name: 'INC_Ev', encoding: 'ff /0', does: inc, hot: '32 64' },
  { ...counted, name: 'DEC_Ev', encoding: 'ff /1', does: dec, hot: '32 64' },
  { name: 'NOT_Eb', encoding: 'f6 /2', does: invert, lock: true },
  { name: 'NOT_Ev', encoding: 'f7 /2', does: invert, lock: true, hot: '32r 64r' },
  { name: 'NEG_Eb', encoding: 'f6 /3', does: neg, flags: ALL, lock: true },
  { name: 'NEG_Ev', encoding: 'f7 /3', does: neg, flags: ALL, lock: true, hot: '32r 64r' },
];

export const arithRows: readonly Row[] = [...classic, ...tests, ...single];
