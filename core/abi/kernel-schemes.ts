/** Texts and command words of the kernel's own schemes (kernel.proc, scheme manager, pipe). Source: reference §6. */

/** Ids of the kernel's schemes; services get 17 and up. */
export const SchemeId = {
  DEBUG: 1,
  EVENT: 2,
  MEMORY: 3,
  PIPE: 4,
  SERIO: 5,
  IRQ: 6,
  TIME: 7,
  SYS: 8,
  PROC: 9,
  ACPI: 10,
  DTB: 11,
  MANAGER: 16,
  FIRST_USER: 17,
} as const;

export const CREATE_SCHEME = 'create-scheme';
export const PIPE_WRITE_END = 'write';

/** dup texts of the authority of kernel.proc. */
export const AuthorityDup = { NEW_CONTEXT: 'new-context', CURRENT_CONTEXT: 'cur-context' } as const;

/** dup texts of a context handle. */
export const ContextDup = {
  ADDRSPACE: 'addrspace',
  FILETABLE: 'filetable',
  FILETABLE_BINARY: 'filetable-binary',
  CURRENT_ADDRSPACE: 'current-addrspace',
  CURRENT_FILETABLE: 'current-filetable',
  REGS_INT: 'regs/int',
  REGS_FLOAT: 'regs/float',
  REGS_ENV: 'regs/env',
  SIGHANDLER: 'sighandler',
  START: 'start',
  OPEN_VIA_DUP: 'open_via_dup',
  MMAP_MIN_ADDR: 'mmap-min-addr',
  SCHED_AFFINITY: 'sched-affinity',
  STATUS: 'status',
  /** Ours: see engine.ts. */
  ENGINE: 'engine',
} as const;

export const authAttrs = (authorityFd: number): string => `auth-${authorityFd}-attrs`;
export const authStatus = (authorityFd: number): string => `auth-${authorityFd}-status`;

export const FiletableDup = { COPY: 'copy', REFRESH: 'refresh' } as const;
export const AddrspaceDup = { EMPTY: 'empty', EXCLUSIVE: 'exclusive' } as const;

/** First word of a write to an addrspace handle. MMAP and TRANSFER: [op, fd, offset, address, size, MapFlags]. */
export const AddrspaceOp = { MMAP: 0, MUNMAP: 1, MPROTECT: 2, TRANSFER: 3 } as const;

export const FiletableVerb = { CLOSE: 1, DUP2: 2, RESIZE: 4 } as const;

/** Words written to a status handle. FORCE_KILL is usize::MAX. */
export const ContextVerb = { STOP: 1, UNSTOP: 2, INTERRUPT: 3, FORCE_KILL: -1 } as const;

/** Words read from a status handle. */
export const ContextStatus = {
  RUNNABLE: 0,
  BLOCKED: 1,
  NOT_YET_STARTED: 2,
  DEAD: 3,
  FORCE_KILLED: 4,
  STOPPED: 5,
  UNHANDLED_EXCEPTION: 6,
  OTHER: 7,
} as const;

export const PROC_IOPL_VERB = 255;
