import { Errno } from '../../../core/abi/errno.js';
import { ProcRootCall } from '../../../core/abi/process-manager.js';
import { PosixError } from '../runtime/posix-error.js';
import { LATER } from '../runtime/scheme/scheme.js';
import { decodeUtf8 } from '../runtime/utf8.js';
import type { RunRequest } from '../../../core/abi/process-manager.js';
import type { Caller, Later, SentFds } from '../runtime/scheme/scheme.js';
import type { Process } from './process-table.js';

/** Caller of requests that the kernel itself makes. */
const KERNEL = 0;

interface Run {
  readonly fds: readonly number[];
  pid?: number;
  /** Kept here as well: init may have forgotten the process before the answer goes out. */
  status?: number;
}

export type CarriedRuns = readonly (readonly [ticket: number, Run])[];
export type StartRun = (request: RunRequest, fds: readonly number[]) => Process;

/** Programs that the host starts, each by the ticket of its request, until their ends have been told. */
export class Runs {
  readonly #runs = new Map<number, Run>();

  constructor(private readonly start: StartRun) {}

  /** Takes the standard descriptors of a program to come. */
  prepare({ pid }: Caller, sent: SentFds): number {
    if (pid !== KERNEL) throw new PosixError(Errno.EPERM);
    this.#runs.set(sent.metadata, { fds: sent.take() });
    return sent.count;
  }

  /** Starts it at the first try; answers its wait status. */
  run({ pid }: Caller, [verb, ticket = -1]: readonly number[], payload: Uint8Array): number | Later {
    if (pid !== KERNEL) throw new PosixError(Errno.EPERM);
    const run = this.#runs.get(ticket);
    if (verb !== ProcRootCall.RUN || !run) throw new PosixError(Errno.EINVAL);
    if (run.pid === undefined) this.#begin(ticket, run, payload);
    if (run.status === undefined) return LATER;
    this.#runs.delete(ticket);
    return run.status;
  }

  ended({ pid, status }: Process): void {
    for (const run of this.#runs.values()) if (run.pid === pid) run.status = status;
  }

  carry(): CarriedRuns {
    return [...this.#runs];
  }

  restore(runs: CarriedRuns): void {
    for (const [ticket, run] of runs) this.#runs.set(ticket, run);
  }

  #begin(ticket: number, run: Run, payload: Uint8Array): void {
    try {
      run.pid = this.start(JSON.parse(decodeUtf8(payload)) as RunRequest, run.fds).pid;
    } catch (error) {
      this.#runs.delete(ticket);
      throw error;
    }
  }
}
