import { defaultAction, LAST_SIGNAL } from './signal-numbers.js';

export const SIG_DFL = 0;
export const SIG_IGN = 1;

export const SaFlag = {
  NOCLDSTOP: 0x1,
  NOCLDWAIT: 0x2,
  SIGINFO: 0x4,
  RESTORER: 0x0400_0000,
  ONSTACK: 0x0800_0000,
  RESTART: 0x1000_0000,
  NODEFER: 0x4000_0000,
  RESETHAND: 0x8000_0000,
} as const;

/** What a process does with a signal. Addresses are user addresses. */
export interface SignalAction {
  readonly handler: number;
  readonly flags: number;
  readonly restorer: number;
  readonly mask: bigint;
}

export const DEFAULT_ACTION: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };

/** One for each signal; index 0 is unused. */
export const defaultActions = (): SignalAction[] =>
  Array.from({ length: LAST_SIGNAL + 1 }, () => DEFAULT_ACTION);

export function isIgnored({ handler }: SignalAction, signal: number): boolean {
  return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
}
