import type { Kernel } from '../../kernel.js';
import type { LinuxProcess } from './process.js';

/** What the threads of a process have run, those that have ended included. */
export function processCpuNs(kernel: Kernel, process: LinuxProcess): number {
  kernel.scheduler.charge();
  return [...process.threads.values()].reduce((sum, { cpuTimeNs }) => sum + cpuTimeNs, process.cpuTimeNs);
}
