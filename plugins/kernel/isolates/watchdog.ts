import type { IsolateProcess } from './isolate-process.js';

export interface IsolateLoad {
  readonly process: IsolateProcess;
  /** CPU time since the last look, without the time it waited for the kernel. */
  readonly busyNs: bigint;
  readonly sinceNs: bigint;
  /** CPU time since the start, without the time it waited for the kernel. */
  readonly totalBusyNs: bigint;
}

export interface WatchdogOptions {
  readonly running: () => readonly IsolateProcess[];
  /** Looked at for every isolate in every period; true kills it. */
  readonly overruns: (load: IsolateLoad) => boolean;
  readonly onKill?: (load: IsolateLoad) => void;
  readonly periodMs?: number;
}

const DEFAULT_PERIOD_MS = 100;

/** Looks at the CPU time of every isolate again and again. Answers how to stop it. */
export function startWatchdog(options: WatchdogOptions): () => void {
  const look = watchdogLook(options);
  const timer = setInterval(() => look(process.hrtime.bigint()), options.periodMs ?? DEFAULT_PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look at all isolates, given the time in nanoseconds. */
export function watchdogLook({ running, overruns, onKill }: WatchdogOptions): (nowNs: bigint) => void {
  const seen = new WeakMap<IsolateProcess, { atNs: bigint; busyNs: bigint }>();
  const measure = (process: IsolateProcess, nowNs: bigint): IsolateLoad => {
    const totalBusyNs = process.busyNs();
    const last = seen.get(process) ?? { atNs: nowNs, busyNs: 0n };
    seen.set(process, { atNs: nowNs, busyNs: totalBusyNs });
    return { process, busyNs: totalBusyNs - last.busyNs, sinceNs: nowNs - last.atNs, totalBusyNs };
  };
  return (nowNs) => {
    for (const load of running().map((process) => measure(process, nowNs))) {
      if (!overruns(load)) continue;
      load.process.kill();
      onKill?.(load);
    }
  };
}
