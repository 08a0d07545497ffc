import type { Emitter } from '../../cpu/emitter/emitter.js';
import {
  addFlags,
  cf,
  differenceFlags,
  keepCarry,
  logicFlags,
  subFlags,
  sumFlags,
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
  return { result, setFlags: () => sumFlags(e, a, b, result) };
};
const sub: Compute = (e, a, b) => {
  const result = e.let(e.trim(i64.sub(a, b)));
  return { result, setFlags: () => subFlags(e, a, b, result) };
};
const sbb: Compute = (e, a, b) => {
  const result = e.let(e.trim(i64.sub(i64.sub(a, b), cf())));
  return { result, setFlags: () => differenceFlags(e, a, b, result) };
};
const logic =
  (operation: (a: Expr, b: Expr) => Expr): Compute =>
  (e, a, b) => {
    const result = e.let(e.trim(operation(a, b)));
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

type Encoding = 'Eb_Gb' | 'Ev_Gv' | 'Gb_Eb' | 'Gv_Ev' | 'AL_Ib' | 'rAX_Iz' | 'Eb_Ib' | 'Ev_Iz' | 'Ev_Ib';

interface Operation {
  readonly name: string;
  /** Opcode of the `Eb_Gb` row; the others follow. */
  readonly base: number;
  readonly does: Meaning;
  /** Which forms are hot, by how often compilers emit them. */
  readonly hot: Partial<Record<Encoding, string>>;
  readonly undefined?: string;
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

const ENCODINGS: readonly [Encoding, (base: number) => string][] = [
  ['Eb_Gb', (base) => `${hex(base)} /r`],
  ['Ev_Gv', (base) => `${hex(base + 1)} /r`],
  ['Gb_Eb', (base) => `${hex(base + 2)} /r`],
  ['Gv_Ev', (base) => `${hex(base + 3)} /r`],
  ['AL_Ib', (base) => hex(base + 4)],
  ['rAX_Iz', (base) => hex(base + 5)],
  ['Eb_Ib', (base) => `80 /${base >> 3}`],
  ['Ev_Iz', (base) => `81 /${base >> 3}`],
  ['Ev_Ib', (base) => `83 /${base >> 3}`],
];

/** The nine encodings that the eight classic operations share. */
function family({ name, base, does, hot, undefined: open = '' }: Operation): Row[] {
  return ENCODINGS.map(([operands, encoding]) => {
    const lock = name !== 'CMP' && operands.startsWith('E');
    const heat = hot[operands];
    return {
      name: `${name}_${operands}`,
      encoding: encoding(base),
      does,
      flags: ALL.replace(open, ''),
      ...(open && { undefined: open }),
      ...(lock && { lock }),
      ...(heat && { hot: heat }),
    };
  });
}

const LOGIC = { undefined: 'a' };
const REGISTERS = '32r 64r';
const MEMORY = '32m 64m';

const classic: Row[] = [
  {
    name: 'ADD',
    base: 0x00,
    does: changes(add),
    hot: { Ev_Gv: '32 64', Gv_Ev: MEMORY, rAX_Iz: '32 64', Ev_Iz: '64r', Ev_Ib: '32 64' },
  },
  {
    ...LOGIC,
    name: 'OR',
    base: 0x08,
    does: changes(logic(i64.or)),
    hot: { Eb_Gb: 'r', Ev_Gv: REGISTERS, Gv_Ev: MEMORY, Eb_Ib: 'all', Ev_Iz: '32r', Ev_Ib: '32 64r' },
  },
  { name: 'ADC', base: 0x10, does: changes(adc), hot: { Ev_Gv: REGISTERS, Gv_Ev: '64m', Ev_Ib: REGISTERS } },
  { name: 'SBB', base: 0x18, does: changes(sbb), hot: { Ev_Gv: REGISTERS, Ev_Ib: REGISTERS } },
  {
    ...LOGIC,
    name: 'AND',
    base: 0x20,
    does: changes(logic(i64.and)),
    hot: {
      Eb_Gb: 'r',
      Ev_Gv: REGISTERS,
      Gv_Ev: MEMORY,
      rAX_Iz: '32',
      Eb_Ib: 'all',
      Ev_Iz: REGISTERS,
      Ev_Ib: REGISTERS,
    },
  },
  {
    name: 'SUB',
    base: 0x28,
    does: changes(sub),
    hot: { Ev_Gv: REGISTERS, Gv_Ev: MEMORY, Ev_Iz: '32r 64r', Ev_Ib: '32 64' },
  },
  {
    ...LOGIC,
    name: 'XOR',
    base: 0x30,
    does: changes(logic(i64.xor)),
    hot: { Ev_Gv: REGISTERS, Gv_Ev: MEMORY, Ev_Ib: REGISTERS, Eb_Ib: 'r' },
  },
  {
    name: 'CMP',
    base: 0x38,
    does: compares(sub),
    hot: {
      Eb_Gb: 'all',
      Ev_Gv: '32 64',
      Gb_Eb: 'm',
      Gv_Ev: MEMORY,
      AL_Ib: 'all',
      rAX_Iz: '32 64',
      Eb_Ib: 'all',
      Ev_Iz: '32 64r',
      Ev_Ib: '16 32 64',
    },
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
  subFlags(e, i64.const(0), a, result);
};

const invert: Meaning = (e) => {
  const a = e.update(0);
  e.write(0, e.trim(i64.xor(a, i64.const(-1))));
};

const counted = { flags: 'oszap', lock: true };

const single: Row[] = [
  { ...counted, name: 'INC_Eb', encoding: 'fe /0', does: inc },
  { ...counted, name: 'DEC_Eb', encoding: 'fe /1', does: dec },
  { ...counted, name: 'INC_Ev', encoding: 'ff /0', does: inc, hot: '32r 64r 32m' },
  { ...counted, name: 'DEC_Ev', encoding: 'ff /1', does: dec, hot: '32r 64r 32m' },
  { name: 'NOT_Eb', encoding: 'f6 /2', does: invert, lock: true },
  { name: 'NOT_Ev', encoding: 'f7 /2', does: invert, lock: true, hot: '32r 64r' },
  { name: 'NEG_Eb', encoding: 'f6 /3', does: neg, flags: ALL, lock: true },
  { name: 'NEG_Ev', encoding: 'f7 /3', does: neg, flags: ALL, lock: true, hot: '32r 64r' },
];

export const arithRows: readonly Row[] = [...classic, ...tests, ...single];
