import { toHex } from '../hex.js';
import { readSpan } from './memory-access.js';
import type { Packet } from './packet.js';

/** `m ADDR,LENGTH`, both hex. */
export const readMemory: Packet = {
  name: 'm',
  answer: (session, rest) => toHex(readSpan(session, rest)),
};
