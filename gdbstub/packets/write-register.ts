import { parseNumber } from '../hex.js';
import { OK } from './packet.js';
import type { Packet } from './packet.js';

/** `P NUMBER=VALUE` */
export const writeRegister: Packet = {
  name: 'P',
  answer(session, rest) {
    const [number, value = ''] = rest.split('=');
    session.registers.writeOne(session.threads.general, parseNumber(number), value);
    return OK;
  },
};
