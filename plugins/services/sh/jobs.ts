import { Errno } from '../../../core/abi/errno.js';
import { decodeWaitStatus, WaitFlag } from '../../../core/abi/process-manager.js';
import { isErrno } from '../runtime/posix-error.js';
import type { WaitOutcome } from '../../../core/abi/process-manager.js';
import type { Processes } from '../runtime/process/processes.js';

export interface Job {
  readonly number: number;
  /** Processes that still run; the last one gives the status. */
  readonly pids: number[];
  readonly group: number;
  readonly source: string;
  state: 'running' | 'stopped' | 'done';
  status: number;
}

/** What runs in the background. */
export class Jobs {
  readonly #jobs = new Map<number, Job>();

  constructor(private readonly processes: Processes) {}

  add(pids: readonly number[], source: string, state: Job['state'] = 'running'): Job {
    const number = Math.max(0, ...this.#jobs.keys()) + 1;
    const job: Job = { number, pids: [...pids], group: pids[0] ?? 0, source, state, status: 0 };
    this.#jobs.set(number, job);
    return job;
  }

  get all(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  /** `%2`, `%%`, `%+`, `%-`, a pid, or nothing for the newest. */
  find(name = '%%'): Job | undefined {
    const jobs = this.all;
    if (/^%?[%+]?$/.test(name)) return jobs.at(-1);
    if (name === '%-') return jobs.at(-2) ?? jobs.at(-1);
    const text = name.replace(/^%/, '');
    const byPid = (job: Job) => !name.startsWith('%') && job.pids.includes(Number(text));
    return (
      jobs.find((job) => byPid(job) || (name.startsWith('%') && job.number === Number(text))) ??
      jobs.find(({ source }) => name.startsWith('%') && source.startsWith(text))
    );
  }

  /** Looks which have ended; those are handed out once and forgotten. */
  collect(): Job[] {
    for (const job of this.#jobs.values()) this.#update(job, WaitFlag.NOHANG | WaitFlag.UNTRACED);
    const done = this.all.filter(({ state }) => state === 'done');
    for (const job of done) this.#jobs.delete(job.number);
    return done;
  }

  /** Blocks until a job has ended; answers its wait status. */
  finish(job: Job): number {
    this.#update(job, 0);
    this.#jobs.delete(job.number);
    return job.status;
  }

  forget(job: Job): void {
    this.#jobs.delete(job.number);
  }

  #update(job: Job, flags: number): void {
    while (job.pids.length > 0) {
      const ended = this.#wait(job.pids[0] ?? 0, flags);
      if (ended === undefined) return;
      const { kind } = decodeWaitStatus(ended);
      if (kind === 'stopped') return void (job.state = 'stopped');
      job.status = ended;
      job.pids.shift();
    }
    job.state = 'done';
  }

  /** Undefined while it runs; somebody else's child counts as ended. */
  #wait(pid: number, flags: number): number | undefined {
    try {
      return this.processes.wait(pid, flags)?.status;
    } catch (error) {
      if (isErrno(error, Errno.ECHILD)) return 0;
      throw error;
    }
  }
}

/** What a shell makes of an outcome: the code, or 128 and the signal. */
export function statusOf(outcome: WaitOutcome): number {
  if (outcome.kind === 'exited') return outcome.code;
  return outcome.kind === 'continued' ? 0 : 128 + outcome.signal;
}
