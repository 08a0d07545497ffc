/**
 * What a handler answers: a result (zero or more), a negated errno, or a wait. A handler never blocks: on a wait the
 * landing pad blocks in guest code and makes the same call again once the context is woken.
 */
export type Outcome = number | Wait | typeof AGAIN;

/** Plain data: what a blocked context waits for. Keys name wait queues; the deadline is monotonic nanoseconds. */
export interface Wait {
  readonly keys: readonly string[];
  readonly deadlineNs?: number | undefined;
  /**
   * What a signal does. Left out: the call ends with EINTR. `retry`: the handler is asked again and decides itself.
   * `ignore`: nothing, a server must still answer.
   */
  readonly onSignal?: 'retry' | 'ignore';
}

/** More to do: the pad opens an interrupt window and calls again. */
export const AGAIN = Symbol('again');

export const waitFor = (...keys: string[]): Wait => ({ keys });
export const waitUntil = (deadlineNs: number, ...keys: string[]): Wait => ({ keys, deadlineNs });
export const failed = (errno: number): number => -errno;

export type Woken = 'event' | 'deadline' | 'signal';
