import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import { f32, f64 } from '../../cpu/wasm/float-expr.js';
import { f32x4, f64x2, v128 } from '../../cpu/wasm/simd-expr.js';
import { LaneOperation } from '../../cpu/x87/vector.js';
import type { FormatName } from '../../cpu/x87/vector.js';
import type { Meaning, Row } from '../row.js';
import {
  exactSums,
  inexactIsNoted,
  isExact,
  isOrdinaryResult,
  isPlain,
  ordinaryResults,
} from './sse-exact.js';
import type { LaneShape } from './sse-support.js';
import {
  allTrue,
  asVector,
  isNormal,
  isOrdinary,
  laneCount,
  lanesDenormal,
  lanesNan,
  lanesNormal,
  notDenormal,
  nothingToNote,
  onLanes,
  PD,
  PS,
  raiseVector,
  register,
  SD,
  setOrderFlags,
  setRegister,
  source,
  SS,
  sse,
} from './sse-support.js';

type OperationName = keyof typeof LaneOperation;

const SCALAR = { single: f32, double: f64 } as const;
const LANES = { single: f32x4, double: f64x2 } as const;
const WASM_NAME = {
  add: 'add',
  multiply: 'mul',
  subtract: 'sub',
  divide: 'div',
} as const;

export const toFloat = (format: FormatName, bits: Expr) =>
  format === 'single' ? f32.reinterpret(i32.wrap(bits)) : f64.reinterpret(bits);
export const toBits = (format: FormatName, value: Expr) =>
  format === 'single' ? i64.extendU(i32.reinterpretF32(value)) : i64.reinterpretF64(value);

export function slowly(
  e: Emitter,
  operation: OperationName,
  shape: LaneShape,
  first: Expr,
  second: Expr,
): Expr {
  const [number, count] = [i32.const(LaneOperation[operation]), i32.const(laneCount(shape))];
  return onLanes(e, first, second, () => e.helper(`lanes.${shape.format}`, number, count));
}

/** Ordinary numbers with an ordinary result by one WebAssembly instruction, the rest in the library. */
const scalar =
  (operation: keyof typeof WASM_NAME, shape: LaneShape): Meaning =>
  (e) => {
    const { format } = shape;
    const second = e.read(1);
    const first = e.read(0);
    const [a, b] = [e.let(toFloat(format, first)), e.let(toFloat(format, second))];
    const result = e.let(SCALAR[format][WASM_NAME[operation]](a, b));
    const resultBits = e.let(toBits(format, result));
    const scalars = { format, a, b, result, aBits: first, bBits: second, resultBits };
    const ordinary = i32.and(notDenormal(format, first), notDenormal(format, second));
    const known = i32.or(inexactIsNoted(), isExact(operation, scalars));
    e.body.if(
      [isOrdinaryResult(operation, scalars), ordinary, known].reduce(i32.and, isPlain()),
      () => e.write(0, resultBits),
      () => setRegister(e, 0, slowly(e, operation, shape, register(e, 0), asVector(second))),
    );
  };

const packed =
  (operation: keyof typeof WASM_NAME, shape: LaneShape): Meaning =>
  (e) => {
    const second = source(e, 1);
    packedOperation(e, operation, shape, [register(e, 0), second]);
  };

/** On all lanes of two vectors, into the destination. */
export function packedOperation(
  e: Emitter,
  operation: keyof typeof WASM_NAME,
  shape: LaneShape,
  [first, second]: readonly [Expr, Expr],
): void {
  const { format } = shape;
  const result = e.let(LANES[format][WASM_NAME[operation]](first, second));
  const denormal = v128.or(lanesDenormal(format, first), lanesDenormal(format, second));
  const results = ordinaryResults(operation, format, first, second, result);
  const ordinary = allTrue(format, v128.andNot(results, denormal));
  const known = i32.or(inexactIsNoted(), exactSums(operation, format, first, second, result));
  e.body.if(
    i32.and(i32.and(isPlain(), known), ordinary),
    () => setRegister(e, 0, result),
    () => setRegister(e, 0, slowly(e, operation, shape, first, second)),
  );
}

const packedRoot =
  (shape: LaneShape): Meaning =>
  (e) => {
    const { format } = shape;
    const operand = source(e, 1);
    const result = e.let(LANES[format].sqrt(operand));
    const ordinary = v128.andNot(lanesNormal(format, result), lanesDenormal(format, operand));
    e.body.if(
      i32.and(nothingToNote(), allTrue(format, ordinary)),
      () => setRegister(e, 0, result),
      () => setRegister(e, 0, slowly(e, 'squareRoot', shape, register(e, 0), operand)),
    );
  };

const scalarRoot =
  (shape: LaneShape): Meaning =>
  (e) => {
    const { format } = shape;
    const operand = e.read(1);
    const result = e.let(toBits(format, SCALAR[format].sqrt(toFloat(format, operand))));
    const ordinary = i32.and(isNormal(format, result), notDenormal(format, operand));
    e.body.if(
      i32.and(nothingToNote(), ordinary),
      () => e.write(0, result),
      () => setRegister(e, 0, slowly(e, 'squareRoot', shape, register(e, 0), asVector(operand))),
    );
  };

function ordinaryLanes(format: FormatName, first: Expr, second: Expr): Expr {
  const odd = (value: Expr) => v128.or(lanesDenormal(format, value), lanesNan(format, value));
  return i32.eqz(v128.anyTrue(v128.or(odd(first), odd(second))));
}

/** The second operand unless the first is strictly smaller (greater). */
const extreme =
  (helper: 'minimum' | 'maximum', shape: LaneShape): Meaning =>
  (e) => {
    const { format } = shape;
    const comparison = helper === 'minimum' ? 'lt' : 'gt';
    if (!shape.packed) return scalarExtreme(e, helper, comparison, shape);
    const second = source(e, 1);
    const first = register(e, 0);
    const mask = e.let(LANES[format][comparison](first, second));
    const picked = v128.or(v128.and(mask, first), v128.andNot(second, mask));
    const run = () => e.helper(`${helper}Lanes.${format}`, i32.const(laneCount(shape)));
    e.body.if(
      ordinaryLanes(format, first, second),
      () => setRegister(e, 0, picked),
      () => setRegister(e, 0, onLanes(e, first, second, run)),
    );
  };

function scalarExtreme(e: Emitter, helper: string, comparison: 'lt' | 'gt', shape: LaneShape): void {
  const { format } = shape;
  const second = e.read(1);
  const first = e.read(0);
  const better = SCALAR[format][comparison](toFloat(format, first), toFloat(format, second));
  e.body.if(
    i32.and(isOrdinary(format, first), isOrdinary(format, second)),
    () => e.write(0, select(better, first, second)),
    () => {
      const run = () => e.helper(`${helper}Lanes.${format}`, i32.const(1));
      setRegister(e, 0, onLanes(e, register(e, 0), asVector(second), run));
    },
  );
}

const compareLanes =
  (shape: LaneShape): Meaning =>
  (e) => {
    const second = source(e, 1);
    const bits = e.form.row.opcode.isVex ? 31 : 7;
    const predicate = i32.and(i32.wrap(e.immediate(8)), i32.const(bits));
    const run = () => e.helper(`compareLanes.${shape.format}`, i32.const(laneCount(shape)), predicate);
    setRegister(e, 0, onLanes(e, register(e, 0), second, run));
  };

/** ZF PF CF by the order of the low lanes. */
const compareFlags =
  (format: FormatName, quietIsInvalid: boolean): Meaning =>
  (e) => {
    const second = e.read(1);
    const first = e.read(0);
    const [a, b] = [toFloat(format, first), toFloat(format, second)];
    const relation = e.body.temporary('i32');
    e.body.if(
      i32.and(isOrdinary(format, first), isOrdinary(format, second)),
      () =>
        e.body.set(relation, i32.or(SCALAR[format].lt(a, b), i32.shl(SCALAR[format].eq(a, b), i32.const(1)))),
      () => {
        e.body.do(e.helper('vectorControl'));
        const strict = i32.const(quietIsInvalid ? 1 : 0);
        e.body.set(relation, e.helper(`relation.${format}`, first, second, strict));
        raiseVector(e);
      },
    );
    setOrderFlags(e, e.body.get(relation));
  };

/** The four encodings of an operation: none, 66, f3, f2. */
function four(
  name: string,
  opcode: string,
  meaning: (shape: LaneShape) => Meaning,
  scalarRest?: Partial<Row>,
): Row[] {
  return sse([
    [`${name}PS_Vps_Wps`, `np 0f ${opcode} /r`, meaning(PS), { aligned: true }],
    [`${name}PD_Vpd_Wpd`, `66 0f ${opcode} /r`, meaning(PD), { aligned: true }],
    [`${name}SS_Vss_Wss`, `f3 0f ${opcode} /r`, meaning(SS), scalarRest],
    [`${name}SD_Vsd_Wsd`, `f2 0f ${opcode} /r`, meaning(SD), scalarRest],
  ]);
}

const arithmetic = (operation: keyof typeof WASM_NAME) => (shape: LaneShape) =>
  shape.packed ? packed(operation, shape) : scalar(operation, shape);

const ALL_FLAGS = { flags: 'oszapc', hot: 'all' };
const HOT = { hot: 'all' };

const MIN_NORMAL = 0x80_0000;

/** Reciprocals with all bits instead of twelve; denormal operands count as zero, tiny results become zero. */
function approximate(operand: Expr, compute: (value: Expr) => Expr): Expr {
  const tiny = (value: Expr) => f32x4.lt(f32x4.abs(value), v128.const64(BigInt(MIN_NORMAL) * 0x1_0000_0001n));
  const sign = (value: Expr) => v128.and(value, v128.const64(0x8000_0000_8000_0000n));
  const flushed = (value: Expr) => v128.or(v128.andNot(value, tiny(value)), sign(value));
  return flushed(compute(flushed(operand)));
}

const reciprocal =
  (shape: LaneShape, compute: (value: Expr) => Expr): Meaning =>
  (e) => {
    const operand = source(e, 1);
    const quiet = v128.or(operand, v128.const64(0x0040_0000_0040_0000n));
    const nan = lanesNan('single', operand);
    const computed = e.let(approximate(operand, compute));
    const isNan = lanesNan('single', computed);
    const defaulted = v128.or(
      v128.andNot(computed, isNan),
      v128.and(isNan, v128.const64(0xffc0_0000_ffc0_0000n)),
    );
    const result = e.let(v128.or(v128.and(nan, quiet), v128.andNot(defaulted, nan)));
    if (shape.packed) setRegister(e, 0, result);
    else e.write(0, toBits('single', f32x4.extract(result, 0)));
  };

const ONES = v128.const64(0x3f80_0000_3f80_0000n);
const inverse = (value: Expr) => f32x4.div(ONES, value);
const inverseRoot = (value: Expr) => f32x4.div(ONES, f32x4.sqrt(value));

export const sseArithRows: readonly Row[] = [
  ...four('ADD', '58', arithmetic('add'), HOT),
  ...four('MUL', '59', arithmetic('multiply'), HOT),
  ...four('SUB', '5c', arithmetic('subtract'), HOT),
  ...four('DIV', '5e', arithmetic('divide'), HOT),
  ...four('SQRT', '51', (shape) => (shape.packed ? packedRoot(shape) : scalarRoot(shape))),
  ...four('MIN', '5d', (shape) => extreme('minimum', shape)),
  ...four('MAX', '5f', (shape) => extreme('maximum', shape)),
  ...sse([
    ['CMPPS_Vps_Wps_Ib', 'np 0f c2 /r', compareLanes(PS), { aligned: true }],
    ['CMPPD_Vpd_Wpd_Ib', '66 0f c2 /r', compareLanes(PD), { aligned: true }],
    ['CMPSS_Vss_Wss_Ib', 'f3 0f c2 /r', compareLanes(SS)],
    ['CMPSD_Vsd_Wsd_Ib', 'f2 0f c2 /r', compareLanes(SD)],
    ['UCOMISS_Vss_Wss', 'np 0f 2e /r', compareFlags('single', false), ALL_FLAGS],
    ['UCOMISD_Vsd_Wsd', '66 0f 2e /r', compareFlags('double', false), ALL_FLAGS],
    ['COMISS_Vss_Wss', 'np 0f 2f /r', compareFlags('single', true), ALL_FLAGS],
    ['COMISD_Vsd_Wsd', '66 0f 2f /r', compareFlags('double', true), ALL_FLAGS],
    ['RCPPS_Vps_Wps', 'np 0f 53 /r', reciprocal(PS, inverse), { aligned: true, approximate: true }],
    ['RCPSS_Vss_Wss', 'f3 0f 53 /r', reciprocal(SS, inverse), { approximate: true }],
    ['RSQRTPS_Vps_Wps', 'np 0f 52 /r', reciprocal(PS, inverseRoot), { aligned: true, approximate: true }],
    ['RSQRTSS_Vss_Wss', 'f3 0f 52 /r', reciprocal(SS, inverseRoot), { approximate: true }],
  ]),
];
