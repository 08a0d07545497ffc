import { Attribute, UNUSABLE } from '../descriptors.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import { isCanonical } from '../linear-memory.js';
import type { Descriptor } from '../segments.js';
import { isCode } from '../segments.js';
import { Stack } from '../stack.js';
import type { WordBytes } from '../stack.js';
import type { CpuState } from '../state.js';
import type { SystemContext, SystemHandler } from './context.js';
import { advance, argument32, argument64 } from './operands.js';

const RSP = State.gpr + 4 * 8;
const GATE_16 = 4;
const GATE_WIDE = 12;

interface FarPointer {
  readonly selector: number;
  readonly offset: bigint;
}

/** A code segment and where to enter it, all checked. */
interface Target {
  readonly descriptor: Descriptor;
  readonly offset: bigint;
}

interface Gate {
  readonly target: FarPointer;
  /** Size of what is pushed through it. */
  readonly bytes: WordBytes;
  readonly parameters: number;
}

const bytesOf = (sizeBits: number) => (sizeBits / 8) as WordBytes;

function pointerInMemory({ memory, state }: SystemContext): FarPointer {
  const bytes = bytesOf(argument32(state, 1));
  const at = argument64(state, 0);
  const offset = bytes === 8 ? memory.read64(at) : BigInt(memory.readNumber(at, bytes));
  return { offset, selector: memory.readNumber(at + BigInt(bytes), 2) };
}

const pointerInCode = ({ state }: SystemContext): FarPointer => ({
  offset: BigInt(argument32(state, 0)),
  selector: argument32(state, 2) & 0xffff,
});

/** Whether a segment is there, and not of 64 and 32 bits at once. */
export function checkPresent({ state }: SystemContext, { attributes, selector }: Descriptor): void {
  const long = state.longActive && (attributes & Attribute.long) !== 0;
  if (long && attributes & Attribute.default32) throw new GuestFault(Vector.GP, selector & 0xfffc);
  if ((attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, selector & 0xfffc);
}

/** #GP(0) for an offset that the segment does not hold. */
export function checkedOffset(
  { state }: SystemContext,
  { attributes, limit }: Descriptor,
  offset: bigint,
): bigint {
  const long = state.longActive && (attributes & Attribute.long) !== 0;
  if (long ? !isCanonical(offset) : offset > BigInt(limit)) throw new GuestFault(Vector.GP);
  return offset;
}

export function checkedTarget(context: SystemContext, descriptor: Descriptor, offset: bigint): Target {
  checkPresent(context, descriptor);
  return { descriptor, offset: checkedOffset(context, descriptor, offset) };
}

export function descriptorOf({ segments }: SystemContext, selector: number): Descriptor {
  if ((selector & 0xfffc) === 0) throw new GuestFault(Vector.GP);
  return segments.descriptor(selector);
}

/** The code that a far jump or call names itself. */
function directTarget(context: SystemContext, descriptor: Descriptor, offset: bigint): Target {
  const { cpl } = context.state;
  const { selector, attributes, dpl } = descriptor;
  const conforming = (attributes & Attribute.conforming) !== 0;
  const allowed = conforming ? dpl <= cpl : (selector & 3) <= cpl && dpl === cpl;
  if (!allowed) throw new GuestFault(Vector.GP, selector & 0xfffc);
  return checkedTarget(context, descriptor, offset);
}

/** Call gates of 16 and 32 bits, and those of IA-32e mode. Tasks are not built: #GP, as for every other type. */
function gateOf({ state, segments }: SystemContext, descriptor: Descriptor): Gate {
  const { selector, type, dpl, attributes } = descriptor;
  const code = selector & 0xfffc;
  const isGate = type === GATE_WIDE || (type === GATE_16 && !state.longActive);
  const reachable = dpl >= state.cpl && dpl >= (selector & 3);
  if ((attributes & Attribute.notSystem) !== 0 || !isGate || !reachable)
    throw new GuestFault(Vector.GP, code);
  if ((attributes & Attribute.present) === 0) throw new GuestFault(Vector.NP, code);
  const { words, extension } = segments.gateWords(selector);
  const [low, high] = words;
  const wide = type === GATE_WIDE;
  const offset = ((low & 0xffff) | (wide ? high & 0xffff_0000 : 0)) >>> 0;
  return {
    target: { selector: low >>> 16, offset: BigInt(offset) | (BigInt(extension) << 32n) },
    bytes: state.longActive ? 8 : wide ? 4 : 2,
    parameters: state.longActive ? 0 : high & 31,
  };
}

/** What a gate leads to; in IA-32e mode that has to be 64-bit code. */
function gateTarget(context: SystemContext, { target }: Gate, isJump: boolean): Target {
  const { state } = context;
  const descriptor = descriptorOf(context, target.selector);
  const { attributes, dpl } = descriptor;
  const conforming = (attributes & Attribute.conforming) !== 0;
  const allowed = isJump && !conforming ? dpl === state.cpl : dpl <= state.cpl;
  const long = !state.longActive || (attributes & Attribute.long) !== 0;
  if (!isCode(descriptor) || !allowed || !long) throw new GuestFault(Vector.GP, target.selector & 0xfffc);
  return checkedTarget(context, descriptor, target.offset);
}

/** The descriptor has been marked as accessed before. */
export function enter({ state }: SystemContext, { descriptor, offset }: Target, level: number): void {
  const { base, limit, attributes, selector } = descriptor;
  state.setSegment('cs', { base, limit, attributes, selector: (selector & 0xfffc) | level });
  state.cpl = level;
  state.instructionPointer = offset;
}

function jumpTo(context: SystemContext, { selector, offset }: FarPointer): number {
  const descriptor = descriptorOf(context, selector);
  const target = isCode(descriptor)
    ? directTarget(context, descriptor, offset)
    : gateTarget(context, gateOf(context, descriptor), true);
  context.segments.accessed(target.descriptor);
  enter(context, target, context.state.cpl);
  return Status.jumped;
}

/** Where a call returns to. */
function following(state: CpuState, record: number): bigint {
  const rip = state.get64(State.rip);
  advance(state, record);
  const next = state.instructionPointer;
  state.set64(State.rip, rip);
  return next;
}

function callTo(context: SystemContext, record: number, pointer: FarPointer, bytes: WordBytes): number {
  const { state, memory, segments } = context;
  const descriptor = descriptorOf(context, pointer.selector);
  const back = [BigInt(state.selector('cs')), following(state, record)];
  const gate = isCode(descriptor) ? undefined : gateOf(context, descriptor);
  const target = gate ? gateTarget(context, gate, false) : directTarget(context, descriptor, pointer.offset);
  const { attributes, dpl } = target.descriptor;
  segments.accessed(target.descriptor);
  if (gate && dpl < state.cpl && (attributes & Attribute.conforming) === 0) {
    callInner(context, gate, target, back);
    return Status.jumped;
  }
  const stack = Stack.current(state, memory);
  stack.push(gate ? gate.bytes : bytes, back);
  stack.load(state);
  enter(context, target, state.cpl);
  return Status.jumped;
}

function callInner(context: SystemContext, gate: Gate, target: Target, back: readonly bigint[]): void {
  const { state, memory, segments } = context;
  const level = target.descriptor.dpl;
  const old = [BigInt(state.selector('ss')), state.get64(RSP)];
  if (state.longActive) {
    const top = segments.innerStackLong(level);
    const stack = new Stack(memory, { segment: undefined, top, supervisor: true });
    stack.push(8, [...old, ...back]);
    state.setSegment('ss', { selector: level, base: 0n, limit: 0, attributes: UNUSABLE });
    enter(context, target, level);
    state.set64(RSP, stack.top);
    return;
  }
  const { segment, top } = segments.innerStack(level, 0);
  const copied = Stack.current(state, memory).pop(gate.bytes, gate.parameters).reverse();
  const faultCode = segment.selector & 0xfffc;
  const stack = new Stack(memory, { segment, top, supervisor: true, faultCode });
  stack.push(gate.bytes, [...old, ...copied, ...back]);
  state.setSegment('ss', segment);
  stack.load(state);
  enter(context, target, level);
}

const farJump: SystemHandler = (context) => jumpTo(context, pointerInMemory(context));
const farJumpDirect: SystemHandler = (context) => jumpTo(context, pointerInCode(context));

const farCall: SystemHandler = (context, record) =>
  callTo(context, record, pointerInMemory(context), bytesOf(argument32(context.state, 1)));
const farCallDirect: SystemHandler = (context, record) =>
  callTo(context, record, pointerInCode(context), bytesOf(argument32(context.state, 1)));

export const farHandlers = { farJump, farJumpDirect, farCall, farCallDirect };
