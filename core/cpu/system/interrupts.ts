import { Attribute } from '../descriptors.js';
import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import { isCanonicalHigh } from '../linear-memory.js';
import { Flag, readFlags, writeFlags } from '../rflags.js';
import { isLongCode } from '../segments.js';
import type { Descriptor } from '../segments.js';
import type { SystemContext, SystemHandler } from './context.js';
import { checkedTarget, enter } from './far.js';
import { advance, argument32 } from './operands.js';
import {
  afterFlags,
  changeableFlags,
  dropSegments,
  legacyReturn,
  loadStack,
  markAccessed,
  outerStack,
  returnDescriptor,
} from './returns.js';

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

/** A word of 16, 32 or 64 bits as halves. */
interface Halves {
  readonly low: number;
  readonly high: number;
}

/** `count` words of `bytes` each from the top of the stack of 64-bit code. */
function popped({ memory, state }: SystemContext, bytes: number, count: number): Halves[] {
  if (!isCanonicalHigh(state.get32(RSP + 4))) throw new GuestFault(Vector.SS);
  const numbers = Array.from({ length: count }, (_, i) => i);
  if (bytes === 2) {
    const view = new DataView(memory.read(state.get64(RSP), bytes * count).buffer);
    return numbers.map((i) => ({ low: view.getUint16(i * bytes, true), high: 0 }));
  }
  const words = memory.load(RSP, 0, (bytes * count) / 4);
  if (bytes === 4) return numbers.map((i) => ({ low: words[i]!, high: 0 }));
  return numbers.map((i) => ({ low: words[i * 2]!, high: words[i * 2 + 1]! }));
}

function setHalves({ state }: SystemContext, at: number, { low, high }: Halves): void {
  state.set32(at, low);
  state.set32(at + 4, high);
}

/** Enters a code segment at `rip` on stack `rsp`; all checks come first. */
function returnTo(context: SystemContext, frame: { rip: Halves; cs: number; rsp: Halves; ss: number }): void {
  const { state } = context;
  const descriptor = returnDescriptor(context, frame.cs);
  const { base, limit, attributes } = descriptor;
  if (!isLongCode(descriptor) || (attributes & Attribute.present) === 0)
    return returnToLegacy(context, descriptor, frame);
  if (!isCanonicalHigh(frame.rip.high)) throw new GuestFault(Vector.GP);
  const rpl = frame.cs & 3;
  const outward = rpl > state.cpl;
  const stack = outerStack(context, frame.ss, rpl, descriptor);
  markAccessed(context, descriptor, stack);
  loadStack(state, frame.ss, stack);
  state.setSegment('cs', { base, limit, attributes, selector: frame.cs });
  setHalves(context, State.rip, frame.rip);
  setHalves(context, RSP, frame.rsp);
  state.cpl = rpl;
  if (outward) dropSegments(context, rpl);
}

/** From 64-bit to compatibility mode. */
function returnToLegacy(
  context: SystemContext,
  descriptor: Descriptor,
  { rip, cs, rsp, ss }: { rip: Halves; cs: number; rsp: Halves; ss: number },
): void {
  const { state } = context;
  const target = checkedTarget(context, descriptor, BigInt(rip.low));
  const level = cs & 3;
  const outward = level > state.cpl;
  const stack = outerStack(context, ss, level, descriptor);
  markAccessed(context, descriptor, stack);
  enter(context, target, level);
  loadStack(state, ss, stack);
  setHalves(context, RSP, rsp);
  if (outward) dropSegments(context, level);
}

const iret: SystemHandler = (context) => {
  const { state } = context;
  const wasBlocked = state.get32(State.nmiBlocked) !== 0;
  state.set32(State.nmiBlocked, 0);
  if (!state.isLong) {
    legacyReturn(context);
    return wasBlocked ? Status.leave : afterFlags(context);
  }
  if (state.get32(State.systemFlags) & Flag.NT) throw new GuestFault(Vector.GP);
  const bytes = argument32(state, 0) / 8;
  const [rip, cs, image, rsp, ss] = popped(context, bytes, 5) as [Halves, Halves, Halves, Halves, Halves];
  const { cpl } = state;
  const flags = state.get32(State.systemFlags);
  returnTo(context, { rip, cs: cs.low & 0xffff, rsp, ss: ss.low & 0xffff });
  let mask = changeableFlags(cpl, flags, bytes);
  // Nothing can tell RF while no debug register waits for an instruction.
  if (state.get32(State.debugArmed) === 0) mask &= ~Flag.RF;
  writeFlags(state, (readFlags(state) & ~mask) | (image.low & mask));
  return wasBlocked ? Status.leave : afterFlags(context);
};

const halt: SystemHandler = ({ state }, record) => {
  advance(state, record);
  state.set32(State.halted, 1);
  state.set32(State.shadow, 0);
  return Status.leave;
};

export const interruptHandlers = { interrupt, iret, halt };
