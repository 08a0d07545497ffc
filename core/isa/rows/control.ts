import { condition } from '../../cpu/emitter/flags.js';
import type { Emitter } from '../../cpu/emitter/emitter.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { CONDITIONS } from './data.js';

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

/** Near branches are 64 bits wide whatever the prefixes say (Intel). */
const NEAR = { sizes: 64 } as const;
const RSP = 4;
const RCX = 1;
const RBP = 5;

const jumpIf =
  (code: number): Meaning =>
  (e) =>
    e.body.if(condition(e, code), () => e.jumpRelative());

const conditionalJumps: Row[] = CONDITIONS.flatMap((name, code): Row[] => {
  const hot = ['O', 'NO', 'P', 'NP'].includes(name) ? {} : { hot: 'all' };
  return [
    { ...NEAR, ...hot, name: `J${name}_Jb`, encoding: hex(0x70 + code), does: jumpIf(code) },
    { ...NEAR, ...hot, name: `J${name}_Jz`, encoding: `0f ${hex(0x80 + code)}`, does: jumpIf(code) },
  ];
});

/** rcx (ecx with an address-size prefix) counted down; the answer is the new value. */
function countDown(e: Emitter) {
  const count = e.let(i64.and(i64.sub(e.gpr(RCX), i64.const(1)), e.addressMask()));
  e.setGpr(RCX, count);
  return count;
}

const loops: Row[] = [
  {
    ...NEAR,
    name: 'LOOPNE_Jb',
    encoding: 'e0',
    does: (e) => {
      const count = countDown(e);
      e.body.if(i64.ne(count, i64.const(0)), () => e.body.if(condition(e, 5), () => e.jumpRelative()));
    },
  },
  {
    ...NEAR,
    name: 'LOOPE_Jb',
    encoding: 'e1',
    does: (e) => {
      const count = countDown(e);
      e.body.if(i64.ne(count, i64.const(0)), () => e.body.if(condition(e, 4), () => e.jumpRelative()));
    },
  },
  {
    ...NEAR,
    name: 'LOOP_Jb',
    encoding: 'e2',
    does: (e) => e.body.if(i64.ne(countDown(e), i64.const(0)), () => e.jumpRelative()),
  },
  {
    ...NEAR,
    name: 'JRCXZ_Jb',
    encoding: 'e3',
    does: (e) => e.body.if(i64.eqz(i64.and(e.gpr(RCX), e.addressMask())), () => e.jumpRelative()),
  },
];

const callTo: Meaning = (e) => {
  const target = e.read(0);
  const top = e.let(i64.sub(e.gpr(RSP), i64.const(8)));
  e.store(top, e.nextRip(), 64);
  // Processors have written the return address by the time they look at the target.
  e.requireCanonical(target);
  e.setGpr(RSP, top);
  e.jump(target);
};

const jumpTo: Meaning = (e) => {
  const target = e.read(0);
  e.requireCanonical(target);
  e.jump(target);
};

const returnAndDrop: Meaning = (e) => {
  const target = e.top();
  e.requireCanonical(target);
  e.setGpr(RSP, i64.add(i64.add(e.gpr(RSP), i64.const(8)), e.immediate(16)));
  e.jump(target);
};

const branches: Row[] = [
  { ...NEAR, name: 'JMP_Jb', encoding: 'eb', does: (e) => e.jumpRelative(), hot: 'all' },
  { ...NEAR, name: 'JMP_Jz', encoding: 'e9', does: (e) => e.jumpRelative(), hot: 'all' },
  { ...NEAR, name: 'JMP_Eq', encoding: 'ff /4', does: jumpTo, hot: 'all' },
  {
    ...NEAR,
    name: 'CALL_Jz',
    encoding: 'e8',
    hot: 'all',
    does: (e) => {
      e.push(e.nextRip());
      e.jumpRelative();
    },
  },
  { ...NEAR, name: 'CALL_Eq', encoding: 'ff /2', does: callTo, hot: 'all' },
  {
    ...NEAR,
    name: 'RET',
    encoding: 'c3',
    hot: 'all',
    does: (e) => {
      const target = e.top();
      e.requireCanonical(target);
      e.release(8);
      e.jump(target);
    },
  },
  { ...NEAR, name: 'RET_Iw', encoding: 'c2', does: returnAndDrop },
];

const pushRow: Meaning = (e) => e.push(e.read(0));
const pushSigned: Meaning = (e) => e.push(e.size === 64 ? e.field32Signed64(12) : e.immediate(16));

const popMemory: Meaning = (e) => {
  const bytes = e.size / 8;
  const value = e.top();
  const adjusted = e.let(i64.add(e.address(0), e.baseIs(RSP, bytes)));
  e.store(adjusted, value, e.size as 16 | 64);
  e.release(bytes);
};

const pop: Meaning = (e) => {
  if (e.form.variant === 'm') return popMemory(e);
  const value = e.top();
  e.release(e.size / 8);
  e.write(0, value);
};

const leave: Meaning = (e) => {
  const frame = e.gpr(RBP);
  const value = e.load(frame, e.size as 16 | 64);
  e.setGpr(RSP, i64.add(frame, i64.const(e.size / 8)));
  e.setGpr(RBP, value, e.size as 16 | 64);
};

/** Registers change last, so a fault on the way leaves them as they were. */
const enter: Meaning = (e) => {
  const { body } = e;
  const size = e.size as 16 | 64;
  const bytes = i64.const(size / 8);
  const operand = e.let(e.immediate(32));
  const level = e.let(i64.and(i64.shrU(operand, i64.const(16)), i64.const(31)));
  const stack = body.temporary('i64');
  const link = body.temporary('i64');
  const left = body.temporary('i64');
  const pushValue = (value: Expr) => {
    body.set(stack, i64.sub(body.get(stack), bytes));
    e.store(body.get(stack), value, size);
  };
  body.set(stack, e.gpr(RSP));
  pushValue(e.gpr(RBP, size));
  const frame = e.let(body.get(stack));
  body.set(link, e.gpr(RBP));
  body.set(left, level);
  body.if(i64.ne(level, i64.const(0)), () => {
    body.block((out) => {
      body.loop((again) => {
        body.set(left, i64.sub(body.get(left), i64.const(1)));
        body.brIf(out, i64.eqz(body.get(left)));
        body.set(link, i64.sub(body.get(link), bytes));
        pushValue(e.load(body.get(link), size));
        body.br(again);
      });
    });
    pushValue(frame);
  });
  const top = e.let(i64.sub(body.get(stack), i64.and(operand, i64.const(0xffff))));
  // The processor makes sure that the new top can be written.
  e.commit(e.translate(top, size / 8, 'modify'));
  e.setGpr(RSP, top);
  e.setGpr(RBP, frame, size);
};

const WIDE = { sizes: 'd64' } as const;

const stack: Row[] = [
  { ...WIDE, name: 'PUSH_Zv', encoding: '50+r', does: pushRow, hot: '64' },
  { ...WIDE, name: 'POP_Zv', encoding: '58+r', does: pop, hot: '64' },
  { ...WIDE, name: 'PUSH_Ev', encoding: 'ff /6', does: pushRow, hot: '64m' },
  { ...WIDE, name: 'POP_Ev', encoding: '8f /0', does: pop },
  { ...WIDE, name: 'PUSH_Iz', encoding: '68', does: pushSigned, hot: '64' },
  { ...WIDE, name: 'PUSH_Ib', encoding: '6a', does: pushSigned, hot: '64' },
  { ...WIDE, name: 'ENTER_Iw_Ib', encoding: 'c8', does: enter },
  { ...WIDE, name: 'LEAVE', encoding: 'c9', does: leave, hot: '64' },
];

export const controlRows: readonly Row[] = [...conditionalJumps, ...loops, ...branches, ...stack];
