import { Errno } from '../../../core/abi/errno.js';
import { WaitFlag, waitStatus } from '../../../core/abi/process-manager.js';
import { PosixError } from '../runtime/posix-error.js';
import type { EngineHeader, KeptService } from '../../../core/abi/engine.js';

export type ProcessState = 'running' | 'stopped' | 'exiting' | 'zombie';

export interface Process {
  readonly pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  name: string;
  uid: { real: number; effective: number; saved: number };
  gid: { real: number; effective: number; saved: number };
  priority: number;
  state: ProcessState;
  /** Descriptors of the context and of its status in the process manager's own table. */
  contextFd: number;
  statusFd: number;
  /** Wait status once it is known. */
  status: number;
  /** A stop or a continuation that the parent has not been told yet. */
  news: number | undefined;
  noSetpgid: boolean;
  /** It starts again when it dies. */
  kept?: Kept;
}

export interface Kept {
  /** Descriptor of its file table, which outlives its context. */
  readonly tableFd: number;
  readonly header: EngineHeader;
  readonly service: KeptService;
  /** Milliseconds of the monotonic clock. */
  readonly deaths: readonly number[];
}

export const INIT_PID = 1;
const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** Who is whose child, in which group and session, and what a parent may learn. Knows no kernel. */
export class ProcessTable {
  readonly #processes = new Map<number, Process>();
  #nextPid = INIT_PID;

  add(parent: Process | undefined, handles: Pick<Process, 'contextFd' | 'statusFd'>): Process {
    const pid = this.#nextPid++;
    const process: Process = {
      pid,
      ppid: parent?.pid ?? 0,
      pgid: parent?.pgid ?? pid,
      sid: parent?.sid ?? pid,
      name: parent?.name ?? '',
      uid: { ...(parent?.uid ?? { real: 0, effective: 0, saved: 0 }) },
      gid: { ...(parent?.gid ?? { real: 0, effective: 0, saved: 0 }) },
      priority: parent?.priority ?? 20,
      state: 'running',
      ...handles,
      status: 0,
      news: undefined,
      noSetpgid: false,
    };
    this.#processes.set(pid, process);
    return process;
  }

  get(pid: number): Process {
    return this.#processes.get(pid) ?? fail(Errno.ESRCH);
  }

  find(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  all(): Process[] {
    return [...this.#processes.values()];
  }

  childrenOf(pid: number): Process[] {
    return this.all().filter(({ ppid }) => ppid === pid);
  }

  group(pgid: number): Process[] {
    return this.all().filter((process) => process.pgid === pgid);
  }

  /** Targets as kill(2) has them. */
  targets(sender: Process, target: number): Process[] {
    if (target > 0) return [this.get(target)];
    const chosen =
      target === -1
        ? this.all().filter(({ pid }) => pid !== INIT_PID && pid !== sender.pid)
        : this.group(target === 0 ? sender.pgid : -target);
    return chosen.length > 0 ? chosen : fail(Errno.ESRCH);
  }

  /** A process has ended: it stays as a zombie until its parent asks; its children get init for a parent. */
  ended(process: Process): void {
    process.state = 'zombie';
    process.news = undefined;
    for (const child of this.childrenOf(process.pid)) {
      child.ppid = INIT_PID;
      if (child.state === 'zombie') child.news = undefined;
    }
  }

  /**
   * What a parent learns from waiting for `match`: undefined when nothing has happened yet. ECHILD without children. A zombie that is
   * reported is gone.
   */
  wait(
    parent: Process,
    match: (child: Process) => boolean,
    flags: number,
  ): { pid: number; status: number } | undefined {
    const children = this.childrenOf(parent.pid).filter(match);
    if (children.length === 0) return fail(Errno.ECHILD);
    const dead = children.find(({ state }) => state === 'zombie');
    if (dead) {
      this.#processes.delete(dead.pid);
      return { pid: dead.pid, status: dead.status };
    }
    const told = children.find((child) => child.news !== undefined && wanted(child.news, flags));
    if (!told) return undefined;
    const status = told.news ?? 0;
    told.news = undefined;
    return { pid: told.pid, status };
  }

  /** A new group or session, with the rules of POSIX. */
  setGroup(caller: Process, pid: number, pgid: number): void {
    const target = pid === 0 ? caller : this.get(pid);
    if (target !== caller && target.ppid !== caller.pid) fail(Errno.ESRCH);
    if (target.sid === target.pid || target.sid !== caller.sid) fail(Errno.EPERM);
    if (target !== caller && target.noSetpgid) fail(Errno.EACCES);
    const goal = pgid === 0 ? target.pid : pgid;
    const known = goal === target.pid || this.group(goal).some(({ sid }) => sid === target.sid);
    if (!known) fail(Errno.EPERM);
    target.pgid = goal;
  }

  setSession(caller: Process): number {
    if (caller.pgid === caller.pid && caller.pid !== INIT_PID) fail(Errno.EPERM);
    caller.sid = caller.pid;
    caller.pgid = caller.pid;
    return caller.pid;
  }

  /** Plain data for a successor. */
  carry(): { processes: Process[]; nextPid: number } {
    return { processes: this.all(), nextPid: this.#nextPid };
  }

  restore(carried: { processes: readonly Process[]; nextPid: number }): void {
    for (const process of carried.processes) this.#processes.set(process.pid, process);
    this.#nextPid = carried.nextPid;
  }
}

const wanted = (news: number, flags: number): boolean =>
  (flags & (news === waitStatus.continued ? WaitFlag.CONTINUED : WaitFlag.UNTRACED)) !== 0;
