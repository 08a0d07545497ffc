import { unescapeBinary } from '../framing/escape.js';
import { splitData, writeSpan } from './memory-access.js';
import { OK } from './packet.js';
import type { Packet } from './packet.js';

/** `X ADDR,LENGTH:BYTES`; gdb tries length 0 to see whether it is known. */
export const writeMemoryBinary: Packet = {
  name: 'X',
  answer(session, rest) {
    const [span, data] = splitData(rest);
    writeSpan(session, span, unescapeBinary(data));
    return OK;
  },
};
