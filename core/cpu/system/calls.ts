import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import type { SystemHandler } from './context.js';
import { advance } from './operands.js';

/** Ring 0 only, as hypervisors answer it: a program must not reach what the kernel may ask. */
const hypercall: SystemHandler = ({ state, bus }, record) => {
  if (state.cpl !== 0) throw new GuestFault(Vector.UD);
  const { u32 } = state;
  const [low, high] = [u32[State.rip >> 2]!, u32[(State.rip >> 2) + 1]!];
  advance(state, record);
  if (bus.hypercall()) return Status.jumped;
  u32[State.rip >> 2] = low;
  u32[(State.rip >> 2) + 1] = high;
  throw new GuestFault(Vector.UD);
};

/** The tap sees rip behind the instruction and may move it. */
const syscallTap: SystemHandler = ({ state, bus }, record) => {
  const rip = state.get64(State.rip);
  advance(state, record);
  if (bus.syscall?.()) return Status.jumped;
  state.set64(State.rip, rip);
  return Status.next;
};

export const callHandlers = { hypercall, syscallTap };
