import { condition } from '../../cpu/emitter/flags.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { CONDITIONS } from './data.js';

const hex = (byte: number) => byte.toString(16).padStart(2, '0');

/** In 64-bit mode near branches are 64 bits wide whatever the prefixes say (Intel). */
const NEAR = { sizes: 'n64' } as const;
const RSP = 4;
const RCX = 1;
const RBP = 5;

const jumpIf =
  (code: number): Meaning =>
  (e) =>
    e.body.if(condition(e, code), () => e.jumpRelative());

const conditionalJumps: Row[] = CONDITIONS.flatMap((name, code): Row[] => {
  const hot = ['O', 'NO', 'P', 'NP'].includes(name) ? {} : { hot: '64' };
  return [
    { ...NEAR, ...hot, name: `J${name}_Jb`, encoding: hex(0x70 + code), does: jumpIf(code) },
    { ...NEAR, ...hot, name: `J${name}_Jz`, encoding: `0f ${hex(0x80 + code)}`, does: jumpIf(code) },
  ];
});

/** rcx (as much of it as addresses have bits) counted down; jumps while it is not 0 and the condition holds. */
const loop =
  (code?: number): Meaning =>
  (e) => {
    const { body } = e;
    const count = e.let(i64.and(i64.sub(e.gpr(RCX), i64.const(1)), e.addressMask()));
    const again = i64.ne(count, i64.const(0));
    const taken = e.let(
      code === undefined ? again : i32.and(again, i32.ne(condition(e, code), i32.const(0))),
    );
    body.if(taken, () => e.requireRelative());
    e.setAddressed(RCX, count);
    body.if(taken, () => e.jumpRelative());
  };

const loops: Row[] = [
  { ...NEAR, name: 'LOOPNE_Jb', encoding: 'e0', does: loop(5) },
  { ...NEAR, name: 'LOOPE_Jb', encoding: 'e1', does: loop(4) },
  { ...NEAR, name: 'LOOP_Jb', encoding: 'e2', does: loop() },
  {
    ...NEAR,
    name: 'JRCXZ_Jb',
    encoding: 'e3',
    does: (e) => e.body.if(i64.eqz(i64.and(e.gpr(RCX), e.addressMask())), () => e.jumpRelative()),
  },
];

const callTo: Meaning = (e) => {
  const target = e.read(0);
  e.foreseeTarget(target);
  // In 64-bit mode processors have written the return address by the time they look at the target.
  if (e.size !== 64) e.requireTarget(target);
  const top = e.stackOffset(i64.const(-e.size / 8));
  e.store(e.onStack(top), e.returnAddress(), e.size as 16 | 32 | 64);
  if (e.size === 64) e.requireTarget(target);
  e.setStack(top);
  e.branch(target);
};

const jumpTo: Meaning = (e) => {
  const target = e.read(0);
  e.requireTarget(target);
  e.branch(target);
};

const returnTo: Meaning = (e) => {
  const target = e.top();
  e.requireTarget(target);
  e.release(e.size / 8);
  e.branch(target);
};

const returnAndDrop: Meaning = (e) => {
  const target = e.top();
  e.requireTarget(target);
  e.setStack(e.stackOffset(i64.add(e.immediate(16), i64.const(e.size / 8))));
  e.branch(target);
};

const branches: Row[] = [
  { ...NEAR, name: 'JMP_Jb', encoding: 'eb', does: (e) => e.jumpRelative(), hot: '64' },
  { ...NEAR, name: 'JMP_Jz', encoding: 'e9', does: (e) => e.jumpRelative(), hot: '64' },
  { ...NEAR, name: 'JMP_Ev', encoding: 'ff /4', does: jumpTo, hot: '32 64' },
  {
    ...NEAR,
    name: 'CALL_Jz',
    encoding: 'e8',
    hot: '32 64',
    does: (e) => {
      e.requireRelative();
      e.push(e.returnAddress());
      e.jumpRelative();
    },
  },
  { ...NEAR, name: 'CALL_Ev', encoding: 'ff /2', does: callTo, hot: '32 64' },
  { ...NEAR, name: 'RET', encoding: 'c3', hot: '32 64', does: returnTo },
  { ...NEAR, name: 'RET_Iw', encoding: 'c2', does: returnAndDrop },
];

const pushRow: Meaning = (e) => e.push(e.read(0));
const pushSigned: Meaning = (e) => e.push(e.size === 64 ? e.field32Signed64(12) : e.immediate(32));

const popMemory: Meaning = (e) => {
  const bytes = e.size / 8;
  const value = e.top();
  // rsp as the base of the destination has been moved already.
  e.store(e.addressAt(e.baseIs(RSP, bytes)), value, e.size as 16 | 32 | 64);
  e.release(bytes);
};

const pop: Meaning = (e) => {
  if (e.form.variant === 'm') return popMemory(e);
  const value = e.top();
  e.release(e.size / 8);
  e.write(0, value);
};

const leave: Meaning = (e) => {
  const size = e.size as 16 | 32 | 64;
  const frame = e.stackOffset(undefined, e.gpr(RBP));
  const value = e.load(e.onStack(frame), size);
  e.setStack(e.stackOffset(i64.const(size / 8), frame));
  e.setGpr(RBP, value, size);
};

/** Registers change last, so a fault on the way leaves them as they were. */
const enter: Meaning = (e) => {
  const { body } = e;
  const size = e.size as 16 | 32 | 64;
  const down = i64.const(-size / 8);
  const operand = e.let(e.immediate(32));
  const level = e.let(i64.and(i64.shrU(operand, i64.const(16)), i64.const(31)));
  const stack = body.temporary('i64');
  const link = body.temporary('i64');
  const left = body.temporary('i64');
  const pushValue = (value: Expr) => {
    body.set(stack, e.stackOffset(down, body.get(stack)));
    e.store(e.onStack(body.get(stack)), value, size);
  };
  body.set(stack, e.gpr(RSP));
  pushValue(e.gpr(RBP, size));
  const frame = e.stackPointerAt(body.get(stack));
  body.set(link, e.gpr(RBP));
  body.set(left, level);
  body.if(i64.ne(level, i64.const(0)), () => {
    body.block((out) => {
      body.loop((again) => {
        body.set(left, i64.sub(body.get(left), i64.const(1)));
        body.brIf(out, i64.eqz(body.get(left)));
        body.set(link, e.stackOffset(down, body.get(link)));
        pushValue(e.load(e.onStack(body.get(link)), size));
        body.br(again);
      });
    });
    pushValue(frame);
  });
  const dropped = i64.sub(i64.const(0), i64.and(operand, i64.const(0xffff)));
  const top = e.stackOffset(dropped, body.get(stack));
  // The processor makes sure that the new top can be written.
  e.commit(e.translate(e.onStack(top), size / 8, 'modify'));
  e.setStack(top);
  e.setGpr(RBP, frame, size);
};

const WIDE = { sizes: 'd64' } as const;

const stack: Row[] = [
  { ...WIDE, name: 'PUSH_Zv', encoding: '50+r', does: pushRow, hot: '32 64' },
  { ...WIDE, name: 'POP_Zv', encoding: '58+r', does: pop, hot: '32 64' },
  { ...WIDE, name: 'PUSH_Ev', encoding: 'ff /6', does: pushRow, hot: '32m 64m' },
  { ...WIDE, name: 'POP_Ev', encoding: '8f /0', does: pop },
  { ...WIDE, name: 'PUSH_Iz', encoding: '68', does: pushSigned, hot: '32 64' },
  { ...WIDE, name: 'PUSH_Ib', encoding: '6a', does: pushSigned, hot: '32 64' },
  { ...WIDE, name: 'ENTER_Iw_Ib', encoding: 'c8', does: enter },
  { ...WIDE, name: 'LEAVE', encoding: 'c9', does: leave, hot: '32 64' },
];

export const controlRows: readonly Row[] = [...conditionalJumps, ...loops, ...branches, ...stack];
