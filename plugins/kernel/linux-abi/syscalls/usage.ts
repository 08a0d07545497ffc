import { Errno } from '../../../../core/abi/errno.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import { processCpuNs } from '../process/cpu-time.js';
import { processOf } from '../system.js';

export const RUSAGE_BYTES = 144;
const NS_PER_S = 1e9;
const TICKS_PER_S = 100;
const Who = { SELF: 0, CHILDREN: -1, THREAD: 1 } as const;

/** struct rusage with all time counted as user time; what is not measured is zero. */
export function encodeRusage(cpuTimeNs: number): Uint8Array {
  const bytes = new Uint8Array(RUSAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(Math.floor(cpuTimeNs / NS_PER_S)), true);
  view.setBigInt64(8, BigInt(Math.floor((cpuTimeNs % NS_PER_S) / 1000)), true);
  return bytes;
}

export const getrusage: Handler = (kernel, context, who, pointer) => {
  const process = processOf(context);
  const ownNs = processCpuNs(kernel, process);
  const times: Record<number, number> = {
    [Who.SELF]: ownNs,
    [Who.CHILDREN]: process.childrenCpuTimeNs,
    [Who.THREAD]: context.cpuTimeNs,
  };
  const ns = times[toI32(who)];
  if (ns === undefined) return -Errno.EINVAL;
  context.user.write(pointer, encodeRusage(ns));
  return 0;
};

export const times: Handler = (kernel, context, pointer) => {
  const process = processOf(context);
  const ownNs = processCpuNs(kernel, process);
  const ticks = (ns: number) => BigInt(Math.floor((ns * TICKS_PER_S) / NS_PER_S));
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, ticks(ownNs), true);
  view.setBigInt64(16, ticks(process.childrenCpuTimeNs), true);
  if (pointer !== 0) context.user.write(pointer, bytes);
  return Number(ticks(kernel.nowNs()));
};
