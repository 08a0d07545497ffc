import type { ProcLimit } from '../vfs/procfs/source.js';
import type { LinuxProcess, ResourceLimit } from './process.js';

/** RLIM_INFINITY as a signed number. */
export const UNLIMITED = -1;

/** asm-generic/resource.h, in order; soft and hard limit where they are not unlimited. */
const limits: readonly (readonly [name: string, unit: string, soft?: number, hard?: number])[] = [
  ['Max cpu time', 'seconds'],
  ['Max file size', 'bytes'],
  ['Max data size', 'bytes'],
  ['Max stack size', 'bytes', 8 << 20, UNLIMITED],
  ['Max core file size', 'bytes', 0, UNLIMITED],
  ['Max resident set', 'bytes'],
  ['Max processes', 'processes', 1000, 1000],
  ['Max open files', 'files', 1024, 65_536],
  ['Max locked memory', 'bytes', 8 << 20, 8 << 20],
  ['Max address space', 'bytes'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'signals', 1024, 1024],
  ['Max msgqueue size', 'bytes', 819_200, 819_200],
  ['Max nice priority', '', 0, 0],
  ['Max realtime priority', '', 0, 0],
  ['Max realtime timeout', 'us'],
];

export const RLIMIT_COUNT = limits.length;
export const Rlimit = { STACK: 3, NPROC: 6, NOFILE: 7 } as const;

/** The limit of a process, or what it starts with. */
export function limitOf(process: LinuxProcess, resource: number): ResourceLimit {
  const [, , soft = UNLIMITED, hard = UNLIMITED] = limits[resource] ?? [];
  return process.limits.get(resource) ?? { soft, hard };
}

/** All of them, for /proc/PID/limits. */
export function limitsOf(process: LinuxProcess): ProcLimit[] {
  const shown = (value: number) => (value === UNLIMITED ? Infinity : value);
  return limits.map(([name, unit], resource) => {
    const { soft, hard } = limitOf(process, resource);
    return { name, unit, soft: shown(soft), hard: shown(hard) };
  });
}
