import { stopReply } from '../session/stop-reply.js';
import type { Packet } from './packet.js';

/** `?`: why the target stands. */
export const stopReason: Packet = {
  name: '?',
  answer(session) {
    const { stop } = session;
    // A change of modules is no reason that a debugger who just arrived could know.
    return stopReply(session, stop.kind === 'modules' ? { kind: 'pause' } : stop);
  },
};
