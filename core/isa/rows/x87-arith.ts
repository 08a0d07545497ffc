import type { Emitter } from '../../cpu/emitter/emitter.js';
import { condition } from '../../cpu/emitter/flags.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i64 } from '../../cpu/wasm/expr.js';
import { FROM_MEMORY, X87Operation } from '../../cpu/x87/extended.js';
import { OPERAND_A, OPERAND_B } from '../../cpu/x87/scratch.js';
import type { Meaning, Row } from '../row.js';
import { setOrderFlags } from './sse-support.js';
import type { X87Tuple } from './x87-support.js';
import { number, run, stackNumber, waiting } from './x87-support.js';

const ST0 = number(0);
const ST1 = number(1);
const zeroInteger = i64.const(0);

type MemoryKind = 'single' | 'double' | 'word' | 'dword';
const UNPACK = {
  single: 'unpack32',
  double: 'unpack64',
  word: 'unpackInteger',
  dword: 'unpackInteger',
} as const;

/** Reads a memory operand, starts the instruction, and takes the operand apart. */
function memoryOperand(e: Emitter, kind: MemoryKind, place: number): void {
  const integer = kind === 'word' || kind === 'dword';
  const value = e.let(integer ? e.readSigned(0) : e.read(0));
  run(e, 'begin');
  run(e, UNPACK[kind], number(place), value);
}

const fromMemory =
  (operation: number, kind: MemoryKind): Meaning =>
  (e) => {
    const reversed = operation & 1 && operation & 4;
    memoryOperand(e, kind, reversed ? OPERAND_A : OPERAND_B);
    run(e, 'arithmetic', number(operation), ST0, number(FROM_MEMORY), number(0));
  };

const inStack =
  (operation: number, intoSt0: boolean, pops = 0): Meaning =>
  (e) => {
    const st = stackNumber(e);
    const [destination, other] = intoSt0 ? [ST0, st] : [st, ST0];
    run(e, 'begin');
    run(e, 'arithmetic', number(operation), destination, other, number(pops));
  };

interface Arithmetic {
  readonly name: string;
  readonly operation: number;
}

/** In the order of their /digit; two and three are comparisons. */
const ARITHMETIC: readonly Arithmetic[] = [
  { name: 'ADD', operation: X87Operation.add },
  { name: 'MUL', operation: X87Operation.multiply },
  { name: 'SUB', operation: X87Operation.subtract },
  { name: 'SUBR', operation: X87Operation.subtractReversed },
  { name: 'DIV', operation: X87Operation.divide },
  { name: 'DIVR', operation: X87Operation.divideReversed },
];

/** dc and de name the reversed forms of their destination the other way round. */
const swapped = (operation: number) => (operation & 4 ? operation ^ 1 : operation);

function arithmetic({ name, operation }: Arithmetic): X87Tuple[] {
  return [
    [`F${name}_Md`, `d8 /${operation}`, fromMemory(operation, 'single')],
    [`F${name}_Mq`, `dc /${operation}`, fromMemory(operation, 'double')],
    [`FI${name}_Md`, `da /${operation}`, fromMemory(operation, 'dword')],
    [`FI${name}_Mw`, `de /${operation}`, fromMemory(operation, 'word')],
    [`F${name}_ST0_STi`, `d8 /${operation}`, inStack(operation, true)],
    [`F${name}_STi_ST0`, `dc /${swapped(operation)}`, inStack(operation, false)],
    [`F${name}P_STi_ST0`, `de /${swapped(operation)}`, inStack(operation, false, 1)],
  ];
}

type Compare = (e: Emitter, other: Expr) => void;

/** Into C3 C2 C0. */
const ordered =
  (quietIsInvalid: boolean, pops: number): Compare =>
  (e, other) => {
    const relation = e.let(e.helper('relation', other, number(quietIsInvalid ? 1 : 0)));
    run(e, 'setConditions', relation, number(pops));
  };

const compareMemory =
  (kind: MemoryKind, pops: number): Meaning =>
  (e) => {
    memoryOperand(e, kind, OPERAND_B);
    ordered(true, pops)(e, number(FROM_MEMORY));
  };

const compareStack =
  (compare: Compare): Meaning =>
  (e) => {
    run(e, 'begin');
    compare(e, stackNumber(e));
  };

const compareTwoAndPop =
  (quietIsInvalid: boolean): Meaning =>
  (e) => {
    run(e, 'begin');
    ordered(quietIsInvalid, 2)(e, ST1);
  };

/** Into ZF PF CF. */
const intoFlags =
  (quietIsInvalid: boolean, pops: number): Compare =>
  (e, other) => {
    const relation = e.let(e.helper('flagRelation', other, number(quietIsInvalid ? 1 : 0)));
    setOrderFlags(e, relation);
    run(e, 'popAfter', relation, number(pops));
  };

const FLAGS = { flags: 'oszapc' };

const comparisons: readonly X87Tuple[] = [
  ['FCOM_Md', 'd8 /2', compareMemory('single', 0)],
  ['FCOMP_Md', 'd8 /3', compareMemory('single', 1)],
  ['FCOM_Mq', 'dc /2', compareMemory('double', 0)],
  ['FCOMP_Mq', 'dc /3', compareMemory('double', 1)],
  ['FICOM_Md', 'da /2', compareMemory('dword', 0)],
  ['FICOMP_Md', 'da /3', compareMemory('dword', 1)],
  ['FICOM_Mw', 'de /2', compareMemory('word', 0)],
  ['FICOMP_Mw', 'de /3', compareMemory('word', 1)],
  ['FCOM_STi', 'd8 /2', compareStack(ordered(true, 0))],
  ['FCOMP_STi', 'd8 /3', compareStack(ordered(true, 1))],
  // What the manual leaves out and every processor executes.
  ['FCOM2_STi', 'dc /2', compareStack(ordered(true, 0))],
  ['FCOMP3_STi', 'dc /3', compareStack(ordered(true, 1))],
  ['FCOMP5_STi', 'de /2', compareStack(ordered(true, 1))],
  ['FUCOM_STi', 'dd /4', compareStack(ordered(false, 0))],
  ['FUCOMP_STi', 'dd /5', compareStack(ordered(false, 1))],
  ['FCOMPP', 'de =d9', compareTwoAndPop(true)],
  ['FUCOMPP', 'da =e9', compareTwoAndPop(false)],
  ['FUCOMI_ST0_STi', 'db /5', compareStack(intoFlags(false, 0)), FLAGS],
  ['FCOMI_ST0_STi', 'db /6', compareStack(intoFlags(true, 0)), FLAGS],
  ['FUCOMIP_ST0_STi', 'df /5', compareStack(intoFlags(false, 1)), FLAGS],
  ['FCOMIP_ST0_STi', 'df /6', compareStack(intoFlags(true, 1)), FLAGS],
  [
    'FTST',
    'd9 =e4',
    (e) => {
      run(e, 'begin');
      run(e, 'unpackInteger', number(OPERAND_B), zeroInteger);
      ordered(true, 0)(e, number(FROM_MEMORY));
    },
  ],
];

/** [condition, opcode, /digit, condition code] */
const CONDITIONAL: readonly (readonly [string, string, number, number])[] = [
  ['B', 'da', 0, 2],
  ['E', 'da', 1, 4],
  ['BE', 'da', 2, 6],
  ['U', 'da', 3, 10],
  ['NB', 'db', 0, 3],
  ['NE', 'db', 1, 5],
  ['NBE', 'db', 2, 7],
  ['NU', 'db', 3, 11],
];

const conditionalMoves = CONDITIONAL.map(([name, opcode, digit, code]): X87Tuple => [
  `FCMOV${name}_ST0_STi`,
  `${opcode} /${digit}`,
  (e) => run(e, 'moveIf', e.let(condition(e, code)), stackNumber(e)),
]);

/** What is a library function of its own, without operands. */
const simple =
  (name: string, ...args: Expr[]): Meaning =>
  (e) =>
    run(e, name, ...args);

/** Processors differ in the last bit. */
const APPROXIMATE = { approximate: true };

const unary: readonly X87Tuple[] = [
  ['FCHS', 'd9 =e0', simple('changeSign', number(0xffff), number(0x8000))],
  ['FABS', 'd9 =e1', simple('changeSign', number(0x7fff), number(0))],
  ['FXAM', 'd9 =e5', simple('examine')],
  ['FXTRACT', 'd9 =f4', simple('extract')],
  ['FPREM1', 'd9 =f5', simple('remainder', number(1))],
  ['FPREM', 'd9 =f8', simple('remainder', number(0))],
  ['FSQRT', 'd9 =fa', simple('x87SquareRoot')],
  ['FRNDINT', 'd9 =fc', simple('roundToInteger')],
  ['F2XM1', 'd9 =f0', simple('x87Exponential'), APPROXIMATE],
  ['FYL2X', 'd9 =f1', simple('timesLogarithm'), APPROXIMATE],
  ['FPTAN', 'd9 =f2', simple('tangentAndOne'), APPROXIMATE],
  ['FPATAN', 'd9 =f3', simple('angle'), APPROXIMATE],
  ['FYL2XP1', 'd9 =f9', simple('timesLogarithmOnePlus'), APPROXIMATE],
  ['FSINCOS', 'd9 =fb', simple('sineAndCosine'), APPROXIMATE],
  ['FSIN', 'd9 =fe', simple('sine'), APPROXIMATE],
  ['FCOS', 'd9 =ff', simple('cosine'), APPROXIMATE],
  ['FSCALE', 'd9 =fd', simple('scale')],
];

export const x87ArithRows: readonly Row[] = waiting([
  ...ARITHMETIC.flatMap(arithmetic),
  ...comparisons,
  ...conditionalMoves,
  ...unary,
]);
