import type { IsolateProcess } from './isolate-process.js';

export interface IsolateLoad {
  readonly process: IsolateProcess;
  /** CPU time since the last look, without the time it waited for the kernel. */
  readonly busyNs: bigint;
  readonly sinceNs: bigint;
  /** CPU time since it last asked the kernel for anything, as far as the looks can tell. */
  readonly spellNs: bigint;
  /** CPU time since the start, without the time it waited for the kernel. */
  readonly totalBusyNs: bigint;
}

export interface WatchdogOptions {
  readonly running: () => readonly IsolateProcess[];
  /** Asked at every look for every isolate that does not wait for the kernel; true kills it. */
  readonly overruns: (load: IsolateLoad) => boolean;
  readonly onKill?: (load: IsolateLoad) => void;
}

interface Look {
  readonly atNs: bigint;
  readonly busyNs: bigint;
  readonly blockedNs: bigint;
  readonly spellNs: bigint;
}

/**
 * Looks at the CPU time of every isolate, given the host's time in nanoseconds. Who assembles the machine calls it every
 * 100 ms or so; it is the host's time, since a spinning isolate does not move the guest's.
 */
export type Watchdog = (nowNs: bigint) => void;

export function createWatchdog({ running, overruns, onKill }: WatchdogOptions): Watchdog {
  const seen = new WeakMap<IsolateProcess, Look>();
  const measure = (process: IsolateProcess, nowNs: bigint): IsolateLoad => {
    const totalBusyNs = process.busyNs();
    const blockedNs = process.blockedNs();
    const last = seen.get(process) ?? { atNs: nowNs, busyNs: 0n, blockedNs, spellNs: 0n };
    const busyNs = totalBusyNs - last.busyNs;
    const spellNs = blockedNs === last.blockedNs ? last.spellNs + busyNs : 0n;
    seen.set(process, { atNs: nowNs, busyNs: totalBusyNs, blockedNs, spellNs });
    return { process, busyNs, sinceNs: nowNs - last.atNs, spellNs, totalBusyNs };
  };
  return (nowNs) => {
    // Asking V8 for the time of each is most of what an idle machine does.
    const computing = running().filter((process) => !process.isWaiting);
    for (const load of computing.map((process) => measure(process, nowNs))) {
      if (!overruns(load)) continue;
      load.process.kill();
      onKill?.(load);
    }
  };
}
