import type { Emitter, GprSize } from '../../cpu/emitter/emitter.js';
import { state32, state64, toState32 } from '../../cpu/emitter/emitter.js';
import { subFlags } from '../../cpu/emitter/flags.js';
import { State } from '../../cpu/layout.js';
import type { Local } from '../../cpu/wasm/body.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, memoryCopy, memoryFill, select } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const [RAX, RCX, RDX, RSI, RDI] = [0, 1, 2, 6, 7] as const;
const DF = 0x400;
const RF = 0x1_0000;
/** A repeated instruction pauses after so many bytes, so that it can be interrupted. */
const BYTES_AT_ONCE = 65536;
const PAGE = i32.const(4096);
const one = i64.const(1);
const zero = i64.const(0);

/** Ports are 32 bits wide at most, whatever REX.W says. */
const usesPort = ({ form }: Emitter) => form.row.operands.some(({ text }) => text === 'DX');
const size = (e: Emitter) => (usesPort(e) ? Math.min(e.size, 32) : e.size) as GprSize;
const bytesOf = (e: Emitter) => size(e) / 8;
const goesDown = () => i32.and(state32(State.systemFlags), i32.const(DF));

/** Source and destination as linear addresses. */
const source = (e: Emitter) => e.let(e.withSegment(i64.and(e.gpr(RSI), e.addressMask())));
const destination = (e: Emitter) => e.let(e.inExtraSegment(i64.and(e.gpr(RDI), e.addressMask())));

function move(e: Emitter, register: number, distance: Expr): void {
  e.setAddressed(register, e.let(i64.and(i64.add(e.gpr(register), distance), e.addressMask())));
}

/** One element further, in the direction of DF. */
function step(e: Emitter, ...registers: number[]): void {
  const bytes = bytesOf(e);
  const distance = e.let(select(goesDown(), i64.const(-bytes), i64.const(bytes)));
  for (const register of registers) move(e, register, distance);
}

const moveOne: Meaning = (e) => {
  e.store(destination(e), e.load(source(e), size(e)), size(e));
  step(e, RSI, RDI);
};

const storeOne: Meaning = (e) => {
  e.store(destination(e), e.gpr(RAX, size(e)), size(e));
  step(e, RDI);
};

const loadOne: Meaning = (e) => {
  e.setGpr(RAX, e.load(source(e), size(e)), size(e));
  step(e, RSI);
};

/** Between two iterations RF is set (manual volume 3, 17.3.1.1): a breakpoint at the instruction does not count again. */
function pause(e: Emitter): void {
  e.body.do(toState32(State.systemFlags, i32.or(state32(State.systemFlags), i32.const(RF))));
  e.repeat();
}

function resume(e: Emitter): void {
  const flags = e.let(state32(State.systemFlags));
  e.body.if(i32.and(flags, i32.const(RF)), () =>
    e.body.do(toState32(State.systemFlags, i32.and(flags, i32.const(~RF)))),
  );
}

/** What one step of a comparison compares. The processor looks at rdi first. */
type Pair = (e: Emitter) => readonly [Expr, Expr];

const comparePair: Pair = (e) => {
  const b = e.load(destination(e), size(e));
  const a = e.load(source(e), size(e));
  step(e, RSI, RDI);
  return [a, b];
};

const scanPair: Pair = (e) => {
  const a = e.gpr(RAX, size(e));
  const b = e.load(destination(e), size(e));
  step(e, RDI);
  return [a, b];
};

const setCompared = (e: Emitter, a: Expr, b: Expr) => subFlags(e, a, b, e.let(e.trim(i64.sub(a, b))));

const compares =
  (pair: Pair): Meaning =>
  (e) =>
    setCompared(e, ...pair(e));

/** Flags change only when the repetition ends or pauses. */
const comparesRepeated =
  (pair: Pair, untilEqual: boolean): Meaning =>
  (e) => {
    const { body } = e;
    const [a, b, left] = [body.temporary('i64'), body.temporary('i64'), body.temporary('i64')];
    resume(e);
    body.if(i64.eqz(count(e)), () => e.finish());
    body.set(left, atOnce(e));
    body.loop((again) => {
      const [first, second] = pair(e);
      body.set(a, first);
      body.set(b, second);
      countDown(e, one);
      body.set(left, i64.sub(body.get(left), one));
      const equal = i64.eq(body.get(a), body.get(b));
      const goesOn = i32.and(untilEqual ? i32.eqz(equal) : equal, i64.ne(body.get(left), zero));
      body.brIf(again, i32.and(goesOn, i32.eqz(state32(State.attention))));
    });
    setCompared(e, body.get(a), body.get(b));
    const equal = i64.eq(body.get(a), body.get(b));
    body.if(untilEqual ? equal : i32.eqz(equal), () => e.finish());
    body.if(i64.ne(count(e), zero), () => pause(e));
  };

/** The destination is translated first: what was read from a port cannot be read again. */
const inOne: Meaning = (e) => {
  const host = e.translate(destination(e), bytesOf(e), 'write');
  e.ask('portIn', e.gpr(RDX, 16), i64.const(bytesOf(e)));
  e.storeHost(host, state64(State.scratch + 16), size(e));
  e.commit(host);
  step(e, RDI);
};

const outOne: Meaning = (e) => {
  e.ask('portOut', e.gpr(RDX, 16), i64.const(bytesOf(e)), e.load(source(e), size(e)));
  step(e, RSI);
};

const count = (e: Emitter) => e.let(i64.and(e.gpr(RCX), e.addressMask()));

/** Elements before the next pause; a single step ends behind each of them. */
function atOnce(e: Emitter): Expr {
  const total = count(e);
  const limit = e.let(select(state32(State.singleStep), one, i64.const(BYTES_AT_ONCE / bytesOf(e))));
  return select(i64.ltU(total, limit), total, limit);
}

function countDown(e: Emitter, by: Expr): void {
  e.setAddressed(RCX, e.let(i64.and(i64.sub(e.gpr(RCX), by), e.addressMask())));
}

interface Repetition {
  /** Does some elements at once, at most `limit`, and answers how many (i64); 0 where only one by one works. */
  readonly many?: (e: Emitter, limit: Expr) => Expr;
  readonly one: Meaning;
}

/** Counts rcx down; registers are right after every element, so a fault in the middle resumes there. */
const repeated =
  (repetition: Repetition): Meaning =>
  (e) => {
    const { body } = e;
    resume(e);
    e.body.if(i64.eqz(count(e)), () => e.finish());
    const left = body.temporary('i64');
    body.set(left, atOnce(e));
    body.loop((again) => {
      const done = runSome(e, repetition, body.get(left));
      countDown(e, body.get(done));
      body.set(left, i64.sub(body.get(left), body.get(done)));
      const goesOn = i32.and(i64.ne(body.get(left), zero), i32.eqz(state32(State.attention)));
      body.brIf(again, goesOn);
    });
    body.if(i64.ne(count(e), zero), () => pause(e));
  };

function runSome(e: Emitter, { many, one: single }: Repetition, limit: Expr): Local {
  const { body } = e;
  const done = body.temporary('i64');
  body.set(done, zero);
  if (many) body.if(i32.eqz(goesDown()), () => body.set(done, many(e, limit)));
  body.if(i64.eqz(body.get(done)), () => {
    single(e);
    body.set(done, one);
  });
  return done;
}

const roomIn = (linear: Expr) => i32.sub(PAGE, i32.and(i32.wrap(linear), i32.const(4095)));
const least = (a: Expr, b: Expr) => select(i32.ltU(a, b), a, b);

/** Elements that fit into `roomBytes`, at most `limit`. */
function fitting(e: Emitter, roomBytes: Expr, limit: Expr): Expr {
  const room = e.let(i32.shrU(roomBytes, i32.const(Math.log2(bytesOf(e)))));
  return e.let(least(room, i32.wrap(limit)));
}

/** A run within both pages, when both are plain RAM in the TLB and forward copying shows no overlap. */
function moveMany(e: Emitter, limit: Expr): Expr {
  const { body } = e;
  const done = body.temporary('i64');
  const [from, to] = [source(e), destination(e)];
  const fromHost = e.probe(from, 'read');
  const toHost = e.probe(to, 'write');
  body.set(done, zero);
  body.if(i32.and(i32.ne(fromHost, i32.const(0)), i32.ne(toHost, i32.const(0))), () => {
    const run = fitting(e, e.let(least(e.let(roomIn(from)), e.let(roomIn(to)))), limit);
    const bytes = e.let(i32.shl(run, i32.const(Math.log2(bytesOf(e)))));
    body.if(
      i32.ltU(i32.sub(i32.sub(toHost, fromHost), i32.const(1)), i32.sub(bytes, i32.const(1))),
      () => copyForward(e, fromHost, toHost, run),
      () => body.do(memoryCopy(toHost, fromHost, bytes)),
    );
    move(e, RSI, i64.extendU(bytes));
    move(e, RDI, i64.extendU(bytes));
    body.set(done, i64.extendU(run));
  });
  return body.get(done);
}

/** Element by element, so that an overlapping destination repeats the source. */
function copyForward(e: Emitter, from: Expr, to: Expr, run: Expr): void {
  walk(e, run, (offset) =>
    e.storeHost(i32.add(to, offset), e.loadHost(i32.add(from, offset), size(e)), size(e)),
  );
}

function walk(e: Emitter, run: Expr, visit: (offset: Expr) => void): void {
  const { body } = e;
  const offset = body.temporary('i32');
  const end = e.let(i32.shl(run, i32.const(Math.log2(bytesOf(e)))));
  body.set(offset, i32.const(0));
  body.block((out) => {
    body.loop((again) => {
      body.brIf(out, i32.geU(body.get(offset), end));
      visit(body.get(offset));
      body.set(offset, i32.add(body.get(offset), i32.const(bytesOf(e))));
      body.br(again);
    });
  });
}

function storeMany(e: Emitter, limit: Expr): Expr {
  const { body } = e;
  const done = body.temporary('i64');
  const to = destination(e);
  const host = e.probe(to, 'write');
  body.set(done, zero);
  body.if(host, () => {
    const run = fitting(e, roomIn(to), limit);
    const value = e.gpr(RAX, size(e));
    const bytes = e.let(i32.shl(run, i32.const(Math.log2(bytesOf(e)))));
    const spread = i64.mul(i64.and(value, i64.const(0xff)), i64.const(0x0101_0101_0101_0101n));
    body.if(
      i64.eq(e.trim(spread), value),
      () => body.do(memoryFill(host, i32.wrap(value), bytes)),
      () => walk(e, run, (offset) => e.storeHost(i32.add(host, offset), value, size(e))),
    );
    move(e, RDI, i64.extendU(bytes));
    body.set(done, i64.extendU(run));
  });
  return body.get(done);
}

interface Operation {
  readonly name: string;
  readonly text: string;
  readonly operands: readonly [byte: string, wide: string];
  readonly opcode: number;
  readonly one?: Meaning;
  readonly many?: Repetition['many'];
  readonly pair?: Pair;
  readonly rest?: Partial<Row>;
}

const PORT = { untestable: true };

const OPERATIONS: readonly Operation[] = [
  { name: 'MOVS', text: 'movs', operands: ['Yb_Xb', 'Yv_Xv'], opcode: 0xa4, one: moveOne, many: moveMany },
  { name: 'CMPS', text: 'cmps', operands: ['Xb_Yb', 'Xv_Yv'], opcode: 0xa6, pair: comparePair },
  { name: 'STOS', text: 'stos', operands: ['Yb_AL', 'Yv_rAX'], opcode: 0xaa, one: storeOne, many: storeMany },
  { name: 'LODS', text: 'lods', operands: ['AL_Xb', 'rAX_Xv'], opcode: 0xac, one: loadOne },
  { name: 'SCAS', text: 'scas', operands: ['AL_Yb', 'rAX_Yv'], opcode: 0xae, pair: scanPair },
  {
    name: 'INS',
    text: 'ins',
    operands: ['Yb_DX', 'Yz_DX'],
    opcode: 0x6c,
    one: inOne,
    rest: PORT,
  },
  {
    name: 'OUTS',
    text: 'outs',
    operands: ['DX_Xb', 'DX_Xz'],
    opcode: 0x6e,
    one: outOne,
    rest: PORT,
  },
];

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

function family(operation: Operation): Row[] {
  const { name, text, operands, opcode, pair, rest } = operation;
  const widths: [string, readonly string[]][] = [
    [operands[0], ['b']],
    [operands[1], operands[1].includes('z') ? ['w', 'd', 'd'] : ['w', 'd', 'q']],
  ];
  const repeat = pair ? 'REPE' : 'REP';
  return widths.flatMap(([codes, letters], wide): Row[] => {
    const common = { ...rest, ...(pair && { flags: 'oszapc' }), sizes: wide ? ('v' as const) : (8 as const) };
    const byte = hex(opcode + wide);
    const row = (prefix: string, encoding: string, does: Meaning): Row => ({
      ...common,
      name: `${prefix && `${prefix}_`}${name}_${codes}`,
      encoding,
      mnemonics: letters.map((letter) => `${prefix && `${prefix.toLowerCase()} `}${text}${letter}`),
      does,
    });
    return [
      row('', byte, pair ? compares(pair) : operation.one!),
      row(repeat, `f3 ${byte}`, repetition(operation, false)),
      row('REPNE', `f2 ${byte}`, repetition(operation, true)),
    ];
  });
}

function repetition({ pair, one: single, many }: Operation, untilEqual: boolean): Meaning {
  return pair ? comparesRepeated(pair, untilEqual) : repeated({ one: single!, ...(many && { many }) });
}

export const stringRows: readonly Row[] = OPERATIONS.flatMap(family);
