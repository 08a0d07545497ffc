import type { Emitter } from '../../cpu/emitter/emitter.js';
import { toState64 } from '../../cpu/emitter/emitter.js';
import { cf, lowFlags, overflowFlag, resultFlags } from '../../cpu/emitter/flags.js';
import { Field, State } from '../../cpu/layout.js';
import type { SystemOperation } from '../../cpu/system-operations.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { arithRows } from './arith.js';
import { loadFarPointer, popSelector, pushSelector } from './segment-moves.js';

const [AX, SP] = [0, 4];
const DIVIDE_ERROR = 0;
const BOUND_EXCEEDED = 5;
const OVERFLOW = 4;
const AF = 0x10;

const LEGACY = { modes: 'legacy' } as const;
const WORDS = { ...LEGACY, sizes: 'v32' } as const;
const BYTE = { ...LEGACY, sizes: 8 } as const;
/** Depends on descriptors, stacks or privilege. */
const SYSTEM = { ...WORDS, untestable: true } as const;

const zero64 = i64.const(0);
const auxiliary = (e: Emitter) => i32.and(lowFlags(e), i32.const(AF));
const digitIsTooHigh = (value: Expr) => i64.gtU(i64.and(value, i64.const(15)), i64.const(9));

/** CF and AF from i64 0 or 1, OF = 0. */
function setDecimalCarries(e: Emitter, carry: Expr, half: Expr): void {
  const both = i64.shl(i64.mul(carry, i64.const(3)), i64.const(62));
  e.body.do(toState64(State.carries, i64.or(both, i64.shl(half, i64.const(3)))));
}

/** daa adds and das subtracts, digit by digit; what das borrows from the lower digit is a carry of its own. */
const decimalAdjust =
  (step: (a: Expr, b: Expr) => Expr, borrows: boolean): Meaning =>
  (e) => {
    const before = e.gpr(AX, 8);
    const carried = e.let(cf());
    const half = e.let(i64.extendU(i32.or(digitIsTooHigh(before), i32.ne(auxiliary(e), i32.const(0)))));
    const low = e.let(step(before, i64.mul(half, i64.const(6))));
    const high = e.let(i64.extendU(i32.or(i64.gtU(before, i64.const(0x99)), i64.ne(carried, zero64))));
    const result = e.let(e.trim(step(low, i64.mul(high, i64.const(0x60)))));
    const borrowed = i64.and(half, i64.extendU(i64.ltU(before, i64.const(6))));
    e.setGpr(AX, result, 8);
    setDecimalCarries(e, borrows ? e.let(i64.or(high, borrowed)) : high, half);
    resultFlags(e, result);
  };

/** aaa and aas: one digit in al, the carry into ah. */
const asciiAdjust =
  (step: (a: Expr, b: Expr) => Expr): Meaning =>
  (e) => {
    const before = e.gpr(AX, 16);
    const adjusts = e.let(i64.extendU(i32.or(digitIsTooHigh(before), i32.ne(auxiliary(e), i32.const(0)))));
    const moved = step(before, i64.mul(adjusts, i64.const(0x106)));
    e.setGpr(AX, i64.and(moved, i64.const(0xff0f)), 16);
    setDecimalCarries(e, adjusts, adjusts);
  };

const multiplyAdjust: Meaning = (e) => {
  const base = e.let(i64.and(e.immediate(32), i64.const(0xff)));
  e.body.if(i64.eqz(base), () => e.fault(DIVIDE_ERROR));
  const al = e.gpr(AX, 8);
  const digit = e.let(i64.remU(al, base));
  e.setGpr(AX, i64.or(i64.shl(i64.divU(al, base), i64.const(8)), digit), 16);
  setDecimalCarries(e, zero64, zero64);
  resultFlags(e, digit);
};

const divideAdjust: Meaning = (e) => {
  const base = i64.and(e.immediate(32), i64.const(0xff));
  const before = e.gpr(AX, 16);
  const sum = i64.add(before, i64.mul(i64.shrU(before, i64.const(8)), base));
  const result = e.let(i64.and(sum, i64.const(0xff)));
  e.setGpr(AX, result, 16);
  setDecimalCarries(e, zero64, zero64);
  resultFlags(e, result);
};

const decimal: Row[] = [
  {
    ...BYTE,
    name: 'DAA',
    encoding: '27',
    flags: 'szapc',
    undefined: 'o',
    does: decimalAdjust(i64.add, false),
  },
  {
    ...BYTE,
    name: 'DAS',
    encoding: '2f',
    flags: 'szapc',
    undefined: 'o',
    does: decimalAdjust(i64.sub, true),
  },
  { ...BYTE, name: 'AAA', encoding: '37', flags: 'ac', undefined: 'oszp', does: asciiAdjust(i64.add) },
  { ...BYTE, name: 'AAS', encoding: '3f', flags: 'ac', undefined: 'oszp', does: asciiAdjust(i64.sub) },
  { ...BYTE, name: 'AAM_Ib', encoding: 'd4', flags: 'szp', undefined: 'oac', does: multiplyAdjust },
  { ...BYTE, name: 'AAD_Ib', encoding: 'd5', flags: 'szp', undefined: 'oac', does: divideAdjust },
  {
    ...BYTE,
    name: 'SALC',
    encoding: 'd6',
    does: (e) => e.setGpr(AX, i64.sub(zero64, cf()), 8),
  },
];

const inc = arithRows.find(({ name }) => name === 'INC_Ev')!.does;
const dec = arithRows.find(({ name }) => name === 'DEC_Ev')!.does;

const counts: Row[] = [
  { ...WORDS, name: 'INC_Zv', encoding: '40+r', flags: 'oszap', does: inc, hot: '32' },
  { ...WORDS, name: 'DEC_Zv', encoding: '48+r', flags: 'oszap', does: dec, hot: '32' },
];

/** 82 is 80 once more. */
const aliases: Row[] = arithRows
  .filter(({ encoding }) => encoding.startsWith('80 /'))
  .map(({ hot: _, name, ...row }) => {
    const mnemonic = name.split('_')[0]!;
    return {
      ...row,
      ...LEGACY,
      name: `${mnemonic}_82_Eb_Ib`,
      encoding: row.encoding.replace('80', '82'),
      mnemonics: [mnemonic.toLowerCase()],
    };
  });

const REGISTERS = [0, 1, 2, 3, 4, 5, 6, 7];

const pushAll: Meaning = (e) => {
  const size = e.size as 16 | 32;
  const bytes = size / 8;
  REGISTERS.forEach((register) => {
    const place = e.stackOffset(i64.const(-(register + 1) * bytes));
    e.store(e.onStack(place), e.gpr(register, size), size);
  });
  e.setStack(e.stackOffset(i64.const(-8 * bytes)));
};

const popAll: Meaning = (e) => {
  const size = e.size as 16 | 32;
  const bytes = size / 8;
  const values = REGISTERS.map((i) => e.load(e.onStack(e.stackOffset(i64.const(i * bytes))), size));
  REGISTERS.filter((register) => register !== SP).forEach((register) =>
    e.setGpr(register, values[7 - register]!, size),
  );
  e.setStack(e.stackOffset(i64.const(8 * bytes)));
};

const bound: Meaning = (e) => {
  const size = e.size as 16 | 32;
  const index = e.let(e.readSigned(0));
  const lower = e.loadSigned(e.address(1), size);
  e.body.if(i64.ltS(index, lower), () => e.fault(BOUND_EXCEEDED));
  const upper = e.loadSigned(e.addressAt(i64.const(size / 8)), size);
  e.body.if(i64.gtS(index, upper), () => e.fault(BOUND_EXCEEDED));
};

/** The requested privilege of a selector becomes at least that of the program it comes from. */
const adjustPrivilege: Meaning = (e) => {
  const place = e.isMemory(0) ? e.let(e.address(0)) : undefined;
  const selector = place ? e.load(place, 16) : e.read(0);
  const level = i64.and(e.read(1), i64.const(3));
  const raised = e.let(i64.or(i64.and(selector, i64.const(0xfffc)), level));
  const adjusts = e.let(i64.ltU(i64.and(selector, i64.const(3)), i64.and(raised, i64.const(3))));
  // Memory is written only where that changes it.
  if (place) e.body.if(adjusts, () => e.store(place, raised, 16));
  else e.write(0, select(adjusts, raised, selector));
  e.body.do(toState64(State.zeroResult, i64.extendU(i32.eqz(adjusts))));
};

const programs: Row[] = [
  { ...WORDS, name: 'PUSHA', encoding: '60', mnemonics: ['pushaw', 'pushad'], does: pushAll },
  { ...WORDS, name: 'POPA', encoding: '61', mnemonics: ['popaw', 'popad'], does: popAll },
  { ...WORDS, name: 'BOUND_Gv_Ma', encoding: '62 /r', does: bound },
  { ...LEGACY, name: 'ARPL_Ew_Gw', encoding: '63 /r', flags: 'z', does: adjustPrivilege },
];

const NAMES = ['ES', 'CS', 'SS', 'DS'] as const;

const segmentStack: Row[] = NAMES.flatMap((name, index): Row[] => [
  {
    ...SYSTEM,
    name: `PUSH_${name}`,
    encoding: (index * 8 + 6).toString(16).padStart(2, '0'),
    does: pushSelector(index),
  },
  ...(name === 'CS'
    ? []
    : [
        {
          ...SYSTEM,
          name: `POP_${name}`,
          encoding: (index * 8 + 7).toString(16).padStart(2, '0'),
          does: popSelector(index),
        },
      ]),
]);

/** Offset and selector follow the opcode. */
const farDirect =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation, e.field32Signed64(Field.displacement), i64.const(e.size), e.immediate(32));

const asks =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation);

const transfers: Row[] = [
  { ...SYSTEM, name: 'CALLF_Ap', encoding: '9a', does: farDirect('farCallDirect') },
  { ...SYSTEM, name: 'JMPF_Ap', encoding: 'ea', does: farDirect('farJumpDirect') },
  { ...SYSTEM, name: 'LES_Gv_Mp', encoding: 'c4 /r', does: loadFarPointer(0) },
  { ...SYSTEM, name: 'LDS_Gv_Mp', encoding: 'c5 /r', does: loadFarPointer(3) },
  {
    ...BYTE,
    untestable: true,
    name: 'INTO',
    encoding: 'ce',
    does: (e) => e.body.if(overflowFlag(e), () => e.system('interrupt', i64.const(OVERFLOW), i64.const(0))),
  },
  {
    ...BYTE,
    untestable: true,
    name: 'SYSCALL_legacy',
    encoding: '0f 05',
    mnemonics: ['syscall'],
    does: asks('legacySyscall'),
  },
];

/** In 64-bit mode AMD's processors, which is what CPUID says this is, do not know them. */
const fastCalls: Row[] = [
  { ...LEGACY, sizes: 64, untestable: true, name: 'SYSENTER', encoding: '0f 34', does: asks('sysenter') },
  { ...LEGACY, sizes: 64, untestable: true, name: 'SYSEXIT', encoding: '0f 35', does: asks('sysexit') },
];

export const legacyRows: readonly Row[] = [
  ...decimal,
  ...counts,
  ...aliases,
  ...programs,
  ...segmentStack,
  ...transfers,
  ...fastCalls,
];
