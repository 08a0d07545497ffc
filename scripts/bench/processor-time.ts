import { readFileSync, readdirSync } from 'node:fs';

/** Of /proc/PID/stat. */
const TICKS_PER_S = 100;
const NS_PER_S = 1e9;

/** Processor time of a process and all below it, in seconds; 0 where there is no /proc. See proc(5). */
export function processorSeconds(pid: number): number {
  return processTree(pid).reduce((sum, member) => sum + (ofThreads(member) ?? ofStat(member) ?? 0), 0);
}

/** A process and all below it; itself alone where there is no /proc. */
export const processTree = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(processTree)];

/** Of all its threads, to the nanosecond; undefined where the kernel does not count that. */
function ofThreads(pid: number): number | undefined {
  try {
    const texts = readdirSync(`/proc/${pid}/task`).map(
      (thread) => readProc(`${pid}/task/${thread}/schedstat`) ?? '0',
    );
    const seconds = texts.reduce((sum, text) => sum + Number.parseInt(text, 10) / NS_PER_S, 0);
    return seconds > 0 ? seconds : undefined;
  } catch {
    return undefined;
  }
}

/** User and system time; undefined when the process is gone. */
function ofStat(pid: number): number | undefined {
  const text = readProc(`${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

const childrenOf = (pid: number): number[] =>
  (readProc(`${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
