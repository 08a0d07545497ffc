import { ControlBit } from '../../cpu/control-bits.js';
import type { Emitter } from '../../cpu/emitter/emitter.js';
import { GP, state32, state64, toState32, toState64, UD } from '../../cpu/emitter/emitter.js';
import { flagsImage, setStatusFlags } from '../../cpu/emitter/flags.js';
import { Field, Slot, State, TLB_SUPERVISOR, TLB_USER } from '../../cpu/layout.js';
import { Flag, SYSTEM_FLAGS } from '../../cpu/rflags.js';
import { KERNEL_CODE, KERNEL_DATA, USER_CODE, USER_DATA } from '../../cpu/segments.js';
import { segmentAt } from '../../cpu/state.js';
import type { SystemOperation } from '../../cpu/system-operations.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { loadFarPointer, popSelector, pushSelector } from './segment-moves.js';

const RCX = 1;
const R11 = 11;
const RING0 = { privileged: true, sizes: 64, untestable: true } as const;
const FIXED = { sizes: 64, untestable: true } as const;

const asks =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation);

const asksWithAddress =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation, e.address(0));

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

const syscall: Meaning = (e) => {
  e.body.if(i64.eqz(i64.and(state64(State.efer), i64.const(1))), () => e.fault(UD));
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

const SYSRET_FLAGS = 0x3c_7fd7;

const sysret: Meaning = (e) => {
  const target = e.gpr(RCX);
  const canonical = i64.eq(i64.shrS(i64.shl(target, i64.const(16)), i64.const(16)), target);
  e.body.if(i32.eqz(canonical), () => e.fault(GP));
  const star = e.let(i32.wrap(i64.shrU(state64(State.star), i64.const(48))));
  setFlags(e, e.let(i64.and(e.gpr(R11), i64.const(SYSRET_FLAGS))));
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

/** #GP(0) outside ring 0 while a bit of CR4 says so. */
const privilegedBy =
  (bit: number, meaning: Meaning): Meaning =>
  (e) => {
    const restricted = i32.and(state32(State.cr4), i32.const(bit));
    e.body.if(i32.and(i32.ne(state32(State.cpl), i32.const(0)), i32.ne(restricted, i32.const(0))), () =>
      e.fault(GP),
    );
    meaning(e);
  };

const entry: Row[] = [
  { ...FIXED, modes: 'long', name: 'SYSCALL', encoding: '0f 05', does: syscall },
  { ...RING0, modes: 'long', name: 'SYSRET', encoding: 'rex.w 0f 07', does: sysret },
  // Back to 32-bit code.
  {
    ...RING0,
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

/** CR0, CR2, CR3, CR4 and CR8: others are undefined in every ring. */
const CONTROL_REGISTERS = 0b1_0001_1101;

const controlRegister =
  (operation: SystemOperation): Meaning =>
  (e) => {
    const exists = i32.and(i32.shrU(i32.const(CONTROL_REGISTERS), e.field8(Field.reg)), i32.const(1));
    e.body.if(i32.eqz(exists), () => e.fault(UD));
    e.body.if(state32(State.cpl), () => e.fault(GP));
    e.system(operation);
  };

const information: Row[] = [
  { ...FIXED, name: 'CPUID', encoding: '0f a2', does: asks('cpuid') },
  { ...FIXED, name: 'RDTSC', encoding: '0f 31', does: privilegedBy(ControlBit.TSD, asks('readTsc')) },
  {
    ...FIXED,
    name: 'RDTSCP',
    encoding: '0f 01 =f9',
    does: privilegedBy(ControlBit.TSD, (e) => {
      e.setGpr(RCX, state64(State.tscAux), 32);
      e.system('readTsc');
    }),
  },
  { ...RING0, name: 'RDMSR', encoding: '0f 32', does: asks('readMsr') },
  { ...RING0, name: 'WRMSR', encoding: '0f 30', does: asks('writeMsr') },
  { ...FIXED, name: 'MOV_Rq_Cq', encoding: '0f 20 /r', does: controlRegister('readControl') },
  { ...FIXED, name: 'MOV_Cq_Rq', encoding: '0f 22 /r', does: controlRegister('writeControl') },
  { ...RING0, name: 'MOV_Rq_Dq', encoding: '0f 21 /r', does: asks('readDebug') },
  { ...RING0, name: 'MOV_Dq_Rq', encoding: '0f 23 /r', does: asks('writeDebug') },
  { ...RING0, name: 'CLTS', encoding: '0f 06', does: asks('clearTaskSwitched') },
  {
    ...RING0,
    name: 'LMSW_Ew',
    encoding: '0f 01 /6',
    sizes: 16,
    does: (e) => e.system('loadMachineStatus', e.read(0)),
  },
  {
    ...FIXED,
    name: 'SMSW_Ev',
    encoding: '0f 01 /4',
    sizes: 'v',
    does: privilegedBy(ControlBit.UMIP, (e) => storeShort(e, state64(State.cr0))),
  },
];

/** Memory gets 16 bits, a register as many as the operand has. */
function storeShort(e: Emitter, value: Expr): void {
  if (e.isMemory(0)) e.store(e.address(0), value, 16);
  else e.write(0, e.trim(value));
}

const tableSelector = (name: 'ldtr' | 'tr') => i64.extendU(state32(segmentAt(name) + 8));

/** The selector of the segment register that ModRM.reg names. */
function namedSelector(e: Emitter): Expr {
  const offset = i32.mul(e.field8(Field.reg), i32.const(24));
  return i64.extendU(i32.load(offset, State.segments + 8));
}

const tables: Row[] = [
  { ...FIXED, name: 'FXSAVE_Ms', encoding: 'np 0f ae /0', does: asksWithAddress('saveFpu') },
  { ...FIXED, name: 'FXRSTOR_Ms', encoding: 'np 0f ae /1', does: asksWithAddress('restoreFpu') },
  {
    ...FIXED,
    name: 'XSAVE_Ms',
    cpuid: 'XSAVE',
    encoding: 'np 0f ae /4',
    does: asksWithAddress('saveExtended'),
  },
  {
    ...FIXED,
    name: 'XSAVEOPT_Ms',
    cpuid: 'XSAVEOPT',
    encoding: 'np 0f ae /6',
    does: asksWithAddress('saveExtendedInUse'),
  },
  {
    ...FIXED,
    name: 'XSAVEC_Ms',
    cpuid: 'XSAVEC',
    encoding: 'np 0f c7 /4',
    does: asksWithAddress('saveCompacted'),
  },
  {
    ...FIXED,
    name: 'XRSTOR_Ms',
    cpuid: 'XSAVE',
    encoding: 'np 0f ae /5',
    does: asksWithAddress('restoreExtended'),
  },
  { ...FIXED, name: 'XGETBV', cpuid: 'XSAVE', encoding: 'np 0f 01 =d0', does: asks('readExtendedControl') },
  { ...RING0, name: 'XSETBV', cpuid: 'XSAVE', encoding: 'np 0f 01 =d1', does: asks('writeExtendedControl') },
  { ...RING0, name: 'LGDT_Ms', encoding: '0f 01 /2', does: asksWithAddress('loadGdt') },
  { ...RING0, name: 'LIDT_Ms', encoding: '0f 01 /3', does: asksWithAddress('loadIdt') },
  {
    ...FIXED,
    name: 'SGDT_Ms',
    encoding: '0f 01 /0',
    does: privilegedBy(ControlBit.UMIP, asksWithAddress('storeGdt')),
  },
  {
    ...FIXED,
    name: 'SIDT_Ms',
    encoding: '0f 01 /1',
    does: privilegedBy(ControlBit.UMIP, asksWithAddress('storeIdt')),
  },
  { ...RING0, name: 'INVLPG_Mb', encoding: '0f 01 /7', does: asksWithAddress('invalidatePage') },
  {
    ...RING0,
    name: 'LLDT_Ew',
    encoding: '0f 00 /2',
    sizes: 16,
    does: (e) => e.system('loadLocal', e.read(0)),
  },
  { ...RING0, name: 'LTR_Ew', encoding: '0f 00 /3', sizes: 16, does: (e) => e.system('loadTask', e.read(0)) },
  {
    ...FIXED,
    name: 'SLDT_Ev',
    encoding: '0f 00 /0',
    sizes: 'v',
    does: privilegedBy(ControlBit.UMIP, (e) => storeShort(e, tableSelector('ldtr'))),
  },
  {
    ...FIXED,
    name: 'STR_Ev',
    encoding: '0f 00 /1',
    sizes: 'v',
    does: privilegedBy(ControlBit.UMIP, (e) => storeShort(e, tableSelector('tr'))),
  },
  {
    ...FIXED,
    name: 'VERR_Ew',
    encoding: '0f 00 /4',
    sizes: 16,
    does: (e) => e.system('verifyRead', e.read(0)),
  },
  {
    ...FIXED,
    name: 'VERW_Ew',
    encoding: '0f 00 /5',
    sizes: 16,
    does: (e) => e.system('verifyWrite', e.read(0)),
  },
  {
    ...FIXED,
    name: 'LAR_Gv_Ew',
    encoding: '0f 02 /r',
    sizes: 'v',
    does: (e) => e.system('loadAccessRights', e.read(1), i64.const(e.size)),
  },
  {
    ...FIXED,
    name: 'LSL_Gv_Ew',
    encoding: '0f 03 /r',
    sizes: 'v',
    does: (e) => e.system('loadLimit', e.read(1), i64.const(e.size)),
  },
  { ...RING0, name: 'INVD', encoding: '0f 08', does: () => undefined },
  { ...RING0, name: 'WBINVD', encoding: '0f 09', does: () => undefined },
];

const segments: Row[] = [
  {
    ...FIXED,
    name: 'MOV_Ev_Sw',
    encoding: '8c /r',
    sizes: 'v',
    does: (e) => {
      e.body.if(i32.gtU(e.field8(Field.reg), i32.const(5)), () => e.fault(UD));
      storeShort(e, e.let(namedSelector(e)));
    },
  },
  {
    ...FIXED,
    name: 'MOV_Sw_Ew',
    encoding: '8e /r',
    sizes: 16,
    does: (e) => e.ask('loadSegment', i64.extendU(e.field8(Field.reg)), e.read(1)),
  },
  { ...FIXED, name: 'PUSH_FS', encoding: '0f a0', sizes: 'd64', does: pushSelector(4) },
  { ...FIXED, name: 'POP_FS', encoding: '0f a1', sizes: 'd64', does: popSelector(4) },
  { ...FIXED, name: 'PUSH_GS', encoding: '0f a8', sizes: 'd64', does: pushSelector(5) },
  { ...FIXED, name: 'POP_GS', encoding: '0f a9', sizes: 'd64', does: popSelector(5) },
  { ...FIXED, name: 'LSS_Gv_Mp', encoding: '0f b2 /r', sizes: 'v', does: loadFarPointer(2) },
  { ...FIXED, name: 'LFS_Gv_Mp', encoding: '0f b4 /r', sizes: 'v', does: loadFarPointer(4) },
  { ...FIXED, name: 'LGS_Gv_Mp', encoding: '0f b5 /r', sizes: 'v', does: loadFarPointer(5) },
];

export const systemRows: readonly Row[] = [
  ...entry,
  ...flagControl,
  ...io,
  ...information,
  ...tables,
  ...segments,
  // Stands for all bytes that no row describes: 06 (push es) is one of them.
  { ...FIXED, modes: 'long', name: 'INVALID', encoding: '06', does: (e) => e.system('undefined') },
];
