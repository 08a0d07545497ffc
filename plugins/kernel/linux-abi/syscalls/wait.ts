import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitFor } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { LinuxProcess } from '../process/process.js';
import { childKey } from '../process/process-table.js';
import { encodeSiginfo } from '../signals/signal-frame.js';
import { Sig } from '../signals/signal-numbers.js';
import { processOf, systemOf } from '../system.js';
import { encodeRusage, RUSAGE_BYTES } from './usage.js';

/** linux/wait.h. */
const W = {
  NOHANG: 1,
  UNTRACED: 2,
  EXITED: 4,
  CONTINUED: 8,
  NOWAIT: 0x0100_0000,
  NOTHREAD: 0x2000_0000,
  ALL: 0x4000_0000,
  CLONE: 0x8000_0000,
} as const;
const WAIT4_OPTIONS = W.NOHANG | W.UNTRACED | W.CONTINUED | W.NOTHREAD | W.ALL | W.CLONE;
const WAITID_OPTIONS = WAIT4_OPTIONS | W.EXITED | W.NOWAIT;
const P = { ALL: 0, PID: 1, PGID: 2 } as const;
const CLD = { EXITED: 1, KILLED: 2, DUMPED: 3, STOPPED: 5, CONTINUED: 6 } as const;
const SIGINFO_BYTES = 128;

interface Event {
  readonly child: LinuxProcess;
  /** The status word of wait4. */
  readonly status: number;
  readonly code: number;
  readonly value: number;
  readonly ended: boolean;
}

export const wait4: Handler = (_kernel, context, target, statusPointer, options, usagePointer) => {
  if (options & ~WAIT4_OPTIONS) return -Errno.EINVAL;
  if (statusPointer !== 0) context.user.prepareWrite(statusPointer, 4);
  if (usagePointer !== 0) context.user.prepareWrite(usagePointer, RUSAGE_BYTES);
  const wanted = matcher(processOf(context), toI32(target));
  const event = nextEvent(context, wanted, options | W.EXITED);
  if (!('child' in event)) return event.outcome;
  if (statusPointer !== 0) context.user.write(statusPointer, i32(event.status));
  if (usagePointer !== 0) context.user.write(usagePointer, encodeRusage(event.child.cpuTimeNs));
  take(context, event);
  return event.child.pid;
};

export const waitid: Handler = (_kernel, context, kind, id, infoPointer, options, usagePointer) => {
  const chosen = { [P.ALL]: -1, [P.PID]: id, [P.PGID]: -id }[kind];
  if (chosen === undefined || options & ~WAITID_OPTIONS) return -Errno.EINVAL;
  if (!(options & (W.EXITED | W.UNTRACED | W.CONTINUED))) return -Errno.EINVAL;
  if (infoPointer !== 0) context.user.prepareWrite(infoPointer, SIGINFO_BYTES);
  if (usagePointer !== 0) context.user.prepareWrite(usagePointer, RUSAGE_BYTES);
  const wanted =
    kind === P.PGID && id === 0 ? matcher(processOf(context), 0) : matcher(processOf(context), chosen);
  const event = nextEvent(context, wanted, options);
  if (!('child' in event)) {
    // Nothing yet: si_signo and si_pid say so.
    if (event.outcome === 0 && infoPointer !== 0)
      context.user.write(infoPointer, new Uint8Array(SIGINFO_BYTES));
    return event.outcome;
  }
  const { pid, identity } = event.child;
  const info = { signal: Sig.CHLD, code: event.code, pid, uid: identity.uid, status: event.value };
  if (infoPointer !== 0) context.user.write(infoPointer, encodeSiginfo(info));
  if (usagePointer !== 0) context.user.write(usagePointer, encodeRusage(event.child.cpuTimeNs));
  if (!(options & W.NOWAIT)) take(context, event);
  return 0;
};

function matcher(parent: LinuxProcess, target: number): (child: LinuxProcess) => boolean {
  if (target > 0) return ({ pid }) => pid === target;
  if (target === -1) return () => true;
  const group = target === 0 ? parent.pgid : -target;
  return ({ pgid }) => pgid === group;
}

function nextEvent(
  context: Context,
  wanted: (child: LinuxProcess) => boolean,
  options: number,
): Event | { readonly outcome: Outcome } {
  const parent = processOf(context);
  const children = [...parent.children].filter((child) => wanted(child) && isOfKind(child, options));
  if (children.length === 0) return { outcome: -Errno.ECHILD };
  for (const child of children) {
    const event = eventOf(child, options);
    if (event) return event;
  }
  return { outcome: options & W.NOHANG ? 0 : waitFor(childKey(parent)) };
}

/** Children that tell their end by another signal than SIGCHLD are waited for only on demand. */
function isOfKind({ exitSignal }: LinuxProcess, options: number): boolean {
  if (options & W.ALL) return true;
  return (exitSignal !== Sig.CHLD) === ((options & W.CLONE) !== 0);
}

function eventOf(child: LinuxProcess, options: number): Event | undefined {
  const { status, report } = child;
  if (child.dead && status && options & W.EXITED) {
    if (status.kind === 'exited') {
      return {
        child,
        status: (status.code & 0xff) << 8,
        code: CLD.EXITED,
        value: status.code & 0xff,
        ended: true,
      };
    }
    const code = status.core ? CLD.DUMPED : CLD.KILLED;
    return {
      child,
      status: status.signal | (status.core ? 0x80 : 0),
      code,
      value: status.signal,
      ended: true,
    };
  }
  if (report?.kind === 'stopped' && options & W.UNTRACED) {
    return {
      child,
      status: 0x7f | (report.signal << 8),
      code: CLD.STOPPED,
      value: report.signal,
      ended: false,
    };
  }
  if (report?.kind === 'continued' && options & W.CONTINUED) {
    return { child, status: 0xffff, code: CLD.CONTINUED, value: Sig.CONT, ended: false };
  }
  return undefined;
}

function take(context: Context, { child, ended }: Event): void {
  if (ended) systemOf(context).table.reap(child);
  else child.report = undefined;
}

function i32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
