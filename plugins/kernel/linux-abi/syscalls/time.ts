import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { waitUntil } from '../../contexts/outcome.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { processCpuNs } from '../process/cpu-time.js';
import { processOf } from '../system.js';
import { deadlineOf } from './deadline.js';
import { decodeTimespec, encodeTimespec, encodeTimeval, TIMESPEC_BYTES } from './timespec.js';

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
  [Clock.PROCESS_CPU]: (kernel, context) => processCpuNs(kernel, processOf(context)),
  [Clock.THREAD_CPU]: (kernel, context) => {
    kernel.scheduler.charge();
    return context.cpuTimeNs;
  },
};

/** Clocks that stand still while their thread or process does. */
export const countsCpu = (clock: number): boolean =>
  clock === Clock.PROCESS_CPU || clock === Clock.THREAD_CPU;

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
