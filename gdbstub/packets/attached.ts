import type { Packet } from './packet.js';

/** `qAttached`: 1, the machine was there before gdb, which therefore detaches when it quits. */
export const attached: Packet = {
  name: 'qAttached',
  answer: () => '1',
};
