import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import { isCanonical } from '../linear-memory.js';
import { Flag, readFlags, SYSTEM_FLAGS, STATUS_FLAGS, writeFlags } from '../rflags.js';
import type { Descriptor } from '../segments.js';
import { Attribute, UNUSABLE } from '../segments.js';
import type { SystemContext, SystemHandler } from './context.js';
import { advance, argument32, argument64 } from './operands.js';

const RSP = State.gpr + 4 * 8;

/** int n: through the gate, which the privilege must reach. */
const interrupt: SystemHandler = ({ state, delivery }, record) => {
  const rip = state.get64(State.rip);
  advance(state, record);
  try {
    delivery.deliver(argument32(state, 0), undefined, 'software');
  } catch (fault) {
    state.set64(State.rip, rip);
    throw fault;
  }
  return Status.jumped;
};

/** Status after a change of flags: TF and a waiting interrupt want a look. */
function afterFlags({ state }: SystemContext): number {
  const flags = state.get32(State.systemFlags);
  const waiting = (flags & Flag.IF) !== 0 && state.get32(State.interruptPending) !== 0;
  return waiting || (flags & Flag.TF) !== 0 ? Status.leave : Status.jumped;
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
  for (const name of ['es', 'ds', 'fs', 'gs'] as const) {
    const { attributes, base } = state.segment(name);
    const isConforming = (attributes & 0xc) === 0xc;
    if (((attributes >> 5) & 3) >= cpl || isConforming || attributes & UNUSABLE) continue;
    state.setSegment(name, { selector: 0, base, limit: 0, attributes: UNUSABLE });
  }
}

const READERS = { 2: 'getUint16', 4: 'getUint32' } as const;

function readWords({ memory }: SystemContext, at: bigint, bytes: number, count: number): bigint[] {
  const data = memory.read(at, bytes * count);
  const view = new DataView(data.buffer);
  return Array.from({ length: count }, (_, i) =>
    bytes === 8 ? view.getBigUint64(i * 8, true) : BigInt(view[READERS[bytes as 2 | 4]](i * bytes, true)),
  );
}

/** Enters a code segment at `rip` on stack `rsp`; all checks come first. */
function returnTo(
  context: SystemContext,
  frame: { rip: bigint; cs: number; rsp: bigint; ss: number | undefined },
): void {
  const { state } = context;
  const descriptor = codeDescriptor(context, frame.cs);
  if (!isCanonical(frame.rip)) throw new GuestFault(Vector.GP);
  const rpl = frame.cs & 3;
  const outward = rpl > state.cpl;
  if (frame.ss !== undefined) loadStackSegment(context, frame.ss, rpl);
  state.setSegment('cs', { ...descriptor, selector: frame.cs });
  state.set64(State.rip, frame.rip);
  state.set64(RSP, frame.rsp);
  state.cpl = rpl;
  if (outward) dropSegments(context, rpl);
}

const iret: SystemHandler = (context) => {
  const { state } = context;
  if (state.get32(State.systemFlags) & Flag.NT) throw new GuestFault(Vector.GP);
  const bytes = argument32(state, 0) / 8;
  const [rip, cs, image, rsp, ss] = readWords(context, state.get64(RSP), bytes, 5) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const { cpl } = state;
  const iopl = (state.get32(State.systemFlags) >> 12) & 3;
  returnTo(context, { rip, cs: Number(cs & 0xffffn), rsp, ss: Number(ss & 0xffffn) });
  let mask = STATUS_FLAGS | (SYSTEM_FLAGS & ~(Flag.IOPL | Flag.IF));
  if (cpl <= iopl) mask |= Flag.IF;
  if (cpl === 0) mask |= Flag.IOPL;
  if (bytes === 2) mask &= 0xffff;
  writeFlags(state, (readFlags(state) & ~mask) | (Number(image & 0xffff_ffffn) & mask));
  return afterFlags(context);
};

const farReturn: SystemHandler = (context) => {
  const { state } = context;
  const bytes = argument32(state, 0) / 8;
  const dropped = argument64(state, 1);
  const [rip, cs] = readWords(context, state.get64(RSP), bytes, 2) as [bigint, bigint];
  const selector = Number(cs & 0xffffn);
  const outward = (selector & 3) > state.cpl;
  const after = state.get64(RSP) + BigInt(bytes * 2) + dropped;
  if (!outward) {
    returnTo(context, { rip, cs: selector, rsp: after, ss: undefined });
    return Status.jumped;
  }
  const [rsp, ss] = readWords(context, after, bytes, 2) as [bigint, bigint];
  returnTo(context, { rip, cs: selector, rsp: rsp + dropped, ss: Number(ss & 0xffffn) });
  return Status.jumped;
};

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
