import { NO_ANSWER, OK } from './packet.js';
import type { Packet } from './packet.js';

/** `vKill;PID`, and `k`, which has no answer. */
export const kill: readonly Packet[] = [
  {
    name: 'vKill',
    whileRunning: true,
    offered: (target) => target.kill !== undefined,
    answer(session) {
      session.output.send(OK);
      session.kill();
      session.output.close();
      return NO_ANSWER;
    },
  },
  {
    name: 'k',
    whileRunning: true,
    answer(session) {
      session.kill();
      session.output.close();
      return NO_ANSWER;
    },
  },
];
