import { parseThread } from '../session/thread-selection.js';
import { OK } from './packet.js';
import type { Packet } from './packet.js';
import { EINVAL, Refused } from './refused.js';

/** `T THREAD` */
export const threadAlive: Packet = {
  name: 'T',
  answer(session, rest) {
    const thread = parseThread(rest);
    if (thread === undefined || !session.threads.isAlive(thread)) throw new Refused(EINVAL, 'no such thread');
    return OK;
  },
};
