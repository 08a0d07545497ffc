import { Attribute, dplOf, UNUSABLE } from '../descriptors.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import { Flag, readFlags, STATUS_FLAGS, SYSTEM_FLAGS, writeFlags } from '../rflags.js';
import type { Descriptor } from '../segments.js';
import { isCode, isStackOf } from '../segments.js';
import { Stack } from '../stack.js';
import type { WordBytes } from '../stack.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import { checkedOffset, checkPresent, descriptorOf, enter } from './far.js';
import { argument32 } from './operands.js';

const DATA_SEGMENTS = ['es', 'ds', 'fs', 'gs'] as const;

interface Frame {
  readonly offset: bigint;
  readonly selector: number;
}

/** Status after a change of flags: TF, RF and a waiting interrupt want a look. */
export function afterFlags({ state }: SystemContext): number {
  const flags = state.get32(State.systemFlags);
  const waiting = (flags & Flag.IF) !== 0 && state.get32(State.interruptPending) !== 0;
  return waiting || (flags & (Flag.TF | Flag.RF)) !== 0 ? Status.leave : Status.jumped;
}

/** The code segment of a return, whose privilege is that of the selector. */
export function returnDescriptor(context: SystemContext, selector: number): Descriptor {
  const descriptor = descriptorOf(context, selector);
  const rpl = selector & 3;
  const conforming = (descriptor.attributes & Attribute.conforming) !== 0;
  const privileged = conforming ? descriptor.dpl <= rpl : descriptor.dpl === rpl;
  if (!isCode(descriptor) || rpl < context.state.cpl || !privileged)
    throw new GuestFault(Vector.GP, selector & 0xfffc);
  return descriptor;
}

/** Checks the stack segment of a return to another privilege; null is allowed below ring 3, for 64-bit code. */
export function outerStack(
  { segments, state }: SystemContext,
  selector: number,
  cpl: number,
  code: Descriptor,
): Descriptor | 'null' {
  if ((selector & 0xfffc) === 0) {
    const long = state.longActive && (code.attributes & Attribute.long) !== 0;
    if (!long || cpl === 3 || (selector & 3) !== cpl) throw new GuestFault(Vector.GP, 0);
    return 'null';
  }
  const descriptor = segments.descriptor(selector);
  if (!isStackOf(cpl, descriptor)) throw new GuestFault(Vector.GP, selector & 0xfffc);
  if ((descriptor.attributes & Attribute.present) === 0) throw new GuestFault(Vector.SS, selector & 0xfffc);
  return descriptor;
}

/** The code and stack segment of a return are about to be loaded. */
export function markAccessed(
  { segments }: SystemContext,
  code: Descriptor,
  stack: Descriptor | 'null',
): void {
  segments.accessed(code, ...(stack === 'null' ? [] : [stack]));
}

export function loadStack(state: CpuState, selector: number, descriptor: Descriptor | 'null'): void {
  if (descriptor !== 'null') state.setSegment('ss', descriptor);
  else state.setSegment('ss', { selector, base: 0n, limit: 0, attributes: UNUSABLE });
}

/** Data segments that the new privilege may not use become null (manual, IRET and RET). */
export function dropSegments({ state }: SystemContext, cpl: number): void {
  for (const name of DATA_SEGMENTS) {
    const attributes = state.attributes(name);
    const isConforming = (attributes & 0xc) === 0xc;
    if (dplOf(attributes) >= cpl || isConforming || attributes & UNUSABLE) continue;
    const { base } = state.segment(name);
    state.setSegment(name, { selector: 0, base, limit: 0, attributes: UNUSABLE });
  }
}

const frameOf = ([offset, selector]: readonly bigint[]): Frame => ({
  offset: offset!,
  selector: Number(selector! & 0xffffn),
});

/** To the same privilege on this stack, or to an outer one on the stack whose pointer follows on it. */
function returnTo(
  context: SystemContext,
  { offset, selector }: Frame,
  stack: Stack,
  bytes: WordBytes,
  dropped: number,
): void {
  const { state, memory } = context;
  const descriptor = returnDescriptor(context, selector);
  checkPresent(context, descriptor);
  const level = selector & 3;
  const outward = level > state.cpl;
  stack.drop(dropped);
  const target = () => ({ descriptor, offset: checkedOffset(context, descriptor, offset) });
  if (!outward) {
    const same = target();
    context.segments.accessed(descriptor);
    enter(context, same, level);
    stack.load(state);
    return;
  }
  const [top, ss] = stack.pop(bytes, 2) as [bigint, bigint];
  const stackSelector = Number(ss & 0xffffn);
  const segment = outerStack(context, stackSelector, level, descriptor);
  const outside = target();
  markAccessed(context, descriptor, segment);
  enter(context, outside, level);
  loadStack(state, stackSelector, segment);
  const long = state.isLong ? undefined : state.segment('ss');
  const outer = new Stack(memory, { segment: long, top, supervisor: level !== 3 });
  outer.drop(dropped);
  outer.load(state);
  dropSegments(context, level);
}

/** Arguments: operand size, bytes to drop. */
const farReturn: SystemHandler = (context) => {
  const { state, memory } = context;
  const bytes = (argument32(state, 0) / 8) as WordBytes;
  const stack = Stack.current(state, memory);
  const frame = frameOf(stack.pop(bytes, 2));
  returnTo(context, frame, stack, bytes, argument32(state, 1));
  return Status.jumped;
};

/** The rest of the flags that iret may change at a privilege. */
export function changeableFlags(cpl: number, flags: number, bytes: number): number {
  const iopl = (flags >> 12) & 3;
  let mask = STATUS_FLAGS | (SYSTEM_FLAGS & ~(Flag.IOPL | Flag.IF));
  if (cpl <= iopl) mask |= Flag.IF;
  if (cpl === 0) mask |= Flag.IOPL;
  return bytes === 2 ? mask & 0xffff : mask;
}

/** iret outside 64-bit mode: SS and the stack pointer only where the privilege changes. Tasks and virtual 8086 mode are not built. */
export function legacyReturn(context: SystemContext): void {
  const { state, memory } = context;
  if (state.get32(State.systemFlags) & Flag.NT) throw new GuestFault(Vector.GP);
  const bytes = (argument32(state, 0) / 8) as WordBytes;
  const { cpl } = state;
  const flags = readFlags(state);
  const stack = Stack.current(state, memory);
  const [offset, selector, image] = stack.pop(bytes, 3) as [bigint, bigint, bigint];
  if (bytes === 4 && cpl === 0 && Number(image) & Flag.VM) throw new GuestFault(Vector.GP);
  returnTo(context, frameOf([offset, selector]), stack, bytes, 0);
  let mask = changeableFlags(cpl, flags, bytes);
  if (state.get32(State.debugArmed) === 0) mask &= ~Flag.RF;
  writeFlags(state, (readFlags(state) & ~mask) | (Number(image) & mask));
}

export const returnHandlers = { farReturn };
