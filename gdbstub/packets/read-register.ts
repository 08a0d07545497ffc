import { parseNumber } from '../hex.js';
import type { Packet } from './packet.js';

/** `p NUMBER` */
export const readRegister: Packet = {
  name: 'p',
  answer: (session, rest) => session.registers.readOne(session.threads.general, parseNumber(rest)),
};
