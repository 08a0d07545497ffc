import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32, toState32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { notWaiting, number, run, stackNumber, waiting } from './x87-support.js';

const C1 = 0x200;
const CONTROL_DEFINED = 0x1f3f;
const CONTROL_ALWAYS = 0x40;
const ALL_MASKED = 0x3f;
const INITIAL_CONTROL = 0x37f;
const TOP_FIELD = 0x3800;
const CLEARED_BY_FNCLEX = 0x80ff;

const set = (e: Emitter, offset: number, value: Expr) => e.body.do(toState32(offset, value));

/** The status word with the top of the stack in it. */
const statusWord = () => i32.or(state32(State.fsw), i32.shl(state32(State.top), i32.const(11)));

function setControlWord(e: Emitter, value: Expr): void {
  set(e, State.fcw, i32.or(i32.and(value, i32.const(CONTROL_DEFINED)), i32.const(CONTROL_ALWAYS)));
  run(e, 'summarize');
}

function setStatusWord(e: Emitter, value: Expr): void {
  set(e, State.top, i32.and(i32.shrU(value, i32.const(11)), i32.const(7)));
  set(e, State.fsw, i32.and(value, i32.const(0xffff & ~TOP_FIELD)));
}

const moveTop =
  (by: number): Meaning =>
  (e) => {
    set(e, State.top, i32.and(i32.add(state32(State.top), i32.const(by)), i32.const(7)));
    set(e, State.fsw, i32.and(state32(State.fsw), i32.const(~C1)));
  };

const free =
  (pops: number): Meaning =>
  (e) => {
    const register = i32.and(i32.add(state32(State.top), stackNumber(e)), i32.const(7));
    const kept = i32.xor(i32.shl(i32.const(1), register), i32.const(-1));
    set(e, State.ftw, i32.and(state32(State.ftw), kept));
    set(e, State.fsw, i32.and(state32(State.fsw), i32.const(~C1)));
    run(e, 'pop', number(pops));
  };

function initialize(e: Emitter): void {
  set(e, State.fcw, number(INITIAL_CONTROL));
  for (const offset of [State.fsw, State.ftw, State.top]) set(e, offset, number(0));
}

/** Two bits a register, physical register 0 lowest: valid, zero, special, empty. */
const fullTags = (e: Emitter) =>
  e.let(
    [0, 1, 2, 3, 4, 5, 6, 7]
      .map((i) => i32.shl(e.helper('tag', number(i)), i32.const(2 * i)))
      .reduce((sum, tag) => i32.or(sum, tag)),
  );

/** Control, status and tag words; instruction and operand pointers are not kept and read as zero. */
function storeEnvironment(e: Emitter, address: Expr): void {
  const tags = fullTags(e);
  const bytes = e.size === 16 ? 2 : 4;
  const host = e.translate(address, 7 * bytes, 'write');
  const words = [state32(State.fcw), statusWord(), tags, number(0), number(0), number(0), number(0)];
  words.forEach((word, i) => {
    const high = bytes === 4 && (i < 3 || i === 6) ? 0xffff_0000 : 0;
    const value = i32.or(word, i32.const(high));
    e.body.do(bytes === 2 ? i32.store16(host, value, i * 2) : i32.store(host, value, i * 4));
  });
  e.commit(host);
}

/** Only whether a register is empty counts in the tag word. */
function loadEnvironment(e: Emitter, address: Expr): void {
  const bytes = e.size === 16 ? 2 : 4;
  const host = e.translate(address, 7 * bytes, 'read');
  const [control, status, tags] = [0, 1, 2].map((i) => e.let(i32.load16u(host, i * bytes))) as [
    Expr,
    Expr,
    Expr,
  ];
  const full = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const tag = i32.and(i32.shrU(tags, i32.const(2 * i)), i32.const(3));
    return i32.shl(i32.ne(tag, i32.const(3)), i32.const(i));
  });
  set(
    e,
    State.ftw,
    full.reduce((sum, bit) => i32.or(sum, bit)),
  );
  setStatusWord(e, status);
  setControlWord(e, control);
}

const environmentBytes = (e: Emitter) => (e.size === 16 ? 14 : 28);
const registerAddress = (i: number) =>
  i32.add(
    i32.shl(i32.and(i32.add(state32(State.top), i32.const(i)), i32.const(7)), i32.const(4)),
    i32.const(State.x87),
  );

/** All of the image is looked at from its start on before any of it is loaded or stored. */
function touchImage(e: Emitter, base: Expr, access: 'read' | 'write'): void {
  e.translate(base, environmentBytes(e), access);
  for (let i = 0; i < 8; i++) e.translate(i64.add(base, i64.const(environmentBytes(e) + i * 10)), 10, access);
}

const save: Meaning = (e) => {
  const base = e.let(e.address(0));
  touchImage(e, base, 'write');
  storeEnvironment(e, base);
  for (let i = 0; i < 8; i++) {
    const at = e.let(registerAddress(i));
    const host = e.translate(i64.add(base, i64.const(environmentBytes(e) + i * 10)), 10, 'write');
    e.body.do(i64.store(host, i64.load(at)));
    e.body.do(i32.store16(host, i32.load16u(at, 8), 8));
    e.commit(host);
  }
  initialize(e);
};

const restore: Meaning = (e) => {
  const base = e.let(e.address(0));
  touchImage(e, base, 'read');
  const registers = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const host = e.translate(i64.add(base, i64.const(environmentBytes(e) + i * 10)), 10, 'read');
    return { low: e.let(i64.load(host)), head: e.let(i32.load16u(host, 8)) };
  });
  loadEnvironment(e, base);
  registers.forEach(({ low, head }, i) => {
    const at = e.let(registerAddress(i));
    e.body.do(i64.store(at, low));
    e.body.do(i32.store16(at, head, 8));
  });
};

const SIZES = { sizes: 'v' } as const;

export const x87ControlRows: readonly Row[] = [
  ...waiting([
    ['FLDCW_Mw', 'd9 /5', (e) => setControlWord(e, e.let(i32.wrap(e.read(0))))],
    ['FLDENV_M', 'd9 /4', (e) => loadEnvironment(e, e.address(0)), SIZES],
    ['FRSTOR_M', 'dd /4', restore, SIZES],
    ['FNOP', 'd9 =d0', () => {}],
    ['FDECSTP', 'd9 =f6', moveTop(-1)],
    ['FINCSTP', 'd9 =f7', moveTop(1)],
    ['FFREE_STi', 'dd /0', free(0)],
    ['FFREEP_STi', 'df /0', free(1)],
    ['FWAIT', '9b', () => {}],
  ]),
  ...notWaiting([
    ['FNSTCW_Mw', 'd9 /7', (e) => e.write(0, i64.extendU(state32(State.fcw)))],
    ['FNSTSW_Mw', 'dd /7', (e) => e.write(0, i64.extendU(statusWord()))],
    ['FNSTSW_AX', 'df =e0', (e) => e.setGpr(0, i64.extendU(statusWord()), 16)],
    ['FNCLEX', 'db =e2', (e) => set(e, State.fsw, i32.and(state32(State.fsw), number(~CLEARED_BY_FNCLEX)))],
    ['FNINIT', 'db =e3', initialize],
    // What the 8087 and the 80287 had; nothing since.
    ['FNENI', 'db =e0', () => {}],
    ['FNDISI', 'db =e1', () => {}],
    ['FNSETPM', 'db =e4', () => {}],
    [
      'FNSTENV_M',
      'd9 /6',
      (e) => {
        storeEnvironment(e, e.address(0));
        set(e, State.fcw, i32.or(state32(State.fcw), number(ALL_MASKED)));
        run(e, 'summarize');
      },
      SIZES,
    ],
    ['FNSAVE_M', 'dd /6', save, SIZES],
  ]),
];
