import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { Identity, LinuxProcess } from '../process/process.js';
import { processOf, systemOf } from '../system.js';
import { encodeTimespec } from './timespec.js';

const NORMAL_PRIORITY = 20;
const Which = { PROCESS: 0, PGRP: 1, USER: 2 } as const;

/** Threads that a (which, who) of getpriority(2) names; undefined: no such kind. */
function threadsOf(context: Context, which: number, who: number): Context[] | undefined {
  const self = processOf(context);
  const { table } = systemOf(context);
  const threads = (of: LinuxProcess[]) => of.flatMap((process) => [...process.threads.values()]);
  const all = [...table.processes.values()];
  if (which === Which.PROCESS) return who === 0 ? [context] : threads(all.filter(({ pid }) => pid === who));
  if (which === Which.PGRP) return threads(table.group(who === 0 ? self.pgid : who));
  if (which !== Which.USER) return undefined;
  return threads(all.filter(({ identity }) => identity.uid === (who === 0 ? self.identity.uid : who)));
}

/** The call answers 20 - nice, so that no result looks like an error. */
export const getpriority: Handler = (_kernel, context, which, who) => {
  const threads = threadsOf(context, which, toI32(who));
  if (!threads) return -Errno.EINVAL;
  if (threads.length === 0) return -Errno.ESRCH;
  return 2 * NORMAL_PRIORITY - Math.min(...threads.map(({ attributes }) => attributes.priority));
};

export const setpriority: Handler = (_kernel, context, which, who, nice) => {
  const threads = threadsOf(context, which, toI32(who));
  if (!threads) return -Errno.EINVAL;
  if (threads.length === 0) return -Errno.ESRCH;
  const mine = processOf(context).identity;
  const foreign = threads.some((thread) => !ownedBy(processOf(thread), mine));
  if (foreign) return -Errno.EPERM;
  const wanted = NORMAL_PRIORITY + Math.max(-20, Math.min(19, toI32(nice)));
  const raises = threads.some(({ attributes }) => wanted < attributes.priority);
  if (raises && mine.euid !== 0) return -Errno.EACCES;
  for (const { attributes } of threads) attributes.priority = wanted;
  return 0;
};

/** Whether a process may be told what to do by somebody with this identity. */
const ownedBy = ({ identity }: LinuxProcess, { euid }: Identity): boolean =>
  euid === 0 || euid === identity.uid || euid === identity.euid;

const ONE_CPU = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

function exists(context: Context, pid: number): boolean {
  const { table } = systemOf(context);
  return pid === 0 || table.threadContext(pid) !== undefined || table.processes.has(pid);
}

export const sched_getaffinity: Handler = (_kernel, context, pid, size, pointer) => {
  if (!(size >= ONE_CPU.length) || size % 8 !== 0) return -Errno.EINVAL;
  if (!exists(context, toI32(pid))) return -Errno.ESRCH;
  context.user.write(pointer, ONE_CPU);
  return ONE_CPU.length;
};

export const sched_setaffinity: Handler = (_kernel, context, pid, size, pointer) => {
  const first = size > 0 ? (context.user.read(pointer, 1)[0] ?? 0) : 0;
  if (!exists(context, toI32(pid))) return -Errno.ESRCH;
  return first & 1 ? 0 : -Errno.EINVAL;
};

/** sched(7). Every thread is SCHED_OTHER; the real-time policies have their ranges, but nobody gets them. */
const Policy = { OTHER: 0, FIFO: 1, RR: 2, BATCH: 3, IDLE: 5, DEADLINE: 6 } as const;
const realtime = (policy: number) => policy === Policy.FIFO || policy === Policy.RR;
const isPolicy = (policy: number) => Object.values(Policy).some((known) => known === policy);

export const sched_get_priority_max: Handler = (_kernel, _context, policy) =>
  !isPolicy(policy) ? -Errno.EINVAL : realtime(policy) ? 99 : 0;
export const sched_get_priority_min: Handler = (_kernel, _context, policy) =>
  !isPolicy(policy) ? -Errno.EINVAL : realtime(policy) ? 1 : 0;

export const sched_getscheduler: Handler = (_kernel, context, pid) =>
  exists(context, toI32(pid)) ? Policy.OTHER : -Errno.ESRCH;

export const sched_setscheduler: Handler = (_kernel, context, pid, policy, pointer) => {
  const priority = parameterAt(context, pointer);
  if (!exists(context, toI32(pid))) return -Errno.ESRCH;
  if (realtime(policy)) return -Errno.EPERM;
  return isPolicy(policy) && priority === 0 ? 0 : -Errno.EINVAL;
};

export const sched_getparam: Handler = (_kernel, context, pid, pointer) => {
  if (!exists(context, toI32(pid))) return -Errno.ESRCH;
  context.user.write(pointer, new Uint8Array(4));
  return 0;
};

export const sched_setparam: Handler = (_kernel, context, pid, pointer) => {
  const priority = parameterAt(context, pointer);
  if (!exists(context, toI32(pid))) return -Errno.ESRCH;
  return priority === 0 ? 0 : -Errno.EINVAL;
};

function parameterAt(context: Context, pointer: number): number {
  const bytes = context.user.read(pointer, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
}

const QUANTUM_NS = 4e6;

export const sched_rr_get_interval: Handler = (_kernel, context, pid, pointer) => {
  if (!exists(context, toI32(pid))) return -Errno.ESRCH;
  context.user.write(pointer, encodeTimespec(QUANTUM_NS));
  return 0;
};

export const getcpu: Handler = (_kernel, context, cpu, node) => {
  for (const pointer of [cpu, node]) if (pointer !== 0) context.user.prepareWrite(pointer, 4);
  for (const pointer of [cpu, node]) if (pointer !== 0) context.user.write(pointer, new Uint8Array(4));
  return 0;
};

/** IOPRIO_CLASS_NONE: as the nice value says. */
export const ioprio_get: Handler = () => 0;
export const ioprio_set: Handler = (_kernel, context, which, who) =>
  threadsOf(context, which - 1, toI32(who)) ? 0 : -Errno.EINVAL;

const MembarrierCommand = { QUERY: 0, GLOBAL: 1, PRIVATE: 8, REGISTER_PRIVATE: 16 } as const;

/** With one processor every switch is a barrier for all. */
export const membarrier: Handler = (_kernel, _context, command, flags) => {
  if (flags !== 0) return -Errno.EINVAL;
  const { GLOBAL, PRIVATE, REGISTER_PRIVATE } = MembarrierCommand;
  const known = GLOBAL | PRIVATE | REGISTER_PRIVATE;
  if (command === MembarrierCommand.QUERY) return known;
  return command & known && !(command & ~known) ? 0 : -Errno.EINVAL;
};
