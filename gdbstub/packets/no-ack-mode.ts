import { NO_ANSWER, OK } from './packet.js';
import type { Packet } from './packet.js';

/** `QStartNoAckMode`: TCP loses nothing, so acknowledging is a waste. */
export const noAckMode: Packet = {
  name: 'QStartNoAckMode',
  whileRunning: true,
  supported: () => ['QStartNoAckMode+'],
  answer(session) {
    session.output.send(OK);
    session.output.stopAcknowledging();
    return NO_ANSWER;
  },
};
