import type { ParsedRow } from '../../isa/row.js';
import { setOrderFlags } from '../../isa/rows/sse-support.js';
import { condition } from '../emitter/flags.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import { Head } from '../x87/quick.js';
import { Status } from '../x87/stack.js';
import { NotPromotable } from './promoted-state.js';
import type { RegionEmitter, RegionFrame } from './region-emitter.js';
import type { MemoryKind, Value } from './x87-instruction.js';
import { fromMemory, X87Instruction } from './x87-instruction.js';
import type { X87Stack } from './x87-stack.js';

const zero32 = i32.const(0);
const zero64 = i64.const(0);
const CONDITIONS = Status.C0 | Status.C2 | Status.C3;

type Does = (x: X87Instruction) => void;

// Loads and stores.

const load =
  (kind: MemoryKind): Does =>
  (x) =>
    x.push(fromMemory(x, kind));

const FLOAT_NAME = { Md: 'quick.toSingle', Mq: 'quick.toDouble' } as const;

const storeFloat =
  (kind: 'Md' | 'Mq', pops: number): Does =>
  (x) => {
    x.requireFull(0);
    x.requirePlain();
    const { high, head } = x.get(0);
    const stored = x.accepted(x.quick(FLOAT_NAME[kind], high, head));
    x.e.write(0, stored.high);
    x.stack.note(stored.head);
    x.pop(pops);
  };

const storeExtended: Does = (x) => {
  x.requireFull(0);
  const { high, head } = x.get(0);
  const host = x.e.translate(x.e.address(0), 10, 'write');
  x.body.do(i64.store(host, high));
  x.body.do(i32.store16(host, head, 8));
  x.stack.clearC1();
  x.pop(1);
};

const storeInteger =
  (bits: number, pops: number, truncate = false): Does =>
  (x) => {
    x.requireFull(0);
    const { high, head } = x.get(0);
    const mode = i32.and(i32.shrU(x.body.get(x.stack.control), i32.const(10)), i32.const(3));
    const rounding = truncate ? i32.const(3) : x.stack.isPlain ? zero32 : mode;
    const stored = x.accepted(x.quick('quick.toInteger', high, head, i32.const(bits), rounding));
    x.e.write(0, stored.high);
    x.stack.note(stored.head);
    x.pop(pops);
  };

// Arithmetic.

type Operation = 'add' | 'subtract' | 'subtractReversed' | 'multiply' | 'divide' | 'divideReversed';

function compute(x: X87Instruction, operation: Operation, destination: Value, other: Value): Value {
  const reversed = operation.endsWith('Reversed');
  const [a, b] = reversed ? [other, destination] : [destination, other];
  const subtracts = operation.startsWith('subtract');
  const name = subtracts ? 'add' : operation.replace('Reversed', '');
  const head = subtracts ? i32.xor(b.head, i32.const(Head.sign)) : b.head;
  return x.accepted(x.quick(`quick.${name}.${x.stack.precision}`, a.high, a.head, b.high, head));
}

function keep(x: X87Instruction, st: number, value: Value, pops = 0): void {
  x.set(st, value);
  x.stack.note(value.head);
  x.pop(pops);
}

const withMemory =
  (operation: Operation, kind: MemoryKind): Does =>
  (x) => {
    x.requireFull(0);
    x.requirePlain();
    const other = fromMemory(x, kind);
    keep(x, 0, compute(x, operation, x.get(0), other));
  };

const inStack =
  (operation: Operation, intoSt0: boolean, pops = 0): Does =>
  (x) => {
    const [destination, other] = intoSt0 ? [0, x.st] : [x.st, 0];
    x.requireFull(destination, other);
    x.requirePlain();
    keep(x, destination, compute(x, operation, x.get(destination), x.get(other)), pops);
  };

const squareRoot: Does = (x) => {
  x.requireFull(0);
  x.requirePlain();
  const { high, head } = x.get(0);
  keep(x, 0, x.accepted(x.quick(`quick.squareRoot.${x.stack.precision}`, high, head)));
};

const changeSign =
  (and: number, xor: number): Does =>
  (x) => {
    x.requireFull(0);
    const { high, head } = x.get(0);
    x.set(0, { high, head: i32.xor(i32.and(head, i32.const(and)), i32.const(xor)) });
    x.stack.clearC1();
  };

// Comparisons.

const order = (x: X87Instruction, a: Value, b: Value): Expr =>
  x.ask('quick.order', a.high, a.head, b.high, b.head);

const PLUS_ZERO: Value = { high: zero64, head: zero32 };

/** Into C3 C2 C0. */
function setConditions(x: X87Instruction, relation: Expr, pops: number): void {
  const less = i32.shl(i32.and(relation, i32.const(1)), i32.const(8));
  const equal = i32.shl(i32.and(relation, i32.const(2)), i32.const(13));
  setStatus(x, CONDITIONS, i32.or(less, equal));
  x.stack.clearC1();
  x.pop(pops);
}

function setStatus({ body, stack }: X87Instruction, cleared: number, bits: Expr): void {
  body.changed = true;
  body.set(stack.status, i32.or(i32.and(body.get(stack.status), i32.const(~cleared)), bits));
}

const compareStack =
  (pops: number, st?: number): Does =>
  (x) => {
    const other = st ?? x.st;
    x.requireFull(0, other);
    setConditions(x, order(x, x.get(0), x.get(other)), pops);
  };

const compareMemory =
  (kind: MemoryKind, pops: number): Does =>
  (x) => {
    x.requireFull(0);
    const other = fromMemory(x, kind);
    setConditions(x, order(x, x.get(0), other), pops);
  };

const compareFlags =
  (pops: number): Does =>
  (x) => {
    x.requireFull(0, x.st);
    setOrderFlags(x.e, order(x, x.get(0), x.get(x.st)));
    x.pop(pops);
  };

const examine: Does = (x) => {
  x.requireFull(0);
  const { high, head } = x.get(0);
  const sign = i32.shrU(i32.and(head, i32.const(Head.sign)), i32.const(15));
  setStatus(x, CONDITIONS, select(i64.eqz(high), i32.const(Status.C3), i32.const(Status.C2)));
  x.stack.setC1(sign);
};

// The stack.

const pushStack: Does = (x) => {
  x.requireFull(x.st);
  x.push(copied(x, x.st));
};

/** Registers are assigned one after the other, so what is copied is held first. */
function copied(x: X87Instruction, st: number): Value {
  const { high, head } = x.get(st);
  return { high: x.body.let(high), head: x.body.let(head) };
}

const copyTo =
  (pops: number): Does =>
  (x) => {
    x.requireFull(0);
    x.set(x.st, copied(x, 0));
    x.stack.clearC1();
    x.pop(pops);
  };

const exchange: Does = (x) => {
  x.requireFull(0, x.st);
  const [first, second] = [copied(x, 0), copied(x, x.st)];
  x.set(0, second);
  x.set(x.st, first);
  x.stack.clearC1();
};

const moveIf =
  (code: number): Does =>
  (x) => {
    x.requireFull(0, x.st);
    const moves = x.e.let(condition(x.e, code));
    const [to, from] = [x.get(0), x.get(x.st)];
    const head = x.body.let(select(moves, from.head, to.head));
    x.set(0, { high: select(moves, from.high, to.high), head });
  };

const free =
  (pops: number): Does =>
  (x) => {
    x.change();
    x.stack.empty(x.st);
    x.stack.clearC1();
    x.pop(pops);
  };

const turn =
  (by: number): Does =>
  (x) => {
    x.change();
    x.stack.moveTop(by);
    x.stack.clearC1();
  };

/** Constants rounded to nearest. */
const constant =
  (significand: bigint, head: number): Does =>
  (x) => {
    x.requirePlain();
    x.push({ high: i64.const(significand), head: i32.const(head) });
  };

// Control.

const CONTROL_DEFINED = 0x1f3f;
const CONTROL_ALWAYS = 0x40;
const MASKS = 0x3f;
const KEPT_BY_FNCLEX = ~0x80ff;

const LOAD_CONTROL = 'FLDCW_Mw';
const loadControl: Does = (x) => {
  const word = x.e.let(i32.wrap(x.e.read(0)));
  x.leaveIf(i32.ne(i32.and(word, i32.const(MASKS)), i32.const(MASKS)));
  x.change();
  const defined = i32.and(word, i32.const(CONTROL_DEFINED));
  x.body.set(x.stack.control, i32.or(defined, i32.const(CONTROL_ALWAYS)));
  x.stack.isPlain = false;
};

function wholeStatus({ stack }: X87Instruction): Expr {
  return i64.extendU(i32.or(stack.statusWord(), i32.shl(stack.topNow(), i32.const(11))));
}

const nothing: Does = () => undefined;

const arithmeticRows = (name: string, operation: Operation): [string, Does][] => [
  [`F${name}_Md`, withMemory(operation, 'Md')],
  [`F${name}_Mq`, withMemory(operation, 'Mq')],
  [`FI${name}_Md`, withMemory(operation, 'Id')],
  [`FI${name}_Mw`, withMemory(operation, 'Iw')],
  [`F${name}_ST0_STi`, inStack(operation, true)],
  [`F${name}_STi_ST0`, inStack(operation, false)],
  [`F${name}P_STi_ST0`, inStack(operation, false, 1)],
];

const comparisonRows = (name: string, pops: number): [string, Does][] => [
  [`F${name}_Md`, compareMemory('Md', pops)],
  [`F${name}_Mq`, compareMemory('Mq', pops)],
  [`FI${name}_Md`, compareMemory('Id', pops)],
  [`FI${name}_Mw`, compareMemory('Iw', pops)],
  [`F${name}_STi`, compareStack(pops)],
  [`FU${name}_STi`, compareStack(pops)],
];

const MOVES: Readonly<Record<string, number>> = { B: 2, E: 4, BE: 6, U: 10, NB: 3, NE: 5, NBE: 7, NU: 11 };

/** By the name of the row. */
const ROWS = new Map<string, Does>([
  ...arithmeticRows('ADD', 'add'),
  ...arithmeticRows('MUL', 'multiply'),
  ...arithmeticRows('SUB', 'subtract'),
  ...arithmeticRows('SUBR', 'subtractReversed'),
  ...arithmeticRows('DIV', 'divide'),
  ...arithmeticRows('DIVR', 'divideReversed'),
  ...comparisonRows('COM', 0),
  ...comparisonRows('COMP', 1),
  ['FCOM2_STi', compareStack(0)],
  ['FCOMP3_STi', compareStack(1)],
  ['FCOMP5_STi', compareStack(1)],
  ['FCOMPP', compareStack(2, 1)],
  ['FUCOMPP', compareStack(2, 1)],
  ['FUCOMI_ST0_STi', compareFlags(0)],
  ['FCOMI_ST0_STi', compareFlags(0)],
  ['FUCOMIP_ST0_STi', compareFlags(1)],
  ['FCOMIP_ST0_STi', compareFlags(1)],
  [
    'FTST',
    (x) => {
      x.requireFull(0);
      setConditions(x, order(x, x.get(0), PLUS_ZERO), 0);
    },
  ],
  ...Object.entries(MOVES).map(([name, code]): [string, Does] => [`FCMOV${name}_ST0_STi`, moveIf(code)]),
  ['FLD_Md', load('Md')],
  ['FLD_Mq', load('Mq')],
  ['FLD_Mt', load('Mt')],
  ['FILD_Mw', load('Iw')],
  ['FILD_Md', load('Id')],
  ['FILD_Mq', load('Iq')],
  ['FLD_STi', pushStack],
  ['FST_Md', storeFloat('Md', 0)],
  ['FSTP_Md', storeFloat('Md', 1)],
  ['FST_Mq', storeFloat('Mq', 0)],
  ['FSTP_Mq', storeFloat('Mq', 1)],
  ['FSTP_Mt', storeExtended],
  ['FST_STi', copyTo(0)],
  ['FSTP_STi', copyTo(1)],
  ['FIST_Mw', storeInteger(16, 0)],
  ['FIST_Md', storeInteger(32, 0)],
  ['FISTP_Mw', storeInteger(16, 1)],
  ['FISTP_Md', storeInteger(32, 1)],
  ['FISTP_Mq', storeInteger(64, 1)],
  ['FISTTP_Mw', storeInteger(16, 1, true)],
  ['FISTTP_Md', storeInteger(32, 1, true)],
  ['FISTTP_Mq', storeInteger(64, 1, true)],
  ['FXCH_STi', exchange],
  ['FCHS', changeSign(0xffff, Head.sign)],
  ['FABS', changeSign(Head.exponent, 0)],
  ['FXAM', examine],
  ['FSQRT', squareRoot],
  ['FFREE_STi', free(0)],
  ['FFREEP_STi', free(1)],
  ['FDECSTP', turn(-1)],
  ['FINCSTP', turn(1)],
  ['FLD1', constant(0x8000_0000_0000_0000n, 0x3fff)],
  ['FLDL2T', constant(0xd49a_784b_cd1b_8afen, 0x4000)],
  ['FLDL2E', constant(0xb8aa_3b29_5c17_f0bcn, 0x3fff)],
  ['FLDPI', constant(0xc90f_daa2_2168_c235n, 0x4000)],
  ['FLDLG2', constant(0x9a20_9a84_fbcf_f799n, 0x3ffd)],
  ['FLDLN2', constant(0xb172_17f7_d1cf_79acn, 0x3ffe)],
  ['FLDZ', constant(0n, 0)],
  ['FNOP', nothing],
  ['FWAIT', nothing],
  [LOAD_CONTROL, loadControl],
  ['FNSTCW_Mw', (x) => x.e.write(0, i64.extendU(x.body.get(x.stack.control)))],
  ['FNSTSW_Mw', (x) => x.e.write(0, wholeStatus(x))],
  ['FNSTSW_AX', (x) => x.e.setGpr(0, wholeStatus(x), 16)],
  [
    'FNCLEX',
    (x) => {
      x.change();
      x.stack.clearExceptions(KEPT_BY_FNCLEX);
    },
  ],
]);

const MMX_KINDS = new Set(['P', 'Q', 'N']);
const usesMmx = ({ name, operands }: ParsedRow) =>
  /^F?EMMS/.test(name) || operands.some(({ kind }) => MMX_KINDS.has(kind));

/** Whether the stack of a region with these rows can be in locals. MMX works on the registers in memory. */
export const canHoldStack = (rows: readonly ParsedRow[]): boolean =>
  rows.some(({ name }) => ROWS.has(name)) && !rows.some(usesMmx);

export const loadsControl = (rows: readonly ParsedRow[]): boolean =>
  rows.some(({ name }) => name === LOAD_CONTROL);

/** Emits the instruction, or throws `NotPromotable` where it cannot be had so. */
export function emitX87(e: RegionEmitter, stack: X87Stack, frame: RegionFrame): void {
  const does = ROWS.get(e.form.row.name);
  if (!does) throw new NotPromotable();
  stack.orAsBefore(() => does(new X87Instruction(e, stack, frame)));
}
