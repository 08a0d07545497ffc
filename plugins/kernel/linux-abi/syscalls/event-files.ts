import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32, toU32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { EventFile } from '../files/event-file.js';
import { openFileOf } from '../files/linux-files.js';
import type { OpenFile } from '../files/open-file.js';
import { SignalFile } from '../files/signal-file.js';
import { TimerFile } from '../files/timer-file.js';
import type { TickingTimer } from '../process/ticking-timer.js';
import { UNBLOCKABLE } from '../signals/signal-numbers.js';
import { systemOf } from '../system.js';
import { fail } from '../vfs/failure.js';
import { Open } from '../vfs/flags.js';
import { installFile } from './open.js';
import { readSet } from './signals.js';
import { readClock } from './time.js';
import { decodeTimespec, encodeTimespec, TIMESPEC_BYTES } from './timespec.js';

const EFD_SEMAPHORE = 1;
const COMMON = Open.CLOEXEC | Open.NONBLOCK;
const TFD_ABSTIME = 1;
const TFD_CANCEL_ON_SET = 2;

function install(context: Context, file: OpenFile, flags: number): number {
  const description = systemOf(context).files.open(file, Open.RDWR | (flags & Open.NONBLOCK));
  return installFile(context, description, (flags & Open.CLOEXEC) !== 0);
}

export const eventfd: Handler = (kernel, context, count) => eventfd2(kernel, context, count, 0);

export const eventfd2: Handler = (_kernel, context, count, flags = 0) => {
  if (flags & ~(COMMON | EFD_SEMAPHORE)) return -Errno.EINVAL;
  const semaphore = (flags & EFD_SEMAPHORE) !== 0;
  return install(context, new EventFile(systemOf(context).nextId(), BigInt(toU32(count)), semaphore), flags);
};

export const signalfd: Handler = (kernel, context, fd, pointer, size) =>
  signalfd4(kernel, context, fd, pointer, size, 0);

export const signalfd4: Handler = (_kernel, context, fd, pointer, size, flags = 0) => {
  if (flags & ~COMMON || size !== 8) return -Errno.EINVAL;
  const mask = readSet(context, pointer) & ~UNBLOCKABLE;
  if (toI32(fd) === -1) return install(context, new SignalFile(mask), flags);
  const { file } = openFileOf(context, fd);
  if (!(file instanceof SignalFile)) return -Errno.EINVAL;
  file.mask = mask;
  return fd;
};

export const timerfd_create: Handler = (kernel, context, clock, flags) => {
  if (flags & ~COMMON || readClock(kernel, context, clock) === undefined) return -Errno.EINVAL;
  return install(context, new TimerFile(kernel, systemOf(context).nextId(), clock), flags);
};

function timerOf(context: Context, fd: number): TimerFile {
  const { file } = openFileOf(context, fd);
  return file instanceof TimerFile ? file : fail(Errno.EINVAL);
}

export const timerfd_settime: Handler = (kernel, context, fd, flags, pointer, oldPointer) => {
  const { timer, clock } = timerOf(context, fd);
  if (flags & ~(TFD_ABSTIME | TFD_CANCEL_ON_SET)) return -Errno.EINVAL;
  const setting = readTimerSetting(context, pointer);
  if (!setting) return -Errno.EINVAL;
  if (oldPointer !== 0) context.user.write(oldPointer, encodeTimerSetting(timer));
  const now = (flags & TFD_ABSTIME) === 0 ? undefined : (readClock(kernel, context, clock) ?? 0);
  setTimer(timer, setting, now);
  return 0;
};

export const timerfd_gettime: Handler = (_kernel, context, fd, pointer) => {
  context.user.write(pointer, encodeTimerSetting(timerOf(context, fd).timer));
  return 0;
};

export interface TimerSetting {
  readonly valueNs: number;
  readonly intervalNs: number;
}

/** struct itimerspec; undefined for what is no time. */
export function readTimerSetting(context: Context, pointer: number): TimerSetting | undefined {
  const intervalNs = decodeTimespec(context, pointer);
  const valueNs = decodeTimespec(context, pointer + TIMESPEC_BYTES);
  return intervalNs === undefined || valueNs === undefined ? undefined : { intervalNs, valueNs };
}

export const encodeTimerSetting = (timer: TickingTimer): Uint8Array =>
  Buffer.concat([encodeTimespec(timer.intervalNs), encodeTimespec(timer.leftNs)]);

/** `clockNow` is what the timer's clock shows, where the value is a time on it rather than a delay. */
export function setTimer(
  timer: TickingTimer,
  { valueNs, intervalNs }: TimerSetting,
  clockNow: number | undefined,
): void {
  if (valueNs === 0) return timer.disarm();
  timer.armIn(valueNs - (clockNow ?? 0), intervalNs);
}
