import { GuestFault, Vector } from '../guest-fault.js';
import { Field, State } from '../layout.js';
import { SYSTEM_OPERATIONS } from '../system-operations.js';
import type { SystemOperation } from '../system-operations.js';
import { callHandlers } from './calls.js';
import type { SystemContext, SystemHandler } from './context.js';
import { cpuidHandlers } from './cpuid.js';
import { extendedStateHandlers } from './extended-state.js';
import { fpuHandlers } from './fpu.js';
import { farHandlers } from './far.js';
import { fastCallHandlers } from './fast-calls.js';
import { interruptHandlers } from './interrupts.js';
import { portHandlers } from './ports.js';
import { randomHandlers } from './random.js';
import { registerHandlers } from './registers.js';
import { returnHandlers } from './returns.js';
import { tableHandlers } from './tables.js';

/** Bytes that are no instruction; the record says which exception they deserve. */
const undefinedOpcode: SystemHandler = ({ state, reportUndefined }, record) => {
  reportUndefined(state.get64(State.rip));
  throw new GuestFault(state.get32(record + Field.immediate) || Vector.UD);
};

const handlers: Readonly<Record<SystemOperation, SystemHandler>> = {
  undefined: undefinedOpcode,
  ...callHandlers,
  ...cpuidHandlers,
  ...extendedStateHandlers,
  ...fpuHandlers,
  ...farHandlers,
  ...fastCallHandlers,
  ...interruptHandlers,
  ...returnHandlers,
  ...portHandlers,
  ...randomHandlers,
  ...registerHandlers,
  ...tableHandlers,
};

const byNumber = SYSTEM_OPERATIONS.map((operation) => handlers[operation]);

/** By its number in `SYSTEM_OPERATIONS`; answers a `Status`. May throw GuestFault. */
export const runSystemOperation = (context: SystemContext, operation: number, record: number): number =>
  byNumber[operation]!(context, record);
