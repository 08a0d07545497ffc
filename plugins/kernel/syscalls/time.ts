import { Errno } from '../../../core/abi/errno.js';
import { Clock } from '../../../core/abi/flags.js';
import { TimeSpec } from '../../../core/abi/structs.js';
import type { Context } from '../contexts/context.js';
import { waitUntil } from '../contexts/outcome.js';
import type { Handler } from '../gate/abi.js';
import type { Kernel } from '../kernel.js';

const NS_PER_S = 1_000_000_000;

/** Nanoseconds of a clock; undefined for one that does not exist. */
export function clockNs(kernel: Kernel, clock: number): number | undefined {
  if (clock === Clock.MONOTONIC) return kernel.nowNs();
  return clock === Clock.REALTIME ? kernel.parts.bootTimeNs + kernel.nowNs() : undefined;
}

export const encodeTime = (ns: number): Uint8Array =>
  TimeSpec.encode({ sec: Math.floor(ns / NS_PER_S), nsec: Math.floor(ns % NS_PER_S) });

/** Nanoseconds, or undefined where seconds are negative or nanoseconds no fraction. */
export function decodeTime(bytes: Uint8Array): number | undefined {
  const { sec, nsec } = TimeSpec.decode(bytes);
  const valid = sec >= 0 && nsec >= 0 && nsec < NS_PER_S;
  return valid ? sec * NS_PER_S + nsec : undefined;
}

export const clock_gettime: Handler = (kernel, context, clock, pointer) => {
  const ns = clockNs(kernel, clock);
  if (ns === undefined) return -Errno.EINVAL;
  context.user.write(pointer, encodeTime(ns));
  return 0;
};

export const nanosleep: Handler = (kernel, context, request, remaining) => {
  const { call } = context;
  if (!call) return -Errno.EINVAL;
  if (!call.scratch) {
    const ns = decodeTime(context.user.read(request, TimeSpec.sizeBytes));
    if (ns === undefined) return -Errno.EINVAL;
    if (remaining !== 0) context.user.prepareWrite(remaining, TimeSpec.sizeBytes);
    call.scratch = { untilNs: kernel.nowNs() + ns };
  }
  return sleepOn(kernel, context, Number(call.scratch['untilNs']), remaining);
};

function sleepOn(kernel: Kernel, context: Context, untilNs: number, remaining: number) {
  const leftNs = untilNs - kernel.nowNs();
  if (leftNs <= 0) return 0;
  if (!context.interrupted) return waitUntil(untilNs);
  if (remaining !== 0) context.user.write(remaining, encodeTime(leftNs));
  return -Errno.EINTR;
}

/** Gives way once: the first try switches away, the second comes back. */
export const yield_: Handler = (kernel, context) => {
  if (context.call?.scratch) return 0;
  if (context.call) context.call.scratch = { yielded: true };
  return waitUntil(kernel.nowNs());
};
