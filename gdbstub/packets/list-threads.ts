import type { Session } from '../session/session.js';
import type { Packet } from './packet.js';

const AT_ONCE = 1000;

function nextThreads(session: Session): string {
  const ids = session.threadsToList.splice(0, AT_ONCE);
  return ids.length > 0 ? `m${ids.map((id) => id.toString(16)).join(',')}` : 'l';
}

/** `qfThreadInfo` and, for the rest, `qsThreadInfo` */
export const listThreads: readonly Packet[] = [
  {
    name: 'qfThreadInfo',
    answer(session) {
      session.threadsToList.splice(0, Infinity, ...session.threads.list().map(({ id }) => id));
      return nextThreads(session);
    },
  },
  { name: 'qsThreadInfo', answer: nextThreads },
];
