import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32, toState32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import type { X87Tuple } from './x87-support.js';
import { number, run, stackNumber, waiting } from './x87-support.js';

const EXTENDED_BYTES = 10;
const C1 = 0x200;
const ST0 = number(0);

const load =
  (helper: string, signed = false): Meaning =>
  (e) =>
    run(e, helper, signed ? e.readSigned(0) : e.read(0));

const loadExtended =
  (helper: string): Meaning =>
  (e) => {
    const host = e.translate(e.address(0), EXTENDED_BYTES, 'read');
    const low = e.let(i64.load(host));
    run(e, helper, low, e.let(i32.load16u(host, 8)));
  };

/** Converts, stores unless an unmasked exception forbids it, then ends the instruction. */
function convertAndStore(e: Emitter, value: Expr, pops: number): void {
  const kept = e.let(value);
  e.body.if(e.helper('storable'), () => e.write(0, kept));
  run(e, 'stored', number(pops));
}

const storeFloat =
  (helper: string, pops: number): Meaning =>
  (e) =>
    convertAndStore(e, e.helper(helper), pops);

const storeInteger =
  (bits: number, pops: number, truncate = false): Meaning =>
  (e) =>
    convertAndStore(e, e.helper('toInteger', number(bits), number(truncate ? 1 : 0)), pops);

function storeTenBytes(e: Emitter, low: Expr, head: Expr): void {
  e.body.if(e.helper('storable'), () => {
    const host = e.translate(e.address(0), EXTENDED_BYTES, 'write');
    e.body.do(i64.store(host, low));
    e.body.do(i32.store16(host, head, 8));
    e.commit(host);
  });
  run(e, 'stored', number(1));
}

const storeExtended: Meaning = (e) => {
  const [low, head] = [e.body.temporary('i64'), e.body.temporary('i32')];
  const at = e.let(i32.add(i32.shl(state32(State.top), i32.const(4)), i32.const(State.x87)));
  e.body.set(low, i64.load(at));
  e.body.set(head, i32.load16u(at, 8));
  e.body.if(i32.eqz(e.helper('toExtended')), () => {
    e.body.set(low, i64.const(0xc000_0000_0000_0000n));
    e.body.set(head, i32.const(0xffff));
  });
  storeTenBytes(e, e.body.get(low), e.body.get(head));
};

const storeDecimal: Meaning = (e) => {
  const [low, head] = [e.body.temporary('i64'), e.body.temporary('i32')];
  run(e, 'toDecimal');
  e.body.popInto(head);
  e.body.popInto(low);
  storeTenBytes(e, e.body.get(low), e.body.get(head));
};

interface Constant {
  readonly significand: bigint;
  readonly exponent: number;
  /** The significand is the value rounded up, or down. */
  readonly rounded?: 'up' | 'down';
}

/** Constants are rounded as RC says. */
const constant =
  ({ significand, exponent, rounded }: Constant): Meaning =>
  (e) => {
    const mode = e.let(i32.and(i32.shrU(state32(State.fcw), i32.const(10)), i32.const(3)));
    const up = i64.extendU(i32.eq(mode, i32.const(2)));
    const down = i64.extendU(i32.and(mode, i32.const(1)));
    const base = i64.const(significand);
    const value = rounded === 'up' ? i64.sub(base, down) : rounded === 'down' ? i64.add(base, up) : base;
    run(e, 'pushRaw', value, number(exponent));
  };

const constants: readonly X87Tuple[] = [
  ['FLD1', 'd9 =e8', constant({ significand: 0x8000_0000_0000_0000n, exponent: 0x3fff })],
  ['FLDL2T', 'd9 =e9', constant({ significand: 0xd49a_784b_cd1b_8afen, exponent: 0x4000, rounded: 'down' })],
  ['FLDL2E', 'd9 =ea', constant({ significand: 0xb8aa_3b29_5c17_f0bcn, exponent: 0x3fff, rounded: 'up' })],
  ['FLDPI', 'd9 =eb', constant({ significand: 0xc90f_daa2_2168_c235n, exponent: 0x4000, rounded: 'up' })],
  ['FLDLG2', 'd9 =ec', constant({ significand: 0x9a20_9a84_fbcf_f799n, exponent: 0x3ffd, rounded: 'up' })],
  ['FLDLN2', 'd9 =ed', constant({ significand: 0xb172_17f7_d1cf_79acn, exponent: 0x3ffe, rounded: 'up' })],
  ['FLDZ', 'd9 =ee', constant({ significand: 0n, exponent: 0 })],
];

const exchange: Meaning = (e) => run(e, 'exchange', stackNumber(e));
const copyAndPop: Meaning = (e) => run(e, 'copyTo', ST0, stackNumber(e), number(1));

/** An empty register is no error. */
const copyAndPopQuietly: Meaning = (e) => {
  const full = i32.and(i32.shrU(state32(State.ftw), state32(State.top)), i32.const(1));
  e.body.if(
    full,
    () => copyAndPop(e),
    () => {
      e.body.do(toState32(State.fsw, i32.and(state32(State.fsw), i32.const(~C1))));
      run(e, 'pop', number(1));
    },
  );
};

export const x87MoveRows: readonly Row[] = waiting([
  ['FLD_Md', 'd9 /0', load('loadSingle')],
  ['FLD_Mq', 'dd /0', load('loadDouble')],
  ['FLD_Mt', 'db /5', loadExtended('pushRaw')],
  ['FLD_STi', 'd9 /0', (e) => run(e, 'pushStack', stackNumber(e))],
  ['FILD_Mw', 'df /0', load('loadInteger', true)],
  ['FILD_Md', 'db /0', load('loadInteger', true)],
  ['FILD_Mq', 'df /5', load('loadInteger', true)],
  ['FBLD_Mt', 'df /4', loadExtended('loadDecimal')],
  ['FST_Md', 'd9 /2', storeFloat('toSingle', 0)],
  ['FSTP_Md', 'd9 /3', storeFloat('toSingle', 1)],
  ['FST_Mq', 'dd /2', storeFloat('toDouble', 0)],
  ['FSTP_Mq', 'dd /3', storeFloat('toDouble', 1)],
  ['FSTP_Mt', 'db /7', storeExtended],
  ['FST_STi', 'dd /2', (e) => run(e, 'copyTo', ST0, stackNumber(e), number(0))],
  ['FSTP_STi', 'dd /3', copyAndPop],
  ['FIST_Mw', 'df /2', storeInteger(16, 0)],
  ['FIST_Md', 'db /2', storeInteger(32, 0)],
  ['FISTP_Mw', 'df /3', storeInteger(16, 1)],
  ['FISTP_Md', 'db /3', storeInteger(32, 1)],
  ['FISTP_Mq', 'df /7', storeInteger(64, 1)],
  ['FISTTP_Mw', 'df /1', storeInteger(16, 1, true)],
  ['FISTTP_Md', 'db /1', storeInteger(32, 1, true)],
  ['FISTTP_Mq', 'dd /1', storeInteger(64, 1, true)],
  ['FBSTP_Mt', 'df /6', storeDecimal],
  ['FXCH_STi', 'd9 /1', exchange],
  // What the manual leaves out and every processor executes.
  ['FSTP1_STi', 'd9 /3', copyAndPopQuietly],
  ['FSTP8_STi', 'df /2', copyAndPop],
  ['FSTP9_STi', 'df /3', copyAndPop],
  ['FXCH4_STi', 'dd /1', exchange],
  ['FXCH7_STi', 'df /1', exchange],
  ...constants,
]);
