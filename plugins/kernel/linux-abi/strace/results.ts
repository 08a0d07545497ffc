import { errnoMessage } from '../../../../core/abi/errno-message.js';
import { Errno, errnoName } from '../../../../core/abi/errno.js';
import * as files from '../layouts/files.js';
import * as times from '../layouts/times.js';
import * as flags from './flags.js';
import { flagsText } from './flags.js';
import { bytesAt, hexText, int32 } from './kind.js';
import type { TracedCall } from './kind.js';
import { bitNumbers, octal, timespecText, timevalText } from './kinds.js';
import { fcntlResult } from './multiplexed.js';

type ResultText = (call: TracedCall) => string;

const address: ResultText = ({ result = 0 }) => hexText(result);
const argument = (call: TracedCall, at: number): bigint => call.args[at] ?? 0n;

function pollResult(call: TracedCall): string {
  const { result = 0 } = call;
  if (result === 0) return '0 (Timeout)';
  const count = int32(argument(call, 1));
  const bytes = bytesAt(argument(call, 0), count * files.pollfd.sizeBytes, call);
  if (!bytes) return String(result);
  const all = Array.from({ length: count }, (_, at) =>
    files.pollfd.decode(bytes, at * files.pollfd.sizeBytes),
  );
  const ready = all
    .filter(({ revents }) => revents !== 0)
    .map(({ fd, revents }) => `{fd=${fd}, revents=${flagsText(revents, flags.pollEvents, 'POLL')}}`);
  return `${result} ([${ready.join(', ')}])`;
}

/** What select left in its sets, and of its time. */
const selectResult =
  (timeOf: (call: TracedCall) => string | undefined): ResultText =>
  (call) => {
    const { result = 0 } = call;
    if (result === 0) return '0 (Timeout)';
    const count = int32(argument(call, 0));
    const sets = ['in', 'out', 'except'].flatMap((name, at) => {
      const text = argument(call, at + 1) === 0n ? '[]' : bitNumbers(argument(call, at + 1), count, call);
      return text === '[]' ? [] : [`${name} ${text}`];
    });
    const left = timeOf(call);
    return `${result} (${[...sets, ...(left ? [`left ${left}`] : [])].join(', ')})`;
  };

const leftTimeval = (call: TracedCall): string | undefined => {
  const bytes = bytesAt(argument(call, 4), 16, call);
  return bytes && timevalText(times.timeval.decode(bytes));
};
const leftTimespec = (call: TracedCall): string | undefined => {
  const bytes = bytesAt(argument(call, 4), 16, call);
  return bytes && timespecText(times.timespec.decode(bytes));
};

/** Calls whose result is no plain number. */
const results: Readonly<Record<string, ResultText>> = {
  brk: address,
  mmap: address,
  mremap: address,
  shmat: address,
  umask: ({ result = 0 }) => octal(result),
  fcntl: fcntlResult,
  poll: pollResult,
  ppoll: pollResult,
  select: selectResult(leftTimeval),
  pselect6: selectResult(leftTimespec),
};

/** Inside the kernel's own range: a call that a signal interrupted and that is made again. */
const restarts: Readonly<Record<number, string>> = {
  512: 'ERESTARTSYS (To be restarted if SA_RESTART is set)',
  513: 'ERESTARTNOINTR (To be restarted)',
  514: 'ERESTARTNOHAND (To be restarted if no handler)',
  516: 'ERESTART_RESTARTBLOCK (Interrupted by signal)',
};
const MAX_ERRNO = 4095;

const NO_HANDLER = new Set(['pause', 'rt_sigsuspend', 'select', 'pselect6', 'ppoll']);
const BY_BLOCK = new Set(['nanosleep', 'clock_nanosleep', 'poll', 'restart_syscall']);
const NEVER = new Set([
  'epoll_wait',
  'epoll_pwait',
  'epoll_pwait2',
  'rt_sigtimedwait',
  'semop',
  'semtimedop',
  'io_getevents',
]);

/** What Linux's own code answers for a call that a signal interrupts: EINTR, or one of `restarts`. */
export function restartOf(name: string): number {
  if (NEVER.has(name)) return Errno.EINTR;
  if (NO_HANDLER.has(name)) return 514;
  return BY_BLOCK.has(name) ? 516 : 512;
}

/** What stands behind `=`; `?` for a call that never ends. */
export function resultText(call: TracedCall): string {
  const { result, name } = call;
  if (result === undefined) return '?';
  if (result < 0 && result >= -MAX_ERRNO) {
    const restart = restarts[-result];
    return restart ? `? ${restart}` : `-1 ${errnoName(-result)} (${errnoMessage(-result)})`;
  }
  return results[name]?.(call) ?? String(result);
}
