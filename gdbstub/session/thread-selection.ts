import { EINVAL, Refused } from '../packets/refused.js';
import type { Target, ThreadId, ThreadInfo } from '../target.js';

const ONLY: ThreadInfo = { id: 1 };

/** Which thread the packets mean. A target without threads has one, number 1. */
export class ThreadSelection {
  #general: ThreadId | undefined;
  #resuming: ThreadId | undefined;

  constructor(readonly target: Target) {}

  list(): readonly ThreadInfo[] {
    return this.target.threads?.list() ?? [ONLY];
  }

  get current(): ThreadId {
    return this.target.threads?.current ?? ONLY.id;
  }

  /** Whose registers and memory packets show: `Hg`. */
  get general(): ThreadId {
    return this.#general ?? this.current;
  }

  /** Whom the packets `c` and `s` move: `Hc`. */
  get resuming(): ThreadId {
    return this.#resuming ?? this.current;
  }

  isAlive(thread: ThreadId): boolean {
    return this.list().some(({ id }) => id === thread);
  }

  /** Undefined stands for any thread. @throws Refused when there is no such thread. */
  select(purpose: 'general' | 'resuming', thread: ThreadId | undefined): void {
    if (thread !== undefined && !this.isAlive(thread))
      throw new Refused(EINVAL, `there is no thread ${thread}`);
    if (purpose === 'general') this.#general = thread;
    else this.#resuming = thread;
  }

  /** After a stop packets mean the thread that stopped. */
  stoppedIn(thread: ThreadId): void {
    this.#general = thread;
    this.#resuming = undefined;
  }
}

/** A thread id of a packet: hex, or 0 or -1 for any. @throws Refused */
export function parseThread(text: string): ThreadId | undefined {
  if (text === '0' || text === '-1') return undefined;
  if (!/^0*[0-9a-fA-F]{1,8}$/.test(text)) throw new Refused(EINVAL, 'malformed thread id');
  return parseInt(text, 16);
}
