import { GuestFault, Vector } from '../guest-fault.js';
import { State, Status } from '../layout.js';
import type { PortSize } from '../types.js';
import type { SystemContext, SystemHandler } from './context.js';
import { argument32 } from './operands.js';

const BITMAP_POINTER = 0x66n;

/** CPL above IOPL: the bits of the task's I/O bitmap must be clear (manual volume 1, 19.5). */
function requirePermission({ state, memory }: SystemContext, port: number, bytes: number): void {
  if (state.cpl <= ((state.get32(State.systemFlags) >> 12) & 3)) return;
  const { base, limit } = state.segment('tr');
  if (limit < 0x67) throw new GuestFault(Vector.GP);
  const at = memory.readNumber(base + BITMAP_POINTER, 2, true) + (port >> 3);
  if (at + 1 > limit) throw new GuestFault(Vector.GP);
  const bits = memory.readNumber(base + BigInt(at), 2, true) >> (port & 7);
  if (bits & ((1 << bytes) - 1)) throw new GuestFault(Vector.GP);
}

/** A debug register may wait for the port; what it asks for comes behind the instruction. */
function notePort({ state, debug }: SystemContext, port: number, bytes: number): void {
  if (state.get32(State.debugArmed) === 0) return;
  debug.notePort(port, bytes);
  state.set32(State.attention, 1);
}

/** Arguments: port, bytes; the answer goes to the third. */
const portIn: SystemHandler = (context) => {
  const { state, bus } = context;
  const [port, bytes] = [argument32(state, 0) & 0xffff, argument32(state, 1) as PortSize];
  requirePermission(context, port, bytes);
  notePort(context, port, bytes);
  state.set32(State.scratch + 16, bus.portIn(port, bytes));
  state.set32(State.scratch + 20, 0);
  return Status.next;
};

/** Arguments: port, bytes, value. */
const portOut: SystemHandler = (context) => {
  const { state, bus } = context;
  const [port, bytes] = [argument32(state, 0) & 0xffff, argument32(state, 1) as PortSize];
  requirePermission(context, port, bytes);
  notePort(context, port, bytes);
  bus.portOut(port, bytes, argument32(state, 2));
  return Status.next;
};

export const portHandlers = { portIn, portOut };
