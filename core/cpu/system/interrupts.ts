import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import { isCanonical, isCanonicalHigh } from '../linear-memory.js';
import { Flag, readFlags, SYSTEM_FLAGS, STATUS_FLAGS, writeFlags } from '../rflags.js';
import type { Descriptor } from '../segments.js';
import { Attribute, UNUSABLE } from '../segments.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import { advance, argument32, argument64 } from './operands.js';

const RSP = State.gpr + 4 * 8;

/** Through the gate; arguments: vector, whether as if the processor had raised it, or as int n: the privilege must reach the gate. */
const interrupt: SystemHandler = ({ state, delivery }, record) => {
  const rip = state.get64(State.rip);
  advance(state, record);
  try {
    delivery.deliver(argument32(state, 0), undefined, argument32(state, 1) === 0 ? 'software' : 'trap');
    // TF went with the old flags, and the trap that it asked for too.
    state.set32(State.singleStep, 0);
  } catch (fault) {
    state.set64(State.rip, rip);
    throw fault;
  }
  return Status.jumped;
};

/** Status after a change of flags: TF, RF and a waiting interrupt want a look. */
function afterFlags({ state }: SystemContext): number {
  const flags = state.get32(State.systemFlags);
  const waiting = (flags & Flag.IF) !== 0 && state.get32(State.interruptPending) !== 0;
  return waiting || (flags & (Flag.TF | Flag.RF)) !== 0 ? Status.leave : Status.jumped;
}

function codeDescriptor({ segments, state }: SystemContext, selector: number): Descriptor {
  if ((selector & 0xfffc) === 0) throw new GuestFault(Vector.GP);
  const descriptor = segments.descriptor(selector);
  const code = selector & 0xfffc;
  const needed = Attribute.notSystem | Attribute.code;
  const rpl = selector & 3;
  const conforming = (descriptor.attributes & Attribute.conforming) !== 0;
  const privileged = conforming ? descriptor.dpl <= rpl : descriptor.dpl === rpl;
  if ((descriptor.attributes & needed) !== needed || rpl < state.cpl || !privileged)
    throw new GuestFault(Vector.GP, code);
  if ((descriptor.attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, code);
  // Compatibility mode is not built: a segment without L cannot run.
  if ((descriptor.attributes & Attribute.long) === 0) throw new GuestFault(Vector.GP, code);
  return descriptor;
}

/** Checks and loads SS for a return; null is allowed below ring 3. */
function loadStackSegment({ segments, state }: SystemContext, selector: number, cpl: number): void {
  if ((selector & 0xfffc) === 0) {
    if (cpl === 3 || (selector & 3) !== cpl) throw new GuestFault(Vector.GP, 0);
    state.setSegment('ss', { selector, base: 0n, limit: 0, attributes: UNUSABLE });
    return;
  }
  const descriptor = segments.descriptor(selector);
  const kind = Attribute.notSystem | Attribute.code | Attribute.writable;
  const writable = (descriptor.attributes & kind) === (Attribute.notSystem | Attribute.writable);
  if ((selector & 3) !== cpl || descriptor.dpl !== cpl || !writable)
    throw new GuestFault(Vector.GP, selector & 0xfffc);
  if ((descriptor.attributes & Attribute.present) === 0) throw new GuestFault(Vector.SS, selector & 0xfffc);
  state.setSegment('ss', descriptor);
}

/** Data segments that the new privilege may not use become null (manual, IRET and RET). */
function dropSegments({ state }: SystemContext, cpl: number): void {
  for (const name of DATA_SEGMENTS) {
    const attributes = state.attributes(name);
    const isConforming = (attributes & 0xc) === 0xc;
    if (((attributes >> 5) & 3) >= cpl || isConforming || attributes & UNUSABLE) continue;
    const { base } = state.segment(name);
    state.setSegment(name, { selector: 0, base, limit: 0, attributes: UNUSABLE });
  }
}

const DATA_SEGMENTS = ['es', 'ds', 'fs', 'gs'] as const;

/** A word of 16, 32 or 64 bits as halves. */
interface Halves {
  readonly low: number;
  readonly high: number;
}

/** `count` words of `bytes` each, the first at rsp plus `offset`. */
function popped({ memory, state }: SystemContext, offset: number, bytes: number, count: number): Halves[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  if (bytes === 2) {
    const view = new DataView(memory.read(state.get64(RSP) + BigInt(offset), bytes * count).buffer);
    return numbers.map((i) => ({ low: view.getUint16(i * bytes, true), high: 0 }));
  }
  const words = memory.load(RSP, offset, (bytes * count) / 4);
  if (bytes === 4) return numbers.map((i) => ({ low: words[i]!, high: 0 }));
  return numbers.map((i) => ({ low: words[i * 2]!, high: words[i * 2 + 1]! }));
}

function setHalves({ state }: SystemContext, at: number, { low, high }: Halves): void {
  state.set32(at, low);
  state.set32(at + 4, high);
}

/** Enters a code segment at `rip` on stack `rsp`; all checks come first. */
function returnTo(
  context: SystemContext,
  frame: { rip: Halves; cs: number; rsp: Halves; ss: number | undefined },
): void {
  const { state } = context;
  const { base, limit, attributes } = codeDescriptor(context, frame.cs);
  if (!isCanonicalHigh(frame.rip.high)) throw new GuestFault(Vector.GP);
  const rpl = frame.cs & 3;
  const outward = rpl > state.cpl;
  if (frame.ss !== undefined) loadStackSegment(context, frame.ss, rpl);
  state.setSegment('cs', { base, limit, attributes, selector: frame.cs });
  setHalves(context, State.rip, frame.rip);
  setHalves(context, RSP, frame.rsp);
  state.cpl = rpl;
  if (outward) dropSegments(context, rpl);
}

const iret: SystemHandler = (context) => {
  const { state } = context;
  const wasBlocked = state.get32(State.nmiBlocked) !== 0;
  state.set32(State.nmiBlocked, 0);
  if (state.get32(State.systemFlags) & Flag.NT) throw new GuestFault(Vector.GP);
  const bytes = argument32(state, 0) / 8;
  const [rip, cs, image, rsp, ss] = popped(context, 0, bytes, 5) as [Halves, Halves, Halves, Halves, Halves];
  const { cpl } = state;
  const iopl = (state.get32(State.systemFlags) >> 12) & 3;
  returnTo(context, { rip, cs: cs.low & 0xffff, rsp, ss: ss.low & 0xffff });
  let mask = STATUS_FLAGS | (SYSTEM_FLAGS & ~(Flag.IOPL | Flag.IF));
  if (cpl <= iopl) mask |= Flag.IF;
  if (cpl === 0) mask |= Flag.IOPL;
  if (bytes === 2) mask &= 0xffff;
  // Nothing can tell RF while no debug register waits for an instruction.
  if (state.get32(State.debugArmed) === 0) mask &= ~Flag.RF;
  writeFlags(state, (readFlags(state) & ~mask) | (image.low & mask));
  return wasBlocked ? Status.leave : afterFlags(context);
};

const farReturn: SystemHandler = (context) => {
  const { state } = context;
  const bytes = argument32(state, 0) / 8;
  const dropped = argument32(state, 1);
  const [rip, cs] = popped(context, 0, bytes, 2) as [Halves, Halves];
  const selector = cs.low & 0xffff;
  const after = bytes * 2 + dropped;
  if ((selector & 3) <= state.cpl) {
    returnTo(context, { rip, cs: selector, rsp: plus(stackPointer(state), after), ss: undefined });
    return Status.jumped;
  }
  const [rsp, ss] = popped(context, after, bytes, 2) as [Halves, Halves];
  returnTo(context, { rip, cs: selector, rsp: plus(rsp, dropped), ss: ss.low & 0xffff });
  return Status.jumped;
};

const stackPointer = ({ u32 }: CpuState): Halves => ({ low: u32[RSP >> 2]!, high: u32[(RSP >> 2) + 1]! });

function plus({ low, high }: Halves, small: number): Halves {
  const sum = low + small;
  return { low: sum, high: sum > 0xffff_ffff ? high + 1 : high };
}

/** Far pointer in memory: offset, then selector. Same privilege only; gates are not built. */
function farTarget(context: SystemContext) {
  const { state, memory, segments } = context;
  const bytes = argument32(state, 1) / 8;
  const at = argument64(state, 0);
  const offset = bytes === 8 ? memory.read64(at) : BigInt(memory.readNumber(at, bytes as 2 | 4));
  const selector = memory.readNumber(at + BigInt(bytes), 2);
  if ((selector & 0xfffc) === 0) throw new GuestFault(Vector.GP);
  const descriptor = segments.descriptor(selector);
  const needed = Attribute.notSystem | Attribute.code | Attribute.long;
  const reachable =
    descriptor.attributes & Attribute.conforming ? descriptor.dpl <= state.cpl : descriptor.dpl === state.cpl;
  if ((descriptor.attributes & needed) !== needed || !reachable)
    throw new GuestFault(Vector.GP, selector & 0xfffc);
  if ((descriptor.attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, selector & 0xfffc);
  if (!isCanonical(offset)) throw new GuestFault(Vector.GP);
  return { offset, descriptor: { ...descriptor, selector: (selector & 0xfffc) | state.cpl } };
}

const farJump: SystemHandler = (context) => {
  const { offset, descriptor } = farTarget(context);
  context.state.setSegment('cs', descriptor);
  context.state.set64(State.rip, offset);
  return Status.jumped;
};

const farCall: SystemHandler = (context, record) => {
  const { state, memory } = context;
  const { offset, descriptor } = farTarget(context);
  const bytes = argument32(state, 1) / 8;
  const rip = state.get64(State.rip);
  advance(state, record);
  const frame = new DataView(new ArrayBuffer(bytes * 2));
  frame.setUint16(bytes, state.segment('cs').selector, true);
  const next = state.get64(State.rip);
  state.set64(State.rip, rip);
  if (bytes === 8) frame.setBigUint64(0, next, true);
  else frame.setUint16(0, Number(next & 0xffffn), true);
  if (bytes === 4) frame.setUint32(0, Number(next & 0xffff_ffffn), true);
  const top = state.get64(RSP) - BigInt(bytes * 2);
  memory.write(top, new Uint8Array(frame.buffer));
  state.set64(RSP, BigInt.asUintN(64, top));
  state.setSegment('cs', descriptor);
  state.set64(State.rip, offset);
  return Status.jumped;
};

const halt: SystemHandler = ({ state }, record) => {
  advance(state, record);
  state.set32(State.halted, 1);
  state.set32(State.shadow, 0);
  return Status.leave;
};

export const interruptHandlers = { interrupt, iret, farReturn, farJump, farCall, halt };
