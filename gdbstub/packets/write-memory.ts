import { fromHex } from '../hex.js';
import { splitData, writeSpan } from './memory-access.js';
import { OK } from './packet.js';
import type { Packet } from './packet.js';

/** `M ADDR,LENGTH:HEX` */
export const writeMemory: Packet = {
  name: 'M',
  answer(session, rest) {
    const [span, data] = splitData(rest);
    writeSpan(session, span, fromHex(data));
    return OK;
  },
};
