import { ControlBit } from '../control-bits.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { Field, State, Status } from '../layout.js';
import { isCanonical } from '../linear-memory.js';
import { Flag, readFlags, writeFlags } from '../rflags.js';
import type { Descriptor } from '../segments.js';
import { Attribute, UNUSABLE } from '../segments.js';
import type { SegmentName } from '../types.js';
import type { SystemContext, SystemHandler } from './context.js';
import { argument32, argument64 } from './operands.js';

const NAMES: readonly SegmentName[] = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const [AVAILABLE_TSS, BUSY_TSS, LDT, CALL_GATE] = [9, 11, 2, 12] as const;
/** Of 16 bits: not in IA-32e mode. */
const [SHORT_TSS, SHORT_BUSY_TSS, SHORT_CALL_GATE, TASK_GATE] = [1, 3, 4, 5] as const;

/** With operands of 16 bits, as the 80286 has it. */
const SHORT_BASE = 0xff_ffff;

const loadsTable =
  (base: number, limit: number): SystemHandler =>
  ({ state, memory }) => {
    const at = argument64(state, 0);
    const newLimit = memory.readNumber(at, 2);
    const newBase = state.isLong
      ? memory.read64(at + 2n)
      : BigInt(memory.readNumber(at + 2n, 4) & (argument32(state, 1) === 16 ? SHORT_BASE : -1)) &
        0xffff_ffffn;
    if (!isCanonical(newBase)) throw new GuestFault(Vector.GP);
    state.set64(base, newBase);
    state.set32(limit, newLimit);
    return Status.next;
  };

const storesTable =
  (base: number, limit: number): SystemHandler =>
  ({ state, memory }) => {
    const image = new DataView(new ArrayBuffer(10));
    image.setUint16(0, state.get32(limit), true);
    image.setBigUint64(2, state.get64(base), true);
    memory.write(argument64(state, 0), new Uint8Array(image.buffer, 0, state.isLong ? 10 : 6));
    return Status.next;
  };

const loadTask: SystemHandler = ({ state, segments }) => {
  const selector = argument32(state, 0);
  const types = state.longActive ? [AVAILABLE_TSS] : [AVAILABLE_TSS, SHORT_TSS];
  const descriptor = systemSegment(segments.systemDescriptor(selector), types);
  segments.mark(selector, 2);
  state.setSegment('tr', { ...descriptor, attributes: descriptor.attributes | 2 });
  return Status.next;
};

const loadLocal: SystemHandler = ({ state, segments }) => {
  const selector = argument32(state, 0);
  if ((selector & 0xfffc) === 0)
    state.setSegment('ldtr', { selector, base: 0n, limit: 0, attributes: UNUSABLE });
  else state.setSegment('ldtr', systemSegment(segments.systemDescriptor(selector), [LDT]));
  return Status.next;
};

function systemSegment(descriptor: Descriptor, types: readonly number[]): Descriptor {
  const code = descriptor.selector & 0xfffc;
  const inGdt = code !== 0 && (descriptor.selector & 4) === 0;
  if (!inGdt || !types.includes(descriptor.attributes & 0x1f)) throw new GuestFault(Vector.GP, code);
  if ((descriptor.attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, code);
  return descriptor;
}

/** Arguments: segment register, selector. */
const loadSegment: SystemHandler = ({ state, segments }) => {
  const name = NAMES[argument32(state, 0)];
  if (name === undefined || name === 'cs') throw new GuestFault(Vector.UD);
  segments.load(name, argument32(state, 1) & 0xffff);
  if (name === 'ss') {
    // Interrupts and debug exceptions wait for the next instruction, which so gets a slice of its own.
    state.set32(State.shadow, 2);
    state.set32(State.attention, 1);
  }
  return Status.next;
};

const invalidatePage: SystemHandler = ({ state }) => {
  state.tlb.invalidatePage(argument32(state, 0));
  return Status.next;
};

const Invalidate = { address: 0, context: 1, everything: 2, local: 3 } as const;
const CONTEXT_BITS = 0xfffn;

/**
 * invpcid; arguments: type, address of the descriptor. Translations are not told apart by context: forgetting more than was asked for is
 * allowed.
 */
const invalidateContext: SystemHandler = ({ state, memory }) => {
  const type = argument64(state, 0);
  const at = argument64(state, 1);
  const context = memory.read64(at);
  const linear = memory.read64(at + 8n);
  const named = type === BigInt(Invalidate.address) || type === BigInt(Invalidate.context);
  const enabled = (state.get32(State.cr4) & ControlBit.PCIDE) !== 0;
  if (type > BigInt(Invalidate.local) || (context & ~CONTEXT_BITS) !== 0n) throw new GuestFault(Vector.GP);
  if (named && !enabled && context !== 0n) throw new GuestFault(Vector.GP);
  if (type === BigInt(Invalidate.address)) {
    if (!isCanonical(linear)) throw new GuestFault(Vector.GP);
    state.tlb.invalidatePage(Number(linear & 0xffff_ffffn));
  } else if (type === BigInt(Invalidate.everything)) state.tlb.flush();
  else state.tlb.flushLocal();
  return Status.next;
};

const flushTranslations: SystemHandler = ({ state }) => {
  state.tlb.flush();
  return Status.next;
};

/** The descriptor that a program may ask about, or undefined. */
function visible({ state, segments }: SystemContext): Descriptor | undefined {
  const selector = argument32(state, 0) & 0xffff;
  if ((selector & 0xfffc) === 0) return undefined;
  try {
    const descriptor = segments.descriptor(selector);
    const conforming = (descriptor.attributes & 0x1c) === 0x1c;
    const reachable = conforming || (descriptor.dpl >= state.cpl && descriptor.dpl >= (selector & 3));
    return reachable ? descriptor : undefined;
  } catch (fault) {
    if (fault instanceof GuestFault && fault.vector === Vector.GP) return undefined;
    throw fault;
  }
}

function setZero({ state }: SystemContext, on: boolean): number {
  const flags = readFlags(state) & ~Flag.ZF;
  writeFlags(state, on ? flags | Flag.ZF : flags);
  return Status.next;
}

const verifies =
  (write: boolean): SystemHandler =>
  (context) => {
    const attributes = visible(context)?.attributes ?? 0;
    const isCode = (attributes & Attribute.code) !== 0;
    const allowed = write ? !isCode && (attributes & 2) !== 0 : !isCode || (attributes & 2) !== 0;
    return setZero(context, (attributes & Attribute.notSystem) !== 0 && allowed);
  };

/** Types that lar and lsl accept besides code and data: in IA-32e mode, and those that they accept elsewhere too. */
const LSL_TYPES: Types = { long: [LDT, AVAILABLE_TSS, BUSY_TSS], legacy: [SHORT_TSS, SHORT_BUSY_TSS] };
const LAR_TYPES: Types = {
  long: [...LSL_TYPES.long, CALL_GATE],
  legacy: [...LSL_TYPES.legacy, SHORT_CALL_GATE, TASK_GATE],
};

interface Types {
  readonly long: readonly number[];
  readonly legacy: readonly number[];
}

const loadsFrom =
  ({ long, legacy }: Types, valueOf: (descriptor: Descriptor) => number): SystemHandler =>
  (context, record) => {
    const descriptor = visible(context);
    const { state } = context;
    const accepts = (type: number) => long.includes(type) || (!state.longActive && legacy.includes(type));
    const fits =
      descriptor && ((descriptor.attributes & Attribute.notSystem) !== 0 || accepts(descriptor.type));
    if (!fits) return setZero(context, false);
    const at = state.u8[record + Field.reg]!;
    const value = valueOf(descriptor);
    if (argument32(state, 1) === 16) state.u16[at >> 1] = value;
    else state.set64(at, BigInt(value >>> 0));
    return setZero(context, true);
  };

export const tableHandlers = {
  loadGdt: loadsTable(State.gdtrBase, State.gdtrLimit),
  loadIdt: loadsTable(State.idtrBase, State.idtrLimit),
  storeGdt: storesTable(State.gdtrBase, State.gdtrLimit),
  storeIdt: storesTable(State.idtrBase, State.idtrLimit),
  loadTask,
  loadLocal,
  loadSegment,
  invalidatePage,
  invalidateContext,
  flushTranslations,
  verifyRead: verifies(false),
  verifyWrite: verifies(true),
  loadAccessRights: loadsFrom(LAR_TYPES, ({ attributes }) => (attributes & 0xf0ff) << 8),
  loadLimit: loadsFrom(LSL_TYPES, ({ limit }) => limit),
};
