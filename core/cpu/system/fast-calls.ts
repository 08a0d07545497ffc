import { KERNEL_DATA, USER_DATA } from '../descriptors.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { SINGLE_STEP_NOW, State, Status } from '../layout.js';
import { Flag, readFlags, writeFlags } from '../rflags.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import { advance } from './operands.js';
import { afterFlags } from './returns.js';

const [RCX, RDX, RSP, R11] = [1, 2, 4, 11].map((register) => State.gpr + register * 8) as [
  number,
  number,
  number,
  number,
];
const [KERNEL_CODE_32, USER_CODE_32] = [0xc09b, 0xc0fb];
const KERNEL_CODE_64 = 0xa09b;
const EFER_SCE = 1;
/** What sysret takes from r11. */
const RETURNED_FLAGS = 0x3c_7fd7;

/** Flat segments, as these instructions load them without a look at the tables. */
function loadFlat(state: CpuState, selector: number, code: number, stack: number, level: 0 | 3): void {
  const flat = { base: 0n, limit: 0xffff_ffff };
  state.setSegment('ss', { ...flat, selector: (selector + 8) | level, attributes: stack });
  state.setSegment('cs', { ...flat, selector: selector | level, attributes: code });
  state.cpl = level;
}

const low32 = (state: CpuState, at: number) => state.get64(at) & 0xffff_ffffn;

function requireProtectedMode({ state }: SystemContext, ring0: boolean): void {
  // As AMD's processors, which is what CPUID says: not in IA-32e mode.
  if (state.longActive) throw new GuestFault(Vector.UD);
  const selector = state.get32(State.sysenterCs);
  if ((selector & 0xfffc) === 0 || (ring0 && state.cpl !== 0)) throw new GuestFault(Vector.GP);
}

const sysenter: SystemHandler = (context) => {
  const { state } = context;
  requireProtectedMode(context, false);
  writeFlags(state, readFlags(state) & ~(Flag.VM | Flag.IF | Flag.RF));
  loadFlat(state, state.get32(State.sysenterCs) & 0xfffc, KERNEL_CODE_32!, KERNEL_DATA, 0);
  state.set64(RSP, low32(state, State.sysenterEsp));
  state.instructionPointer = low32(state, State.sysenterEip);
  return Status.jumped;
};

const sysexit: SystemHandler = (context) => {
  const { state } = context;
  requireProtectedMode(context, true);
  loadFlat(state, (state.get32(State.sysenterCs) & 0xfffc) + 16, USER_CODE_32!, USER_DATA, 3);
  state.set64(RSP, low32(state, RCX));
  state.instructionPointer = low32(state, RDX);
  return Status.jumped;
};

const starSelector = (state: CpuState, shift: bigint) => Number((state.get64(State.star) >> shift) & 0xfffcn);

/** syscall from compatibility mode goes to CSTAR, that of protected mode to the lower half of STAR (AMD). */
const legacySyscall: SystemHandler = ({ state }, record) => {
  if ((state.get32(State.efer) & EFER_SCE) === 0) throw new GuestFault(Vector.UD);
  const flags = readFlags(state);
  advance(state, record);
  state.set64(RCX, state.instructionPointer);
  const selector = starSelector(state, 32n);
  if (state.longActive) {
    state.set64(R11, BigInt(flags & ~Flag.RF));
    writeFlags(state, flags & ~state.get32(State.fmask));
    loadFlat(state, selector, KERNEL_CODE_64, KERNEL_DATA, 0);
    state.instructionPointer = state.get64(State.cstar);
  } else {
    writeFlags(state, flags & ~(Flag.VM | Flag.IF | Flag.RF));
    loadFlat(state, selector, KERNEL_CODE_32!, KERNEL_DATA, 0);
    state.instructionPointer = low32(state, State.star);
  }
  return Status.jumped;
};

/** sysret without REX.W: to 32-bit code. */
const sysretShort: SystemHandler = (context) => {
  const { state } = context;
  if ((state.get32(State.efer) & EFER_SCE) === 0) throw new GuestFault(Vector.UD);
  if (state.cpl !== 0) throw new GuestFault(Vector.GP);
  const selector = starSelector(state, 48n);
  const offset = low32(state, RCX);
  if (state.longActive) writeFlags(state, Number(state.get64(R11) & BigInt(RETURNED_FLAGS)));
  else writeFlags(state, readFlags(state) | Flag.IF);
  loadFlat(state, selector, USER_CODE_32!, USER_DATA, 3);
  state.instructionPointer = offset;
  // As with sysret in 64-bit mode.
  const steps = state.longActive && state.get32(State.systemFlags) & Flag.TF;
  if (state.longActive) state.set32(State.singleStep, steps ? SINGLE_STEP_NOW : 0);
  return afterFlags(context);
};

export const fastCallHandlers = { sysenter, sysexit, legacySyscall, sysretShort };
