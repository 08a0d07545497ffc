/** Undoes one registration; calling it again changes nothing. */
export type Dispose = () => void;

/** 1 to 2^31 - 1. gdb keeps 0 for "any" and -1 for "all". */
export type ThreadId = number;

/**
 * What a debugger may look at and steer. The three parts that are not optional make a debugger useful at all; each
 * other part is a feature, offered to gdb exactly when it is present. Every method answers at once: the stub runs on the
 * machine's own event loop and never waits inside a call.
 */
export interface Target {
  readonly registers: TargetRegisters;
  readonly memory: TargetMemory;
  readonly run: RunControl;
  readonly breakpoints?: Breakpoints;
  readonly watchpoints?: Watchpoints;
  readonly threads?: Threads;
  readonly modules?: Modules;
  readonly files?: Files;
  readonly monitor?: Monitor;
  readonly syscallCatch?: SyscallCatch;
  readonly osTables?: OsTables;
  /**
   * gdb's name of the operating system ABI: `none` for a kernel, which is the default, or `GNU/Linux` for a program. The
   * latter adds the register `orig_rax`, all ones outside of a system call.
   */
  readonly osAbi?: 'none' | 'GNU/Linux';
  /** Regions of linear addresses. gdb refuses every address outside of them, so give whole halves, not mappings. */
  memoryMap?(): readonly MemoryRegion[];
  /** The ELF gdb takes as main program; a path that `files` opens. */
  execFile?(thread: ThreadId): string | undefined;
  /** The auxiliary vector as it lies in memory: pairs of 8 bytes. gdb finds a position independent program by AT_ENTRY. */
  auxv?(thread: ThreadId): Uint8Array | undefined;
  /** struct siginfo, 128 bytes, of the signal that stopped the thread. */
  siginfo?(thread: ThreadId): Uint8Array | undefined;
  /** Ends the machine. Without it `kill` in gdb detaches. */
  kill?(): void;
}

/** Which registers there are beside the core, x87 and SSE groups, which gdb demands. */
export type RegisterFeature = 'avx' | 'segments' | 'system';

export interface TargetRegisters {
  readonly features: readonly RegisterFeature[];
  /**
   * The value as an unsigned number of the register's width (80 bits for `st0`, 128 for `xmm0`); undefined when it is
   * not known, which gdb shows as `<unavailable>`. Names are those of `registers/description.ts`.
   */
  read(thread: ThreadId, name: string): bigint | undefined;
  /** False when the register cannot be written or the value is not allowed. */
  write(thread: ThreadId, name: string, value: bigint): boolean;
}

export interface TargetMemory {
  /** As many bytes as can be read from `address` on, at most `length`; protection is ignored. Empty when unmapped. */
  read(thread: ThreadId, address: bigint, length: number): Uint8Array;
  /** All or nothing: false when any byte is unmapped. Read-only pages are written. */
  write(thread: ThreadId, address: bigint, bytes: Uint8Array): boolean;
}

export interface AddressRange {
  readonly start: bigint;
  /** First address behind the range. */
  readonly end: bigint;
}

export interface ResumeRequest {
  /** This thread retires one instruction, or with `range` runs until its rip has left the range; then a `step` stop. */
  readonly step?: { readonly thread: ThreadId; readonly range?: AddressRange };
  /** Given: only this thread may make progress (`set scheduler-locking on`). */
  readonly only?: ThreadId;
  /** gdb signal numbers to deliver first, by thread. A target without signals ignores them. */
  readonly signals?: ReadonlyMap<ThreadId, number>;
}

export interface RunControl {
  readonly running: boolean;
  /** `step.range` is understood. Without it gdb makes single steps. */
  readonly canStepRange?: true;
  /**
   * Comes back at once. Any number of instructions later the listeners get exactly one stop. A target that runs already
   * goes on as it was, and an `interrupt` that it has not yet answered is taken back.
   */
  resume(request: ResumeRequest): void;
  /** Asks a running target for a stop of kind `interrupt`, within a second. Nothing happens when it stands. */
  interrupt(): void;
  /** The last stop, for a debugger that arrives late; undefined when it has never stopped for a debugger. */
  readonly lastStop: Stop | undefined;
  onStop(listener: (stop: Stop) => void): Dispose;
}

/** Why the target stands. `thread` is the one that caused it; rip already has its final value. */
export type Stop = { readonly thread?: ThreadId } & (
  | { readonly kind: 'step' | 'interrupt' | 'pause' }
  /** Before the instruction at rip; the next resume executes it. */
  | { readonly kind: 'breakpoint' }
  /** After the instruction that made the access; `address` is a watched byte that it touched. */
  | { readonly kind: 'watchpoint'; readonly access: 'read' | 'write'; readonly address: bigint }
  /** gdb's number: 4 SIGILL, 8 SIGFPE, 11 SIGSEGV. */
  | { readonly kind: 'signal'; readonly signal: number }
  /** The list of modules changed; gdb reads it and resumes by itself. */
  | { readonly kind: 'modules' }
  /** The main program is another one now; gdb reads it and resumes by itself. */
  | { readonly kind: 'exec'; readonly path: string }
  | { readonly kind: 'syscall'; readonly phase: 'entry' | 'return'; readonly number: number }
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'killed'; readonly signal: number }
);

export interface Breakpoints {
  /** Stops before the instruction at this linear address, in every thread. Undefined when it cannot be set. */
  set(address: bigint): Dispose | undefined;
}

/** `access` is either. */
export type WatchAccess = 'write' | 'read' | 'access';

export interface Watchpoints {
  /** Any length from 1 on. Undefined when it cannot be set. */
  set(address: bigint, lengthBytes: number, access: WatchAccess): Dispose | undefined;
}

export interface ThreadInfo {
  readonly id: ThreadId;
  readonly name?: string;
  /** What `info threads` shows behind the name: `blocked in sys_read`. */
  readonly state?: string;
}

export interface Threads {
  list(): readonly ThreadInfo[];
  /** The one on the processor; a member of `list()`. */
  readonly current: ThreadId;
}

/** A program beside the main one, whose symbols gdb shall load. */
export interface Module {
  /** Absolute; `files` opens it. */
  readonly path: string;
  /** Memory address minus address in the file; 0 for a program linked to a fixed address. */
  readonly bias: bigint;
  /** Where the first PT_LOAD segment lies in memory: its p_vaddr plus bias. */
  readonly firstSegment: bigint;
  /** Where `.dynamic` lies in memory, if the file has one. */
  readonly dynamic?: bigint;
}

export interface Modules {
  /**
   * What is visible while `thread` is looked at. Two modules of one answer must not overlap in memory. When the answer for
   * a stopped thread differs from what gdb last read, the stub makes gdb read it before it shows the stop.
   */
  list(thread: ThreadId): readonly Module[];
}

export interface Files {
  /** Undefined when there is no such file. */
  open(path: string): OpenFile | undefined | Promise<OpenFile | undefined>;
}

export interface OpenFile {
  readonly sizeBytes: number;
  readonly modifiedSeconds?: number;
  /** Fewer bytes at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  close?(): void;
}

export interface MonitorCommand {
  readonly name: string;
  /** One line, for `monitor help`. */
  readonly help: string;
  /** Answers what gdb prints. What it throws is printed as an error. */
  run(args: readonly string[]): string | Promise<string>;
}

export interface Monitor {
  readonly commands: readonly MonitorCommand[];
}

export interface SyscallCatch {
  /** Stops of kind `syscall` from now on for these numbers, for all, or for none. */
  set(numbers: readonly number[] | 'all' | 'none'): void;
}

export interface OsTable {
  /** What the user types behind `info os`. */
  readonly name: string;
  readonly title: string;
  readonly rows: () => readonly Readonly<Record<string, string>>[];
}

export interface OsTables {
  readonly tables: readonly OsTable[];
}

export interface MemoryRegion {
  readonly kind: 'ram' | 'rom';
  readonly start: bigint;
  readonly lengthBytes: bigint;
}
