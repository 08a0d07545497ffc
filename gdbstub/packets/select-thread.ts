import { parseThread } from '../session/thread-selection.js';
import { OK, UNSUPPORTED } from './packet.js';
import type { Packet } from './packet.js';

const PURPOSE = new Map([
  ['g', 'general'],
  ['c', 'resuming'],
] as const);

/** `Hg THREAD`, `Hc THREAD` */
export const selectThread: Packet = {
  name: 'H',
  answer(session, rest) {
    const purpose = PURPOSE.get(rest.charAt(0) as 'g' | 'c');
    if (!purpose) return UNSUPPORTED;
    session.threads.select(purpose, parseThread(rest.slice(1)));
    return OK;
  },
};
