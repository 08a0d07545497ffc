import { GuestFault } from '../guest-fault.js';
import { Field, State } from '../layout.js';
import type { SystemOperation } from '../system-operations.js';
import type { SystemHandler } from './context.js';

/** Bytes that are no instruction; the record says which exception they deserve. */
const undefinedOpcode: SystemHandler = ({ state, log }, record) => {
  log(state.get64(State.rip));
  throw new GuestFault(state.get32(record + Field.immediate));
};

export const systemHandlers: Partial<Record<SystemOperation, SystemHandler>> = {
  undefined: undefinedOpcode,
};
