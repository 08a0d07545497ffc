import type { Location } from '../location.js';

/** What /proc shows of a kernel. Everything is asked when it is read. Text is bytes, one character each. */
export interface ProcSource {
  /** The process on whose behalf the VFS works at this moment; undefined for none. */
  currentPid(): number | undefined;
  currentTid(): number | undefined;
  pids(): readonly number[];
  process(pid: number): ProcProcess | undefined;
  readonly system: ProcSystem;
}

export interface ProcSystem {
  memory(): { readonly totalBytes: number; readonly freeBytes: number; readonly cachedBytes: number };
  uptimeNs(): number;
  idleNs(): number;
  realtimeNs(): bigint;
  cpu(): ProcCpu;
  /** As uname(2) has them. */
  readonly identity: { readonly release: string; readonly version: string; hostname(): string };
  /** Counters since power on. */
  counters(): { readonly contextSwitches: number; readonly interrupts: number; readonly forks: number };
  /** Running and all threads, and the latest pid. */
  tasks(): { readonly running: number; readonly total: number; readonly lastPid: number };
  random(into: Uint8Array): void;
}

export interface ProcCpu {
  readonly vendor: string;
  readonly model: string;
  readonly family: number;
  readonly modelNumber: number;
  readonly stepping: number;
  readonly flags: readonly string[];
  readonly mhz: number;
}

export type ProcState = 'R' | 'S' | 'D' | 'T' | 't' | 'Z' | 'X';

export interface ProcIds {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
  readonly fileSystem: number;
}

export interface ProcThread {
  readonly tid: number;
  readonly comm: string;
  readonly state: ProcState;
  readonly userNs: number;
  readonly systemNs: number;
  readonly signals: { readonly pending: bigint; readonly blocked: bigint };
}

export interface ProcProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  /** st_rdev of the controlling terminal, 0 for none, and its foreground group, -1 for none. */
  readonly terminal: number;
  readonly foregroundPgid: number;
  readonly comm: string;
  readonly state: ProcState;
  readonly uid: ProcIds;
  readonly gid: ProcIds;
  readonly groups: readonly number[];
  readonly umask: number;
  readonly nice: number;
  /** Since power on. */
  readonly startNs: number;
  readonly userNs: number;
  readonly systemNs: number;
  readonly childUserNs: number;
  readonly childSystemNs: number;
  readonly faults: { readonly minor: number; readonly major: number };
  readonly signals: {
    readonly pending: bigint;
    readonly shared: bigint;
    readonly blocked: bigint;
    readonly ignored: bigint;
    readonly caught: bigint;
  };
  /** Undefined for a zombie. */
  readonly memory: ProcMemory | undefined;
  /** NUL after each string. */
  commandLine(): Uint8Array;
  environment(): Uint8Array;
  auxiliary(): Uint8Array;
  readonly executable: Location | undefined;
  readonly cwd: Location | undefined;
  descriptors(): readonly ProcDescriptor[];
  threads(): readonly ProcThread[];
  limits(): readonly ProcLimit[];
}

export interface ProcMemory {
  readonly virtualBytes: number;
  readonly residentBytes: number;
  readonly peakBytes: number;
  readonly dataBytes: number;
  readonly stackBytes: number;
  readonly codeBytes: number;
  /** Lowest and highest address of the program's code, start of stack and heap. */
  readonly startCode: number;
  readonly endCode: number;
  readonly startStack: number;
  readonly startBrk: number;
  maps(): readonly ProcMap[];
}

export interface ProcMap {
  readonly start: number;
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly shared: boolean;
  readonly offset: number;
  readonly dev: number;
  readonly ino: number;
  /** A path, `[heap]`, `[stack]`, or nothing. */
  readonly name: string;
}

export interface ProcDescriptor {
  readonly fd: number;
  readonly location: Location;
  /** What readlink shows; absent: the location's path. */
  readonly text?: string;
  readonly flags: number;
  readonly position: number;
}

/** Infinity is unlimited. */
export interface ProcLimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
  readonly unit: string;
}
