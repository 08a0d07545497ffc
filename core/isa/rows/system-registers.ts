import { ControlBit } from '../../cpu/control-bits.js';
import type { Emitter } from '../../cpu/emitter/emitter.js';
import { GP, state32, state64, UD } from '../../cpu/emitter/emitter.js';
import { Field, State } from '../../cpu/layout.js';
import { segmentAt } from '../../cpu/state.js';
import type { SystemOperation } from '../../cpu/system-operations.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';
import { loadFarPointer, popSelector, pushSelector } from './segment-moves.js';
import { asks, asksWithAddress, FIXED, privilegedBy, RING0 } from './system-support.js';

const RCX = 1;
/** Segment registers by number. */
const [CS, GS] = [1, 5] as const;

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

/** The operand size counts outside 64-bit mode. */
const loadsTable =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation, e.address(0), i64.const(e.size));

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
  { ...RING0, name: 'LGDT_Ms', encoding: '0f 01 /2', sizes: 'v', does: loadsTable('loadGdt') },
  { ...RING0, name: 'LIDT_Ms', encoding: '0f 01 /3', sizes: 'v', does: loadsTable('loadIdt') },
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
      e.body.if(i32.gtU(e.field8(Field.reg), i32.const(GS)), () => e.fault(UD));
      storeShort(e, e.let(namedSelector(e)));
    },
  },
  {
    ...FIXED,
    name: 'MOV_Sw_Ew',
    encoding: '8e /r',
    sizes: 16,
    does: (e) => {
      const index = e.field8(Field.reg);
      // Neither CS nor what lies behind GS, whatever the operand is.
      e.body.if(i32.or(i32.eq(index, i32.const(CS)), i32.gtU(index, i32.const(GS))), () => e.fault(UD));
      e.ask('loadSegment', i64.extendU(index), e.read(1));
    },
  },
  { ...FIXED, name: 'PUSH_FS', encoding: '0f a0', sizes: 'd64', does: pushSelector(4) },
  { ...FIXED, name: 'POP_FS', encoding: '0f a1', sizes: 'd64', does: popSelector(4) },
  { ...FIXED, name: 'PUSH_GS', encoding: '0f a8', sizes: 'd64', does: pushSelector(5) },
  { ...FIXED, name: 'POP_GS', encoding: '0f a9', sizes: 'd64', does: popSelector(5) },
  { ...FIXED, name: 'LSS_Gv_Mp', encoding: '0f b2 /r', sizes: 'v', does: loadFarPointer(2) },
  { ...FIXED, name: 'LFS_Gv_Mp', encoding: '0f b4 /r', sizes: 'v', does: loadFarPointer(4) },
  { ...FIXED, name: 'LGS_Gv_Mp', encoding: '0f b5 /r', sizes: 'v', does: loadFarPointer(5) },
];

/** Control, debug and model-specific registers, descriptor tables, segment registers. */
export const registerRows: readonly Row[] = [...information, ...tables, ...segments];
