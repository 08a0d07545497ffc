import { SaFlag } from './signal-action.js';
import type { SignalAction } from './signal-action.js';

export const SYSCALL_INSTRUCTION_BYTES = 2;

/** Calls that end with EINTR whatever SA_RESTART says (signal(7)), by number. */
const NEVER: ReadonlySet<number> = new Set([
  7, 23, 34, 35, 65, 70, 128, 130, 206, 208, 220, 230, 232, 270, 271, 281, 297, 441,
]);
/** Those of them that Linux makes again when no handler ran: poll, nanosleep, select, clock_nanosleep. */
const AGAIN_WITHOUT_HANDLER: ReadonlySet<number> = new Set([7, 23, 35, 230, 270, 271]);

/** Whether an interrupted call stays interrupted. Without `action` no handler ran. */
export function notRestarted(number: number, action: SignalAction | undefined): boolean {
  if (!action) return NEVER.has(number) && !AGAIN_WITHOUT_HANDLER.has(number);
  return NEVER.has(number) || (action.flags & SaFlag.RESTART) === 0;
}
