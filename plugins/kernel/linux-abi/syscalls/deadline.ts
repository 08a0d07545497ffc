import type { Context } from '../../contexts/context.js';
import type { Kernel } from '../../kernel.js';
import { threadOf } from '../process/thread.js';

/**
 * The moment a timed call ends: fixed at the first try, and kept when the call is made again after a signal without a
 * handler. Undefined: never.
 */
export function deadlineOf(
  kernel: Kernel,
  context: Context,
  delayNs: number | undefined,
): number | undefined {
  const { call } = context;
  const thread = threadOf(context);
  if (call?.scratch?.['untilNs'] !== undefined) return Number(call.scratch['untilNs']);
  const untilNs = delayNs === undefined ? undefined : (thread.restartUntilNs ?? kernel.nowNs() + delayNs);
  thread.restartUntilNs = undefined;
  thread.lastUntilNs = untilNs;
  if (call && untilNs !== undefined) call.scratch = { ...call.scratch, untilNs };
  return untilNs;
}
