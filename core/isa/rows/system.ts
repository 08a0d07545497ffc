import type { Emitter } from '../../cpu/emitter/emitter.js';
import { GP, state32, state64, toState32, toState64, UD } from '../../cpu/emitter/emitter.js';
import { flagsImage, setStatusFlags } from '../../cpu/emitter/flags.js';
import { SINGLE_STEP_NOW, Slot, State, TLB_SUPERVISOR, TLB_USER } from '../../cpu/layout.js';
import { Flag, SYSTEM_FLAGS } from '../../cpu/rflags.js';
import { KERNEL_CODE, KERNEL_DATA, USER_CODE, USER_DATA } from '../../cpu/segments.js';
import { segmentAt } from '../../cpu/state.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64, select } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { asks, FIXED, RING0 } from './system-support.js';
import { registerRows } from './system-registers.js';

const RCX = 1;
const R11 = 11;
/** A flat segment, as syscall and sysret load them without a look at the table. */
function flatSegment(e: Emitter, name: 'cs' | 'ss', selector: Expr, attributes: number): void {
  const at = segmentAt(name);
  e.body.do(toState64(at, i64.const(0)));
  e.body.do(toState32(at + 8, selector));
  e.body.do(toState32(at + 12, i32.const(attributes)));
  e.body.do(toState32(at + 16, i32.const(-1)));
}

function setPrivilege(e: Emitter, level: 0 | 3): void {
  e.body.do(toState32(State.cpl, i32.const(level)));
  e.body.do(toState32(State.tlb, i32.const(level === 3 ? TLB_USER : TLB_SUPERVISOR)));
  e.body.do(toState64(State.codeTag, i64.const(level === 3 ? 1 : 0)));
}

/** All of rflags from an i64 image. */
function setFlags(e: Emitter, image: Expr): void {
  const low = e.let(i32.wrap(image));
  setStatusFlags(e, low, i32.and(i32.shrU(low, i32.const(11)), i32.const(1)));
  e.body.do(toState64(State.systemFlags, i64.and(image, i64.const(SYSTEM_FLAGS))));
}

/** True when an interrupt may be taken now, or single-stepping has begun. */
function mustLook(): Expr {
  const flags = state32(State.systemFlags);
  const enabled = i32.and(i32.shrU(flags, i32.const(9)), state32(State.interruptPending));
  return i32.or(i32.and(enabled, i32.const(1)), i32.and(flags, i32.const(Flag.TF)));
}

/** #UD while EFER.SCE is clear. */
const requireSystemCalls = (e: Emitter) =>
  e.body.if(i64.eqz(i64.and(state64(State.efer), i64.const(1))), () => e.fault(UD));

const syscall: Meaning = (e) => {
  requireSystemCalls(e);
  e.body.if(state32(State.syscallTapped), () => e.ask('syscallTap'));
  const flags = flagsImage(e);
  const star = e.let(i32.and(i32.wrap(i64.shrU(state64(State.star), i64.const(32))), i32.const(0xfffc)));
  e.setGpr(RCX, e.nextRip());
  e.setGpr(R11, i64.and(flags, i64.const(~Flag.RF)));
  setFlags(e, e.let(i64.and(flags, i64.xor(state64(State.fmask), i64.const(-1)))));
  // A single step ends behind it only where TF survives.
  const steps = i32.and(state32(State.systemFlags), i32.const(Flag.TF));
  e.body.do(toState32(State.singleStep, i32.and(state32(State.singleStep), i32.ne(steps, i32.const(0)))));
  flatSegment(e, 'cs', star, KERNEL_CODE);
  flatSegment(e, 'ss', i32.add(star, i32.const(8)), KERNEL_DATA);
  setPrivilege(e, 0);
  e.jump(state64(State.lstar));
};

/** sysret that sets TF traps behind itself, and where it clears TF not even a single step does. */
const stepsAtOnce = () => {
  const flag = i32.and(state32(State.systemFlags), i32.const(Flag.TF));
  return select(flag, i32.const(SINGLE_STEP_NOW), i32.const(0));
};

const SYSRET_FLAGS = 0x3c_7fd7;

const sysret: Meaning = (e) => {
  requireSystemCalls(e);
  e.body.if(state32(State.cpl), () => e.fault(GP));
  const target = e.gpr(RCX);
  const canonical = i64.eq(i64.shrS(i64.shl(target, i64.const(16)), i64.const(16)), target);
  e.body.if(i32.eqz(canonical), () => e.fault(GP));
  const star = e.let(i32.wrap(i64.shrU(state64(State.star), i64.const(48))));
  setFlags(e, e.let(i64.and(e.gpr(R11), i64.const(SYSRET_FLAGS))));
  e.body.do(toState32(State.singleStep, stepsAtOnce()));
  flatSegment(e, 'cs', i32.or(i32.add(star, i32.const(16)), i32.const(3)), USER_CODE);
  flatSegment(e, 'ss', i32.or(i32.add(star, i32.const(8)), i32.const(3)), USER_DATA);
  setPrivilege(e, 3);
  e.body.do(toState64(State.rip, target));
  e.body.if(mustLook(), () => e.leave());
  e.jump(target);
};

const swapgs: Meaning = (e) => {
  const user = e.let(state64(State.kernelGsBase));
  e.body.do(toState64(State.kernelGsBase, state64(Slot.gsBase)));
  e.body.do(toState64(Slot.gsBase, user));
};

/** CPL above IOPL. */
const iopl = () => i32.and(i32.shrU(state32(State.systemFlags), i32.const(12)), i32.const(3));
const requireIopl = (e: Emitter) => e.body.if(i32.gtU(state32(State.cpl), iopl()), () => e.fault(GP));

const cli: Meaning = (e) => {
  requireIopl(e);
  e.body.do(toState64(State.systemFlags, i64.and(state64(State.systemFlags), i64.const(~Flag.IF))));
};

const sti: Meaning = (e) => {
  requireIopl(e);
  const before = e.let(state32(State.systemFlags));
  e.body.do(toState32(State.systemFlags, i32.or(before, i32.const(Flag.IF))));
  e.body.if(i32.eqz(i32.and(before, i32.const(Flag.IF))), () => {
    e.body.do(toState32(State.shadow, i32.const(1)));
    e.body.do(toState64(State.rip, e.nextRip()));
    e.body.if(state32(State.interruptPending), () => e.leave());
  });
};

const popf: Meaning = (e) => {
  const image = e.top();
  const always = Flag.TF | Flag.DF | Flag.NT | (e.size === 16 ? 0 : Flag.AC | Flag.ID);
  const mask = e.body.temporary('i64');
  e.body.set(mask, i64.const(always));
  const allow = (flags: number) => e.body.set(mask, i64.or(e.body.get(mask), i64.const(flags)));
  e.body.if(i32.leU(state32(State.cpl), iopl()), () => allow(Flag.IF));
  e.body.if(i32.eqz(state32(State.cpl)), () => allow(Flag.IOPL));
  const kept = i64.and(state64(State.systemFlags), i64.xor(e.body.get(mask), i64.const(-1)));
  const system = e.let(i64.and(i64.or(kept, i64.and(image, e.body.get(mask))), i64.const(~Flag.RF)));
  e.release(e.size / 8);
  const low = e.let(i32.wrap(image));
  setStatusFlags(e, low, i32.and(i32.shrU(low, i32.const(11)), i32.const(1)));
  e.body.do(toState64(State.systemFlags, system));
  e.body.do(toState64(State.rip, e.nextRip()));
  e.body.if(mustLook(), () => e.leave());
};

const entry: Row[] = [
  { ...FIXED, modes: 'long', name: 'SYSCALL', encoding: '0f 05', does: syscall },
  // Whether it exists is asked before the privilege.
  { ...FIXED, modes: 'long', name: 'SYSRET', encoding: 'rex.w 0f 07', does: sysret },
  // Back to 32-bit code.
  {
    ...FIXED,
    name: 'SYSRET_compatible',
    encoding: '0f 07',
    mnemonics: ['sysretd'],
    does: asks('sysretShort'),
  },
  { ...RING0, modes: 'long', name: 'SWAPGS', encoding: '0f 01 =f8', does: swapgs },
  {
    ...FIXED,
    name: 'IRET',
    encoding: 'cf',
    sizes: 'v',
    mnemonics: ['iretw', 'iretd', 'iretq'],
    does: (e) => e.system('iret', i64.const(e.size)),
  },
  {
    ...FIXED,
    name: 'RETF',
    encoding: 'cb',
    sizes: 'v',
    does: (e) => e.system('farReturn', i64.const(e.size), i64.const(0)),
  },
  {
    ...FIXED,
    name: 'RETF_Iw',
    encoding: 'ca',
    sizes: 'v',
    does: (e) => e.system('farReturn', i64.const(e.size), e.immediate(32)),
  },
  {
    ...FIXED,
    name: 'JMPF_Mp',
    encoding: 'ff /5',
    sizes: 'v',
    does: (e) => e.system('farJump', e.address(0), i64.const(e.size)),
  },
  {
    ...FIXED,
    name: 'CALLF_Mp',
    encoding: 'ff /3',
    sizes: 'v',
    does: (e) => e.system('farCall', e.address(0), i64.const(e.size)),
  },
  { ...FIXED, name: 'INT3', encoding: 'cc', does: (e) => e.system('interrupt', i64.const(3), i64.const(0)) },
  {
    ...FIXED,
    name: 'INT_Ib',
    encoding: 'cd',
    sizes: 8,
    does: (e) => e.system('interrupt', e.read(0), i64.const(0)),
  },
  // As the processor's own #DB: whatever the privilege of the gate.
  { ...FIXED, name: 'INT1', encoding: 'f1', does: (e) => e.system('interrupt', i64.const(1), i64.const(1)) },
  { ...FIXED, name: 'UD2', encoding: '0f 0b', does: (e) => e.fault(UD) },
  { ...FIXED, name: 'UD1_Gv_Ev', encoding: '0f b9 /r', sizes: 'v', does: (e) => e.fault(UD) },
  { ...FIXED, name: 'UD0_Gv_Ev', encoding: '0f ff /r', sizes: 'v', does: (e) => e.fault(UD) },
  { ...RING0, name: 'VMCALL', encoding: 'np 0f 01 =c1', privileged: false, does: asks('hypercall') },
];

const flagControl: Row[] = [
  { ...FIXED, name: 'CLI', encoding: 'fa', does: cli },
  { ...FIXED, name: 'STI', encoding: 'fb', does: sti },
  { ...RING0, name: 'HLT', encoding: 'f4', does: asks('halt') },
  {
    name: 'PUSHF',
    encoding: '9c',
    sizes: 'd64',
    untestable: true,
    does: (e) => e.push(i64.and(flagsImage(e), i64.const((0x3c_ffff & ~Flag.RF & ~Flag.VM) | Flag.ID))),
  },
  { name: 'POPF', encoding: '9d', sizes: 'd64', untestable: true, does: popf },
];

const dx = (e: Emitter) => e.gpr(2, 16);
const port = (e: Emitter) => i64.and(e.immediate(32), i64.const(0xff));
const bytes = (e: Emitter) => i64.const(Math.min(e.size, 32) / 8);
const portResult = () => i64.load(i32.const(0), State.scratch + 16);

const readsPort =
  (from: (e: Emitter) => Expr): Meaning =>
  (e) => {
    e.ask('portIn', from(e), bytes(e));
    e.setGpr(0, portResult(), Math.min(e.size, 32) as 8 | 16 | 32);
  };

const writesPort =
  (to: (e: Emitter) => Expr): Meaning =>
  (e) =>
    e.ask('portOut', to(e), bytes(e), e.gpr(0, Math.min(e.size, 32) as 8 | 16 | 32));

const io: Row[] = [
  { ...FIXED, name: 'IN_AL_Ib', encoding: 'e4', sizes: 8, does: readsPort(port) },
  { ...FIXED, name: 'IN_eAX_Ib', encoding: 'e5', sizes: 'v', does: readsPort(port) },
  { ...FIXED, name: 'OUT_Ib_AL', encoding: 'e6', sizes: 8, does: writesPort(port) },
  { ...FIXED, name: 'OUT_Ib_eAX', encoding: 'e7', sizes: 'v', does: writesPort(port) },
  { ...FIXED, name: 'IN_AL_DX', encoding: 'ec', sizes: 8, does: readsPort(dx) },
  { ...FIXED, name: 'IN_eAX_DX', encoding: 'ed', sizes: 'v', does: readsPort(dx) },
  { ...FIXED, name: 'OUT_DX_AL', encoding: 'ee', sizes: 8, does: writesPort(dx) },
  { ...FIXED, name: 'OUT_DX_eAX', encoding: 'ef', sizes: 'v', does: writesPort(dx) },
];

export const systemRows: readonly Row[] = [
  ...entry,
  ...flagControl,
  ...io,
  ...registerRows,
  // Stands for all bytes that no row describes: 06 (push es) is one of them.
  { ...FIXED, modes: 'long', name: 'INVALID', encoding: '06', does: (e) => e.system('undefined') },
];
