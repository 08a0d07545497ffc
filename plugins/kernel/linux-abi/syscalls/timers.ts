import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { PosixTimer } from '../process/posix-timer.js';
import { isSignal, Sig } from '../signals/signal-numbers.js';
import type { SignalInfo } from '../signals/signal-queue.js';
import { processOf, systemOf } from '../system.js';
import { fail } from '../vfs/failure.js';
import { encodeTimerSetting, readTimerSetting, setTimer } from './event-files.js';
import { countsCpu, readClock } from './time.js';

const Notify = { SIGNAL: 0, NONE: 1, THREAD: 2, THREAD_ID: 4 } as const;
const EVENT_BYTES = 64;
const TIMER_ABSTIME = 1;
const MAX_TIMERS = 1024;

type Send = (info: Pick<SignalInfo, 'code'>) => void;

export const timer_create: Handler = (kernel, context, clock, eventPointer, idPointer) => {
  if (readClock(kernel, context, clock) === undefined) return -Errno.EINVAL;
  const { timers } = processOf(context);
  if (timers.size >= MAX_TIMERS) return -Errno.EAGAIN;
  const id = [...timers.keys()].reduce((next, used) => Math.max(next, used + 1), 0);
  context.user.prepareWrite(idPointer, 4);
  const send = notification(context, eventPointer, id);
  if (send === null) return -Errno.EINVAL;
  const now = countsCpu(clock) ? () => readClock(kernel, context, clock) ?? 0 : undefined;
  timers.set(id, new PosixTimer(kernel, clock, send, now));
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, id, true);
  context.user.write(idPointer, bytes);
  return 0;
};

/** What struct sigevent asks for: undefined for silence, null for what does not exist. */
function notification(context: Context, pointer: number, id: number): Send | undefined | null {
  const process = processOf(context);
  const { table } = systemOf(context);
  if (pointer === 0) return ({ code }) => table.sendToProcess(process, { signal: Sig.ALRM, code, value: id });
  const bytes = context.user.read(pointer, EVENT_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const value = Number(view.getBigInt64(0, true));
  const [signal, how, tid] = [view.getInt32(8, true), view.getInt32(12, true), view.getInt32(16, true)];
  if (how === Notify.NONE) return undefined;
  if (!isSignal(signal)) return null;
  if (how === Notify.SIGNAL || how === Notify.THREAD)
    return ({ code }) => table.sendToProcess(process, { signal, code, value });
  const target = table.threadContext(tid);
  if (how !== Notify.THREAD_ID || !target || processOf(target) !== process) return null;
  return ({ code }) => {
    if (target.state !== 'dead') table.sendToThread(target, { signal, code, value });
  };
}

function timerOf(context: Context, id: number): PosixTimer {
  return processOf(context).timers.get(toI32(id)) ?? fail(Errno.EINVAL);
}

export const timer_settime: Handler = (kernel, context, id, flags, pointer, oldPointer) => {
  const { timer, clock } = timerOf(context, id);
  const setting = readTimerSetting(context, pointer);
  if (!setting) return -Errno.EINVAL;
  if (oldPointer !== 0) context.user.write(oldPointer, encodeTimerSetting(timer));
  const now = (flags & TIMER_ABSTIME) === 0 ? undefined : (readClock(kernel, context, clock) ?? 0);
  setTimer(timer, setting, now);
  return 0;
};

export const timer_gettime: Handler = (_kernel, context, id, pointer) => {
  context.user.write(pointer, encodeTimerSetting(timerOf(context, id).timer));
  return 0;
};

export const timer_getoverrun: Handler = (_kernel, context, id) => timerOf(context, id).overrun;

export const timer_delete: Handler = (_kernel, context, id) => {
  timerOf(context, id).disarm();
  processOf(context).timers.delete(toI32(id));
  return 0;
};
