import type { Packet } from './packet.js';

/** `g` */
export const readAllRegisters: Packet = {
  name: 'g',
  answer: (session) => session.registers.readAll(session.threads.general),
};
