import { stopReply } from '../session/stop-reply.js';
import type { Session } from '../session/session.js';
import { NO_ANSWER } from './packet.js';
import type { Answer, Packet } from './packet.js';
import { parseActions } from './resume-request.js';

function resume(session: Session, actions: string): Answer {
  const request = parseActions(actions, session.threads.resuming);
  if (!request) return stopReply(session, { kind: 'pause' });
  session.resume(request);
  return NO_ANSWER;
}

/** `vCont?` and `vCont;ACTION[:THREAD]...` */
export const resumeThreads: Packet = {
  name: 'vCont',
  supported: () => ['vContSupported+'],
  answer(session, rest) {
    if (rest !== '?') return resume(session, rest);
    return `vCont;c;C;s;S;t${session.target.run.canStepRange ? ';r' : ''}`;
  },
};
