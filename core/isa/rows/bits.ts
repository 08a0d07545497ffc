import type { Emitter, GprSize } from '../../cpu/emitter/emitter.js';
import { toState64 } from '../../cpu/emitter/emitter.js';
import { addFlags, setCarry, subFlags } from '../../cpu/emitter/flags.js';
import { State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const one = i64.const(1);
const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;

/** What a bit instruction makes of the operand; undefined for `bt`. */
type Change = ((value: Expr, mask: Expr) => Expr) | undefined;

const CHANGES: readonly [string, number, Change][] = [
  ['BT', 4, undefined],
  ['BTS', 5, i64.or],
  ['BTR', 6, (value, mask) => i64.and(value, i64.xor(mask, i64.const(-1)))],
  ['BTC', 7, i64.xor],
];

const tested = (value: Expr, at: Expr) => i32.and(i32.wrap(i64.shrU(value, at)), i32.const(1));

const withinOperand =
  (change: Change, index: (e: Emitter) => Expr): Meaning =>
  (e) => {
    const value = change ? e.update(0) : e.read(0);
    const at = e.let(i64.and(index(e), i64.const(e.size - 1)));
    if (change) e.write(0, e.trim(change(value, i64.shl(one, at))));
    setCarry(e, tested(value, at));
  };

/** A bit offset in a register reaches as far as it is wide, in steps of the operand size. */
const bitString =
  (change: Change): Meaning =>
  (e) => {
    const offset = e.let(e.readSigned(1));
    const size = e.size as GprSize;
    const step = i64.const(Math.log2(size));
    const distance = i64.shl(i64.shrS(offset, step), i64.const(Math.log2(size / 8)));
    const linear = e.let(e.addressAt(distance));
    const at = e.let(i64.and(offset, i64.const(size - 1)));
    const host = e.translate(linear, size / 8, change ? 'modify' : 'read');
    const value = e.loadHost(host, size);
    if (change) {
      e.storeHost(host, change(value, i64.shl(one, at)), size);
      e.commit(host);
    }
    setCarry(e, tested(value, at));
  };

const byRegister =
  (change: Change): Meaning =>
  (e) =>
    e.isMemory(0) ? bitString(change)(e) : withinOperand(change, () => e.read(1))(e);

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

const testing: Row[] = CHANGES.flatMap(([name, digit, change]): Row[] => {
  const common = { flags: 'c', undefined: 'osap', ...(change && { lock: true }) };
  return [
    {
      ...common,
      name: `${name}_Ev_Gv`,
      encoding: `0f ${hex(0x83 + digit * 8)} /r`,
      does: byRegister(change),
      ...(!change && { hot: '32r 64r' }),
    },
    {
      ...common,
      name: `${name}_Ev_Ib`,
      encoding: `0f ba /${digit}`,
      does: withinOperand(change, (e) => i64.extendU(e.field8(12))),
      ...(!change && { hot: '32r 64r' }),
    },
  ];
});

/** ZF = the source is zero; the destination then stays (AMD, and Intel in fact). */
const scan =
  (position: (e: Emitter, value: Expr) => Expr): Meaning =>
  (e) => {
    const source = e.read(1);
    e.body.do(toState64(State.zeroResult, source));
    e.body.if(i64.ne(source, i64.const(0)), () => e.write(0, position(e, source)));
  };

const scanning: Row[] = [
  { name: 'BSF_Gv_Ev', encoding: '0f bc /r', does: scan((_, value) => i64.ctz(value)), hot: '32r 64r' },
  {
    name: 'BSR_Gv_Ev',
    encoding: '0f bd /r',
    does: scan((_, value) => i64.sub(i64.const(63), i64.clz(value))),
    hot: '32r 64r',
  },
].map((row) => ({ ...row, flags: 'z', undefined: 'oszapc'.replace('z', '') }));

const exchangeAdd: Meaning = (e) => {
  const a = e.update(0);
  const b = e.read(1);
  const sum = e.let(e.trim(i64.add(a, b)));
  if (!e.isMemory(0)) e.write(1, a);
  e.write(0, sum);
  if (e.isMemory(0)) e.write(1, a);
  addFlags(e, a, b, sum);
};

/** Memory is written in any case; registers keep their upper halves unless they are really written. */
const compareExchange: Meaning = (e) => {
  const size = e.size as GprSize;
  const old = e.update(0);
  const accumulator = e.gpr(RAX, size);
  const source = e.read(1);
  const equal = e.let(i64.eq(old, accumulator));
  if (e.isMemory(0)) e.write(0, select(equal, source, old));
  else e.body.if(equal, () => e.write(0, source));
  e.body.if(i32.eqz(equal), () => e.setGpr(RAX, old, size));
  subFlags(e, accumulator, old, e.let(e.trim(i64.sub(accumulator, old))));
};

/** ZF alone changes. */
function setZero(e: Emitter, on: Expr): void {
  e.body.do(toState64(State.zeroResult, i64.extendU(i32.eqz(on))));
}

const compareExchangePair: Meaning = (e) => {
  const half = e.size === 64 ? 64 : 32;
  const linear = e.let(e.address(0));
  if (half === 64) e.requireAligned(linear, 16);
  const host = e.translate(linear, half / 4, 'modify');
  const upper = i32.add(host, i32.const(half / 8));
  const [low, high] = [e.loadHost(host, half), e.loadHost(upper, half)];
  const equal = e.let(i32.and(i64.eq(low, e.gpr(RAX, half)), i64.eq(high, e.gpr(RDX, half))));
  e.storeHost(host, select(equal, e.gpr(RBX, half), low), half);
  e.storeHost(upper, select(equal, e.gpr(RCX, half), high), half);
  e.commit(host);
  e.body.if(i32.eqz(equal), () => {
    e.setGpr(RAX, low, half);
    e.setGpr(RDX, high, half);
  });
  setZero(e, equal);
};

const atomic: Row[] = [
  { name: 'XADD_Eb_Gb', encoding: '0f c0 /r', does: exchangeAdd, flags: 'oszapc', lock: true },
  {
    name: 'XADD_Ev_Gv',
    encoding: '0f c1 /r',
    does: exchangeAdd,
    flags: 'oszapc',
    lock: true,
    hot: '32m 64m',
  },
  { name: 'CMPXCHG_Eb_Gb', encoding: '0f b0 /r', does: compareExchange, flags: 'oszapc', lock: true },
  {
    name: 'CMPXCHG_Ev_Gv',
    encoding: '0f b1 /r',
    does: compareExchange,
    flags: 'oszapc',
    lock: true,
    hot: '32m 64m',
  },
  {
    name: 'CMPXCHG8B_M',
    encoding: '0f c7 /1',
    sizes: 'y',
    mnemonics: ['cmpxchg8b', 'cmpxchg16b'],
    does: compareExchangePair,
    flags: 'z',
    lock: true,
  },
];

/** The line of a flush must be readable; nothing is cached here. */
const touch: Meaning = (e) => void e.load(e.address(0), 8);

const caches: Row[] = [
  { name: 'CLFLUSH_Mb', encoding: 'np 0f ae /7', does: touch },
  { name: 'CLFLUSHOPT_Mb', encoding: '66 0f ae /7', does: touch },
  { name: 'CLWB_Mb', encoding: '66 0f ae /6', does: touch },
];

export const bitRows: readonly Row[] = [...testing, ...scanning, ...atomic, ...caches];
