import { textToHex } from '../hex.js';
import { parseThread } from '../session/thread-selection.js';
import type { Packet } from './packet.js';
import { EINVAL, Refused } from './refused.js';

/** `qThreadExtraInfo,THREAD`: name and state in one text. */
export const threadExtraInfo: Packet = {
  name: 'qThreadExtraInfo',
  offered: ({ threads }) => threads !== undefined,
  answer(session, rest) {
    const id = parseThread(rest.slice(1));
    const thread = session.threads.list().find((each) => each.id === id);
    if (!thread) throw new Refused(EINVAL, 'no such thread');
    return textToHex([thread.name, thread.state].filter(Boolean).join(': '));
  },
};
