/** What the process manager (scheme `proc`) and the namespace manager (scheme `namespace`) agree on with programs. */
import { layout } from './wire.js';

/** First metadata word of a CALL on a process handle. */
export const ProcCall = {
  WAITPID: 0,
  SETRENS: 1,
  EXIT: 2,
  WAITPGID: 3,
  SET_RESUGID: 4,
  SETPGID: 5,
  GETSID: 6,
  SETSID: 7,
  KILL: 8,
  SIGQ: 9,
  SYNC_SIG_PCTL: 10,
  SIGDEQ: 11,
  GETPPID: 12,
  RENAME: 13,
  DISABLE_SETPGID: 14,
  GET_PROC_CREDENTIALS: 15,
  SET_PROC_PRIORITY: 16,
  GET_PROC_PRIORITY: 17,
  /**
   * Ours, for root. The payload is a `KeptService` as JSON: when this process dies by anything but its own exit or SIGTERM, its
   * program starts again as the same process, with the same descriptors and with the payload as `recovered`.
   */
  KEEP: 0x100,
} as const;

/** dup texts of a process handle; `thread-N` is the N-th thread, whose own dup texts are those of its kernel context. */
export const ProcDup = { FORK: 'fork', NEW_THREAD: 'new-thread', FIRST_THREAD: 'thread-0' } as const;

export const WaitFlag = { NOHANG: 1, UNTRACED: 2, CONTINUED: 8 } as const;

export const ProcMeta = layout('ProcMeta', 44, {
  pid: [0, 'u32'],
  pgid: [4, 'u32'],
  ppid: [8, 'u32'],
  ruid: [12, 'u32'],
  euid: [16, 'u32'],
  suid: [20, 'u32'],
  rgid: [24, 'u32'],
  egid: [28, 'u32'],
  sgid: [32, 'u32'],
  ens: [36, 'u32'],
  rns: [40, 'u32'],
});
export type ProcMeta = ReturnType<typeof ProcMeta.decode>;

export const Signal = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

/** Wait status words. `describe` answers what a shell makes of one. */
export const waitStatus = {
  exited: (code: number): number => (code & 0xff) << 8,
  killed: (signal: number): number => signal & 0x7f,
  stopped: (signal: number): number => 0x7f | (signal << 8),
  continued: 0xffff,
};

export type WaitOutcome =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed' | 'stopped'; readonly signal: number }
  | { readonly kind: 'continued' };

export function decodeWaitStatus(status: number): WaitOutcome {
  if (status === waitStatus.continued) return { kind: 'continued' };
  if ((status & 0xff) === 0x7f) return { kind: 'stopped', signal: (status >> 8) & 0xff };
  if ((status & 0x7f) !== 0) return { kind: 'killed', signal: status & 0x7f };
  return { kind: 'exited', code: (status >> 8) & 0xff };
}

/**
 * First metadata word of a CALL on the root of scheme `proc`. Only the kernel itself may make it (caller 0): this is how the
 * host starts programs. A SENDFD on the root with a ticket for its metadata goes ahead: standard input, output and error.
 * Then CALL [RUN, ticket] with a `RunRequest` as JSON answers the wait status once the program has ended.
 */
export const ProcRootCall = { RUN: 1 } as const;

export interface RunRequest {
  /** A program that the machine was built with. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** First word of a dup on a namespace handle. */
export const NsDup = { FORK_NS: 0, SHRINK_PERMISSIONS: 1, ISSUE_REGISTER: 2 } as const;
export const NsPermission = { LIST: 1, INSERT: 2, DELETE: 4, SCHEME_CREATE: 8, ALL: 15 } as const;
export const SCHEME_CREATION_CAP = 'scheme-creation-cap';
