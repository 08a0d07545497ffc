import { NO_ANSWER, OK } from './packet.js';
import type { Packet } from './packet.js';

/** `D` */
export const detach: Packet = {
  name: 'D',
  whileRunning: true,
  answer(session) {
    session.detach();
    session.output.send(OK);
    session.output.close();
    return NO_ANSWER;
  },
};
