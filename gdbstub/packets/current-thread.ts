import type { Packet } from './packet.js';

/** `qC` */
export const currentThread: Packet = {
  name: 'qC',
  answer: (session) => `QC${session.threads.general.toString(16)}`,
};
