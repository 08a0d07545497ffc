import { HostError } from '../../core/errors/host-error.js';
import type { GuestConsole } from './session.js';

/** Text or pattern in what the guest prints, or anything that becomes true. */
export type Condition = string | RegExp | (() => unknown);

export interface UntilOptions {
  readonly timeoutS?: number;
}

export type Until = (condition: Condition, options?: UntilOptions) => Promise<string>;

const POLL_MS = 10;
const MAX_KEPT_CHARS = 65_536;

/**
 * `until('login:')` waits for what the guest prints from the last match on, and answers that text. `until(() => …)` waits
 * until the function answers something true. Rejects after `timeoutS` seconds (60).
 */
export function createUntil(console: GuestConsole | undefined): Until {
  let heard = '';
  const decoder = new TextDecoder();
  console?.onOutput(
    (bytes) => (heard = (heard + decoder.decode(bytes, { stream: true })).slice(-MAX_KEPT_CHARS)),
  );

  const take = (condition: Condition): string | undefined => {
    if (typeof condition === 'function') return condition() ? '' : undefined;
    const end = endOfMatch(heard, condition);
    if (end === undefined) return undefined;
    const text = heard.slice(0, end);
    heard = heard.slice(end);
    return text;
  };

  return async (condition, { timeoutS = 60 } = {}) => {
    const deadline = performance.now() + timeoutS * 1000;
    for (;;) {
      const text = take(condition);
      if (text !== undefined) return text;
      if (performance.now() > deadline) throw timedOut(condition, timeoutS);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
}

function endOfMatch(text: string, condition: string | RegExp): number | undefined {
  if (typeof condition === 'string') {
    const at = text.indexOf(condition);
    return at < 0 ? undefined : at + condition.length;
  }
  const match = condition.exec(text);
  return match ? match.index + match[0].length : undefined;
}

function timedOut(condition: Condition, timeoutS: number): HostError {
  const what =
    typeof condition === 'function'
      ? 'the condition did not come true'
      : `the guest did not print ${condition}`;
  return new HostError(
    'CONFIG',
    `${what} within ${timeoutS} s`,
    'give more time: until(…, { timeoutS: 300 })',
  );
}
