import { OK } from './packet.js';
import type { Packet } from './packet.js';

/** `G VALUES` */
export const writeAllRegisters: Packet = {
  name: 'G',
  answer(session, rest) {
    session.registers.writeAll(session.threads.general, rest);
    return OK;
  },
};
