import { CONTROL_BITS, ControlBit } from '../control-bits.js';
import { Attribute } from '../descriptors.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { Field, Slot, State, Status } from '../layout.js';
import { isCanonical } from '../linear-memory.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import { advance, argument32, gpr32, setGpr32 } from './operands.js';

const [RAX, RCX, RDX] = [0, 1, 2] as const;
const EFER_WRITABLE = 0xd01n; // SCE LME LMA NXE
const EFER_LME = 0x100n;
const EFER_LMA = 0x400n;
const TSC = 0x10;

/** Model-specific registers that are plain 64-bit words of the state. */
const MSRS = new Map<number, { at: number; check?: (value: bigint) => boolean }>([
  [0x174, { at: State.sysenterCs, check: (value) => value >> 32n === 0n }],
  [0x175, { at: State.sysenterEsp, check: isCanonical }],
  [0x176, { at: State.sysenterEip, check: isCanonical }],
  [0xc000_0081, { at: State.star }],
  [0xc000_0082, { at: State.lstar, check: isCanonical }],
  [0xc000_0083, { at: State.cstar, check: isCanonical }],
  [0xc000_0084, { at: State.fmask, check: (value) => value >> 32n === 0n }],
  [0xc000_0100, { at: Slot.fsBase, check: isCanonical }],
  [0xc000_0101, { at: Slot.gsBase, check: isCanonical }],
  [0xc000_0102, { at: State.kernelGsBase, check: isCanonical }],
  [0xc000_0103, { at: State.tscAux, check: (value) => value >> 32n === 0n }],
]);
const EFER = 0xc000_0080;

const readMsr: SystemHandler = ({ state, retired }) => {
  const number = gpr32(state, RCX);
  const known = MSRS.get(number);
  const value = known
    ? state.get64(known.at)
    : number === EFER
      ? state.get64(State.efer)
      : number === TSC
        ? BigInt(retired())
        : undefined;
  if (value === undefined) throw new GuestFault(Vector.GP);
  setGpr32(state, RAX, Number(value & 0xffff_ffffn));
  setGpr32(state, RDX, Number(value >> 32n));
  return Status.next;
};

const writeMsr: SystemHandler = (context) => {
  const { state } = context;
  const number = gpr32(state, RCX);
  const value = (BigInt(gpr32(state, RDX)) << 32n) | BigInt(gpr32(state, RAX));
  const known = MSRS.get(number);
  if (known) {
    if (known.check?.(value) === false) throw new GuestFault(Vector.GP);
    state.set64(known.at, value);
    return Status.next;
  }
  if (number !== EFER) throw new GuestFault(Vector.GP);
  writeEfer(context, value);
  return Status.next;
};

function writeEfer({ state, controlChanged }: SystemContext, value: bigint): void {
  const old = state.get64(State.efer);
  const paged = (state.get64(State.cr0) & CR0_PG) !== 0n;
  // LME follows only while paging is off; LMA is the processor's own.
  if ((value & ~EFER_WRITABLE) !== 0n || (paged && ((value ^ old) & EFER_LME) !== 0n))
    throw new GuestFault(Vector.GP);
  state.set64(State.efer, (value & ~EFER_LMA) | (old & EFER_LMA));
  state.tlb.flush();
  controlChanged();
}

const CONTROL = new Map<number, number>([
  [0, State.cr0],
  [2, State.cr2],
  [3, State.cr3],
  [4, State.cr4],
  [8, State.cr8],
]);

function controlAt(state: CpuState, record: number): number {
  const at = CONTROL.get(state.u8[record + Field.reg]!);
  if (at === undefined) throw new GuestFault(Vector.UD);
  return at;
}

/** The general register of a move to or from a control or debug register: 64 bits in 64-bit mode, else 32. */
const operandOf = (state: CpuState, record: number): bigint =>
  cut(state, state.get64(state.u8[record + Field.rm]!));
const setOperand = (state: CpuState, record: number, value: bigint): void =>
  state.set64(state.u8[record + Field.rm]!, cut(state, value));
const cut = ({ isLong }: CpuState, value: bigint) => (isLong ? value : value & 0xffff_ffffn);

const readControl: SystemHandler = ({ state }, record) => {
  setOperand(state, record, state.get64(controlAt(state, record)));
  return Status.next;
};

const [CR0_PE, CR0_NW, CR0_CD, CR0_PG] = [1n, 1n << 29n, 1n << 30n, 1n << 31n] as const;
const CR0_PAGING = CR0_PE | CR0_PG;
const CR0_FIXED = 0x10n;
const CR4_ALLOWED = BigInt(CONTROL_BITS);
const CR4_PAE = BigInt(ControlBit.PAE);
const CR4_PCIDE = BigInt(ControlBit.PCIDE);
/** In a new value of CR3 with CR4.PCIDE: translations may stay. */
const CR3_KEEP = 1n << 63n;
const CR3_CONTEXT = 0xfffn;

/** Bits whose feature CPUID does not offer, and states that may not be, raise #GP. */
const CHECKS = new Map<number, (value: bigint, state: CpuState) => boolean>([
  [State.cr0, allowedCr0],
  [State.cr3, (value) => value >> 40n === 0n],
  [State.cr4, allowedControl],
  [State.cr8, (value) => value < 16n],
]);

/** Real mode is not built: PE stays. */
function allowedCr0(value: bigint, state: CpuState): boolean {
  if (value >> 32n !== 0n || (value & CR0_PE) === 0n) return false;
  if ((value & CR0_NW) !== 0n && (value & CR0_CD) === 0n) return false;
  const paged = (value & CR0_PG) !== 0n;
  const wasPaged = (state.get64(State.cr0) & CR0_PG) !== 0n;
  if (!paged && wasPaged) return !state.isLong && (state.get64(State.cr4) & CR4_PCIDE) === 0n;
  return !paged || wasPaged || (state.get64(State.efer) & EFER_LME) === 0n || mayEnterLong(state);
}

const mayEnterLong = (state: CpuState) =>
  (state.get64(State.cr4) & CR4_PAE) !== 0n && (state.attributes('cs') & Attribute.long) === 0;

/** Paging with PAE keeps four pointers in the processor. #GP where a reserved bit of one is set. */
function loadPointers({ state, memory }: SystemContext): void {
  const long = (state.get64(State.efer) & EFER_LMA) !== 0n;
  const paged = (state.get64(State.cr0) & CR0_PAGING) === CR0_PAGING;
  if (long || !paged || (state.get64(State.cr4) & CR4_PAE) === 0n) return;
  const pointers = memory.readPhysical(state.get32(State.cr3) & 0xffff_ffe0, 4);
  const isBad = (pointer: bigint) => (pointer & 1n) !== 0n && (pointer & POINTER_RESERVED) !== 0n;
  if (pointers.some(isBad)) throw new GuestFault(Vector.GP);
  pointers.forEach((pointer, i) => state.set64(State.pdpte + i * 8, pointer));
}

const POINTER_RESERVED = 0xffff_ff00_0000_01e6n;

function allowedControl(value: bigint, state: CpuState): boolean {
  const starts = (value & ~state.get64(State.cr4) & CR4_PCIDE) !== 0n;
  if (starts && (state.get64(State.cr3) & CR3_CONTEXT) !== 0n) return false;
  const long = state.longActive;
  if (!long && (value & CR4_PCIDE) !== 0n) return false;
  return (value & ~CR4_ALLOWED) === 0n && (!long || (value & CR4_PAE) !== 0n);
}

/** Without the bit that asks to keep translations, which here go in any case. */
function newControl(state: CpuState, at: number, value: bigint): bigint {
  const tagged = at === State.cr3 && (state.get64(State.cr4) & CR4_PCIDE) !== 0n;
  return tagged ? value & ~CR3_KEEP : value;
}

/** All of it or a fault and none. */
function setControl(context: SystemContext, at: number, value: bigint): void {
  const { state } = context;
  const [old, efer] = [state.get64(at), state.get64(State.efer)];
  state.set64(at, value);
  if (at === State.cr0) state.set64(State.efer, activated(value, efer));
  try {
    if (at !== State.cr2 && at !== State.cr8) loadPointers(context);
  } catch (fault) {
    state.set64(at, old);
    state.set64(State.efer, efer);
    throw fault;
  }
}

/** IA-32e mode is active while it is enabled and paging is on. */
const activated = (cr0: bigint, efer: bigint) =>
  (efer & EFER_LME) !== 0n && (cr0 & CR0_PG) !== 0n ? efer | EFER_LMA : efer & ~EFER_LMA;

const writeControl: SystemHandler = (context, record) => {
  const { state } = context;
  const at = controlAt(state, record);
  const value = newControl(state, at, operandOf(state, record));
  if (CHECKS.get(at)?.(value, state) === false) throw new GuestFault(Vector.GP);
  setControl(context, at, at === State.cr0 ? value | CR0_FIXED : value);
  if (at === State.cr2 || at === State.cr8) return Status.next;
  if (at === State.cr4) context.debug.update();
  if (at === State.cr3) state.tlb.flushLocal();
  else state.tlb.flush();
  context.controlChanged();
  advance(state, record);
  return Status.jumped;
};

const CR0_TS = 8n;

const clearTaskSwitched: SystemHandler = (context) => {
  const { state } = context;
  state.set64(State.cr0, state.get64(State.cr0) & ~CR0_TS);
  context.controlChanged();
  return Status.next;
};

/** PE cannot be cleared; MP EM TS follow the operand. */
const loadMachineStatus: SystemHandler = (context) => {
  const { state } = context;
  const value = BigInt(argument32(state, 0));
  state.set64(State.cr0, (state.get64(State.cr0) & ~0xen) | (value & 0xen));
  context.controlChanged();
  return Status.next;
};

const [DR6, DR7] = [State.dr + 6 * 8, State.dr + 7 * 8];
/** Bits that are what they are: [kept from the new value, always set]. */
const DEBUG_FIXED = new Map<number, readonly [bigint, bigint]>([
  [DR6!, [0xe00fn, 0xffff_0ff0n]],
  [DR7!, [0xffff_23ffn, 0x400n]],
]);

/** DR4 and DR5 are DR6 and DR7 while CR4.DE is clear. */
function debugAt({ state, debug }: SystemContext, record: number): number {
  const number = state.u8[record + Field.reg]!;
  if (number > 7) throw new GuestFault(Vector.UD);
  const alias = number === 4 || number === 5;
  if (alias && state.get32(State.cr4) & ControlBit.DE) throw new GuestFault(Vector.UD);
  if (debug.detects()) throw new GuestFault(Vector.DB);
  return State.dr + (alias ? number + 2 : number) * 8;
}

const readDebug: SystemHandler = (context, record) => {
  const { state } = context;
  setOperand(state, record, state.get64(debugAt(context, record)));
  return Status.next;
};

const writeDebug: SystemHandler = (context, record) => {
  const { state, debug } = context;
  const at = debugAt(context, record);
  const value = operandOf(state, record);
  const fixed = DEBUG_FIXED.get(at);
  if (fixed && value >> 32n !== 0n) throw new GuestFault(Vector.GP);
  state.set64(at, fixed ? (value & fixed[0]) | fixed[1] : value);
  debug.update();
  return Status.next;
};

export const registerHandlers = {
  readMsr,
  writeMsr,
  readControl,
  writeControl,
  clearTaskSwitched,
  loadMachineStatus,
  readDebug,
  writeDebug,
};
