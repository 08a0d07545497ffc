import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitUntil } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import type { LinuxProcess } from '../process/process.js';
import { Sig } from '../signals/signal-numbers.js';
import { processOf } from '../system.js';
import { deadlineOf } from './deadline.js';
import { decodeTimespec, decodeTimeval, encodeTimespec, encodeTimeval, TIMESPEC_BYTES } from './timespec.js';

/** linux/time.h. */
const Clock = {
  REALTIME: 0,
  MONOTONIC: 1,
  PROCESS_CPU: 2,
  THREAD_CPU: 3,
  MONOTONIC_RAW: 4,
  REALTIME_COARSE: 5,
  MONOTONIC_COARSE: 6,
  BOOTTIME: 7,
} as const;
const TIMER_ABSTIME = 1;
const ITIMER_REAL = 0;
const SI_KERNEL = 128;
const NS_PER_S = 1e9;

type ReadClock = (kernel: Kernel, context: Context) => number;
const monotonic: ReadClock = (kernel) => kernel.nowNs();
const realtime: ReadClock = (kernel) => kernel.parts.bootTimeNs + kernel.nowNs();

const clocks: Readonly<Record<number, ReadClock>> = {
  [Clock.REALTIME]: realtime,
  [Clock.REALTIME_COARSE]: realtime,
  [Clock.MONOTONIC]: monotonic,
  [Clock.MONOTONIC_RAW]: monotonic,
  [Clock.MONOTONIC_COARSE]: monotonic,
  [Clock.BOOTTIME]: monotonic,
  [Clock.PROCESS_CPU]: (kernel, context) => {
    kernel.scheduler.charge();
    const process = processOf(context);
    return (
      process.cpuTimeNs + [...process.threads.values()].reduce((sum, { cpuTimeNs }) => sum + cpuTimeNs, 0)
    );
  },
  [Clock.THREAD_CPU]: (kernel, context) => {
    kernel.scheduler.charge();
    return context.cpuTimeNs;
  },
};

/** Nanoseconds of a clock; undefined for one that does not exist. */
export const readClock = (kernel: Kernel, context: Context, clock: number): number | undefined =>
  clocks[clock]?.(kernel, context);

export const clock_gettime: Handler = (kernel, context, clock, pointer) => {
  const read = clocks[clock];
  if (!read) return -Errno.EINVAL;
  context.user.write(pointer, encodeTimespec(read(kernel, context)));
  return 0;
};

export const clock_getres: Handler = (_kernel, context, clock, pointer) => {
  if (!clocks[clock]) return -Errno.EINVAL;
  if (pointer !== 0) context.user.write(pointer, encodeTimespec(1));
  return 0;
};

/** The guest's time is the host's: nobody may set it. */
export const clock_settime: Handler = () => -Errno.EPERM;
export const settimeofday: Handler = () => -Errno.EPERM;

export const gettimeofday: Handler = (kernel, context, pointer, zonePointer) => {
  if (pointer !== 0) context.user.write(pointer, encodeTimeval(realtime(kernel, context)));
  if (zonePointer !== 0) context.user.write(zonePointer, new Uint8Array(8));
  return 0;
};

export const time: Handler = (kernel, context, pointer) => {
  const seconds = Math.floor(realtime(kernel, context) / NS_PER_S);
  if (pointer !== 0) context.user.write(pointer, encodeTimespec(seconds * NS_PER_S).subarray(0, 8));
  return seconds;
};

export const nanosleep: Handler = (kernel, context, request, remaining) =>
  sleep(kernel, context, { request, remaining, absolute: false, clock: Clock.MONOTONIC });

export const clock_nanosleep: Handler = (kernel, context, clock, flags, request, remaining) => {
  if (!clocks[clock] || clock === Clock.THREAD_CPU) return -Errno.EINVAL;
  return sleep(kernel, context, { request, remaining, absolute: (flags & TIMER_ABSTIME) !== 0, clock });
};

interface Sleep {
  readonly request: number;
  readonly remaining: number;
  readonly absolute: boolean;
  readonly clock: number;
}

function sleep(kernel: Kernel, context: Context, { request, remaining, absolute, clock }: Sleep): Outcome {
  const ns = decodeTimespec(context, request);
  if (ns === undefined) return -Errno.EINVAL;
  if (remaining !== 0 && !absolute) context.user.prepareWrite(remaining, TIMESPEC_BYTES);
  const delayNs = absolute ? ns - (clocks[clock]?.(kernel, context) ?? 0) : ns;
  const untilNs = deadlineOf(kernel, context, delayNs) ?? 0;
  const leftNs = untilNs - kernel.nowNs();
  if (leftNs <= 0) return 0;
  if (!context.interrupted) return waitUntil(untilNs);
  if (remaining !== 0 && !absolute) context.user.write(remaining, encodeTimespec(leftNs));
  return -Errno.EINTR;
}

export const alarm: Handler = (kernel, context, seconds) => {
  const { realTimer } = processOf(context);
  const leftNs = realTimer.cancel ? Math.max(1, realTimer.untilNs - kernel.nowNs()) : 0;
  arm(kernel, processOf(context), seconds * NS_PER_S, 0);
  return Math.ceil(leftNs / NS_PER_S);
};

export const setitimer: Handler = (kernel, context, which, pointer, oldPointer) => {
  if (which !== ITIMER_REAL) return -Errno.EINVAL;
  const intervalNs = pointer === 0 ? 0 : decodeTimeval(context, pointer);
  const valueNs = pointer === 0 ? 0 : decodeTimeval(context, pointer + 16);
  if (intervalNs === undefined || valueNs === undefined) return -Errno.EINVAL;
  if (oldPointer !== 0) context.user.write(oldPointer, encodeTimer(kernel, processOf(context)));
  arm(kernel, processOf(context), valueNs, intervalNs);
  return 0;
};

export const getitimer: Handler = (kernel, context, which, pointer) => {
  if (which !== ITIMER_REAL) return -Errno.EINVAL;
  context.user.write(pointer, encodeTimer(kernel, processOf(context)));
  return 0;
};

function encodeTimer(kernel: Kernel, { realTimer }: LinuxProcess): Uint8Array {
  const leftNs = realTimer.cancel ? Math.max(1000, realTimer.untilNs - kernel.nowNs()) : 0;
  return Buffer.concat([encodeTimeval(realTimer.intervalNs), encodeTimeval(leftNs)]);
}

function arm(kernel: Kernel, process: LinuxProcess, delayNs: number, intervalNs: number): void {
  const timer = process.realTimer;
  timer.cancel?.();
  timer.cancel = undefined;
  timer.intervalNs = intervalNs;
  if (delayNs <= 0) return;
  timer.untilNs = kernel.nowNs() + delayNs;
  kernel.timer.arm(timer.untilNs);
  timer.cancel = kernel.waits.at(timer.untilNs, () => {
    timer.cancel = undefined;
    process.system.table.sendToProcess(process, { signal: Sig.ALRM, code: SI_KERNEL });
    if (timer.intervalNs > 0) arm(kernel, process, timer.intervalNs, timer.intervalNs);
  });
}
