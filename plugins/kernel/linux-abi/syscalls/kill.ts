import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { LinuxProcess } from '../process/process.js';
import { isSignal, Sig } from '../signals/signal-numbers.js';
import type { SignalInfo } from '../signals/signal-queue.js';
import { processOf, systemOf } from '../system.js';

const SI_USER = 0;
const SI_TKILL = -6;
const SIGINFO_BYTES = 128;

export const kill: Handler = (_kernel, context, target, signal) => {
  const pid = toI32(target);
  if (signal !== 0 && !isSignal(signal)) return -Errno.EINVAL;
  const targets = targetsOf(context, pid);
  if (targets.length === 0) return -Errno.ESRCH;
  const allowed = targets.filter((process) => maySignal(processOf(context), process, signal));
  if (allowed.length === 0) return -Errno.EPERM;
  const { table } = systemOf(context);
  if (signal !== 0)
    for (const process of allowed) table.sendToProcess(process, from(context, signal, SI_USER));
  return 0;
};

function targetsOf(context: Context, pid: number): LinuxProcess[] {
  const { table } = systemOf(context);
  const alive = [...table.processes.values()];
  if (pid > 0) return alive.filter((process) => process.pid === pid);
  const self = processOf(context);
  if (pid === -1) return alive.filter((process) => process !== self && process.pid !== 1);
  return table.group(pid === 0 ? self.pgid : -pid);
}

function maySignal(sender: LinuxProcess, target: LinuxProcess, signal: number): boolean {
  const { euid, uid } = sender.identity;
  const own = [target.identity.uid, target.identity.suid];
  return (
    euid === 0 ||
    own.includes(euid) ||
    own.includes(uid) ||
    (signal === Sig.CONT && sender.sid === target.sid)
  );
}

const from = (context: Context, signal: number, code: number): SignalInfo => ({
  signal,
  code,
  pid: processOf(context).pid,
  uid: processOf(context).identity.uid,
});

export const tgkill: Handler = (_kernel, context, tgid, tid, signal) => {
  if (toI32(tgid) <= 0) return -Errno.EINVAL;
  return sendToThread(context, toI32(tid), signal, toI32(tgid));
};

export const tkill: Handler = (_kernel, context, tid, signal) => sendToThread(context, toI32(tid), signal);

function sendToThread(
  context: Context,
  tid: number,
  signal: number,
  tgid?: number,
  info = from(context, signal, SI_TKILL),
): number {
  if (tid <= 0 || (signal !== 0 && !isSignal(signal))) return -Errno.EINVAL;
  const { table } = systemOf(context);
  const target = table.threadContext(tid);
  if (!target || (tgid !== undefined && processOf(target).pid !== tgid)) return -Errno.ESRCH;
  if (!maySignal(processOf(context), processOf(target), signal)) return -Errno.EPERM;
  if (signal !== 0) table.sendToThread(target, info);
  return 0;
}

/** sigqueue(3): the sender writes siginfo itself, but may not pretend to be the kernel or somebody's kill. */
export const rt_sigqueueinfo: Handler = (_kernel, context, pid, signal, pointer) => {
  const info = readInfo(context, signal, pointer);
  const target = systemOf(context).table.processes.get(toI32(pid));
  if (signal !== 0 && !isSignal(signal)) return -Errno.EINVAL;
  if (!target) return -Errno.ESRCH;
  if (target !== processOf(context) && isReserved(info)) return -Errno.EPERM;
  if (!maySignal(processOf(context), target, signal)) return -Errno.EPERM;
  if (signal !== 0) systemOf(context).table.sendToProcess(target, info);
  return 0;
};

export const rt_tgsigqueueinfo: Handler = (_kernel, context, tgid, tid, signal, pointer) => {
  const info = readInfo(context, signal, pointer);
  if (toI32(tgid) !== processOf(context).pid && isReserved(info)) return -Errno.EPERM;
  return sendToThread(context, toI32(tid), signal, toI32(tgid), info);
};

const isReserved = ({ code }: SignalInfo): boolean => code >= 0 || code === SI_TKILL;

function readInfo(context: Context, signal: number, pointer: number): SignalInfo {
  const bytes = context.user.read(pointer, SIGINFO_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [code, pid, uid] = [view.getInt32(8, true), view.getInt32(16, true), view.getUint32(20, true)];
  return { signal, code, pid, uid, value: Number(view.getBigInt64(24, true)) };
}
