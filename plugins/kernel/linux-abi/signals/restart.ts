import { SaFlag } from './signal-action.js';
import type { SignalAction } from './signal-action.js';

export const SYSCALL_INSTRUCTION_BYTES = 2;

/** Calls that end with EINTR whatever SA_RESTART says (signal(7)), by number. */
const NEVER: ReadonlySet<number> = new Set([7, 23, 34, 35, 128, 130, 230, 232, 270, 271, 281, 441]);
/** Those of them that Linux makes again when no handler ran: poll, select, pause, nanosleep, sigsuspend, and kin. */
const AGAIN_WITHOUT_HANDLER: ReadonlySet<number> = new Set([7, 23, 34, 35, 130, 230, 270, 271]);
/** Calls whose time goes on while they are made again: those above with a timeout, and futex. */
const TIMED: ReadonlySet<number> = new Set([7, 23, 35, 202, 230, 270, 271]);

export const keepsDeadline = (number: number): boolean => TIMED.has(number);

/** Whether an interrupted call stays interrupted. Without `action` no handler ran. */
export function notRestarted(number: number, action: SignalAction | undefined): boolean {
  if (!action) return NEVER.has(number) && !AGAIN_WITHOUT_HANDLER.has(number);
  return NEVER.has(number) || (action.flags & SaFlag.RESTART) === 0;
}
