import type { Context } from '../../contexts/context.js';
import type { LinuxSystem } from '../system.js';
import type { Location } from '../vfs/location.js';
import { SignalQueue } from '../signals/signal-queue.js';
import type { TickingTimer } from './ticking-timer.js';
import type { PosixTimer } from './posix-timer.js';
import type { SignalAction } from '../signals/signal-action.js';
import { defaultActions } from '../signals/signal-action.js';

export interface Identity {
  uid: number;
  euid: number;
  suid: number;
  gid: number;
  egid: number;
  sgid: number;
  groups: readonly number[];
}

export interface ResourceLimit {
  soft: number;
  hard: number;
}

/** Where the program lies; what /proc and brk need to know. */
export interface ProgramImage {
  readonly path: string;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly brkStart: number;
  brk: number;
  /** First address of the program as loaded, 0 for one that is not position independent. */
  readonly base: number;
  readonly stackTop: number;
  readonly argumentsStart: number;
  readonly argumentsEnd: number;
  readonly auxiliary: Uint8Array;
}

export type WaitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number; readonly core: boolean };

/** A process: what its threads share besides memory and files. */
export class LinuxProcess {
  readonly threads = new Map<number, Context>();
  readonly children = new Set<LinuxProcess>();
  readonly actions: SignalAction[] = defaultActions();
  /** Signals for whichever thread takes them first. */
  readonly pending = new SignalQueue();
  /** What waits to be told to the parent: stopped or continued, once each. */
  report: { readonly kind: 'stopped' | 'continued'; readonly signal: number } | undefined;
  stopped = false;
  status: WaitStatus | undefined;
  /** Sent to the parent at the end; 0 for none. */
  exitSignal = 17;
  pgid: number;
  sid: number;
  controlsTerminal = false;
  umask = 0o022;
  image: ProgramImage | undefined;
  name = '';
  cpuTimeNs = 0;
  childrenCpuTimeNs = 0;
  hasExecuted = false;
  /** ITIMER_REAL, VIRTUAL, PROF. */
  readonly intervalTimers = new Map<number, TickingTimer>();
  /** The parent of a vfork sleeps until this process has an image of its own. */
  holdsParent = false;
  readonly startedNs: number;
  readonly limits = new Map<number, ResourceLimit>();
  /** POSIX timers by their number. */
  readonly timers = new Map<number, PosixTimer>();
  /** PR_SET_PDEATHSIG; 0 for none. */
  parentDeathSignal = 0;
  personality = 0;
  noNewPrivileges = false;
  dumpable = true;

  constructor(
    readonly system: LinuxSystem,
    readonly pid: number,
    public parent: LinuxProcess | undefined,
    public identity: Identity,
    public cwd: Location,
    startedNs: number,
  ) {
    this.pgid = parent?.pgid ?? pid;
    this.sid = parent?.sid ?? pid;
    this.startedNs = startedNs;
  }

  get dead(): boolean {
    return this.status !== undefined && this.threads.size === 0;
  }
}
