import { parseAddress, parseNumber } from '../hex.js';
import { parseThread } from '../session/thread-selection.js';
import type { AddressRange, ResumeRequest, ThreadId } from '../target.js';
import { EINVAL, Refused } from './refused.js';

interface Action {
  readonly verb: string;
  /** Undefined: every thread without an action of its own. */
  readonly thread: ThreadId | undefined;
  readonly range?: AddressRange;
  readonly signal?: number;
}

function parseRange(text: string): AddressRange {
  const [start, end] = text.split(',');
  return { start: parseAddress(start), end: parseAddress(end) };
}

function parseAction(text: string): Action {
  const [what = '', thread = '-1'] = text.split(':');
  const verb = what.charAt(0);
  if (!verb || !'cCsStr'.includes(verb)) throw new Refused(EINVAL, `no such action: ${what}`);
  return {
    verb: verb.toLowerCase(),
    thread: parseThread(thread),
    ...(verb === 'r' && { range: parseRange(what.slice(1)) }),
    ...('CS'.includes(verb) && { signal: parseNumber(what.slice(1)) }),
  };
}

const moves = (action: Action): boolean => action.verb !== 't';
const steps = (action: Action): boolean => action.verb === 's' || action.verb === 'r';

function stepOf(action: Action, fallback: ThreadId): NonNullable<ResumeRequest['step']> {
  return { thread: action.thread ?? fallback, ...(action.range && { range: action.range }) };
}

function signalsOf(actions: readonly Action[], fallback: ThreadId): ReadonlyMap<ThreadId, number> {
  const given = actions.flatMap(({ thread, signal }) =>
    signal ? [[thread ?? fallback, signal] as const] : [],
  );
  return new Map(given);
}

/** The only thread that may run, when the actions leave no room for another. */
function onlyOf(moving: readonly Action[]): ThreadId | undefined {
  const [first, second] = moving;
  return second === undefined ? first?.thread : undefined;
}

/**
 * `;ACTION[:THREAD]...` as one request; undefined when every action says stop. `fallback` is whom an action without a
 * thread means where only one can be meant. gdb steps one thread at a time. @throws Refused
 */
export function parseActions(text: string, fallback: ThreadId): ResumeRequest | undefined {
  const moving = text.split(';').slice(1).map(parseAction).filter(moves);
  if (moving.length === 0) return undefined;
  const stepping = moving.find(steps);
  const only = onlyOf(moving);
  return {
    ...(stepping && { step: stepOf(stepping, fallback) }),
    ...(only !== undefined && { only }),
    signals: signalsOf(moving, fallback),
  };
}
