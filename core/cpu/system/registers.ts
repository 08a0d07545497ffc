import { CONTROL_BITS, ControlBit } from '../control-bits.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { Field, Slot, State, Status } from '../layout.js';
import { isCanonical } from '../linear-memory.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import { advance, argument32, gpr32, setGpr32 } from './operands.js';

const [RAX, RCX, RDX] = [0, 1, 2] as const;
const EFER_WRITABLE = 0xd01n; // SCE LME LMA NXE
const EFER_LMA = 0x400n;
const TSC = 0x10;

/** Model-specific registers that are plain 64-bit words of the state. */
const MSRS = new Map<number, { at: number; check?: (value: bigint) => boolean }>([
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
  // Leaving long mode is not built, so LME and LMA stay.
  if ((value & ~EFER_WRITABLE) !== 0n || (value & 0x100n) === 0n) throw new GuestFault(Vector.GP);
  state.set64(State.efer, value | EFER_LMA);
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

const readControl: SystemHandler = ({ state }, record) => {
  state.set64(state.u8[record + Field.rm]!, state.get64(controlAt(state, record)));
  return Status.next;
};

const PAGING_AND_PROTECTION = 0x8000_0001n;
const CR0_FIXED = 0x10n;
const CR4_ALLOWED = BigInt(CONTROL_BITS);
const CR4_PAE = BigInt(ControlBit.PAE);
const CR4_PCIDE = BigInt(ControlBit.PCIDE);
/** In a new value of CR3 with CR4.PCIDE: translations may stay. */
const CR3_KEEP = 1n << 63n;
const CR3_CONTEXT = 0xfffn;

/** Bits whose feature CPUID does not offer, and leaving long mode, raise #GP. */
const CHECKS = new Map<number, (value: bigint, state: CpuState) => boolean>([
  [State.cr0, (value) => value >> 32n === 0n && (value & PAGING_AND_PROTECTION) === PAGING_AND_PROTECTION],
  [State.cr3, (value) => value >> 40n === 0n],
  [State.cr4, allowedControl],
  [State.cr8, (value) => value < 16n],
]);

function allowedControl(value: bigint, state: CpuState): boolean {
  const starts = (value & ~state.get64(State.cr4) & CR4_PCIDE) !== 0n;
  if (starts && (state.get64(State.cr3) & CR3_CONTEXT) !== 0n) return false;
  return (value & ~CR4_ALLOWED) === 0n && (value & CR4_PAE) !== 0n;
}

/** Without the bit that asks to keep translations, which here go in any case. */
function newControl(state: CpuState, at: number, value: bigint): bigint {
  const tagged = at === State.cr3 && (state.get64(State.cr4) & CR4_PCIDE) !== 0n;
  return tagged ? value & ~CR3_KEEP : value;
}

const writeControl: SystemHandler = (context, record) => {
  const { state } = context;
  const at = controlAt(state, record);
  const value = newControl(state, at, state.get64(state.u8[record + Field.rm]!));
  if (CHECKS.get(at)?.(value, state) === false) throw new GuestFault(Vector.GP);
  state.set64(at, at === State.cr0 ? value | CR0_FIXED : value);
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
  state.set64(state.u8[record + Field.rm]!, state.get64(debugAt(context, record)));
  return Status.next;
};

const writeDebug: SystemHandler = (context, record) => {
  const { state, debug } = context;
  const at = debugAt(context, record);
  const value = state.get64(state.u8[record + Field.rm]!);
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
