import type { Dirent } from '../../../../core/abi/dirent.js';
import type { Stat, StatVfs } from '../../../../core/abi/structs.js';

/** A request cannot be answered yet: it is parked and tried again whenever something has changed. */
export const LATER = Symbol('later');
export type Later = typeof LATER;

export interface Caller {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly tag: number;
}

/** A new handle of this scheme, or a descriptor in the server's table that is handed to the client. */
export type Opened = { readonly id: number; readonly positioned?: boolean } | { readonly fd: number };

/** Bytes that lie in a memory object: the kernel moves them itself. */
export interface ObjectRange {
  readonly object: number;
  readonly offset: number;
}

export interface CallAnswer {
  readonly result: number;
  readonly bytes: Uint8Array;
}

/** Descriptors that come with a request; `take` may be called once. */
export interface SentFds {
  readonly count: number;
  readonly metadata: number;
  take(): number[];
}

/**
 * What a scheme may answer; all parts are optional. What it leaves out, the server answers with the errno that Redox gives.
 * Methods throw PosixError. Handles are numbers of the scheme's choice.
 */
export interface Scheme {
  openat?(directory: number, path: string, flags: number, caller: Caller): Opened | Later;
  unlinkat?(directory: number, path: string, flags: number, caller: Caller): void;
  dup?(id: number, name: Uint8Array, caller: Caller): Opened | Later;
  /** `offset` is -1 for handles without a position. Answers at most `length` bytes. */
  read?(id: number, length: number, offset: number, caller: Caller): Uint8Array | ObjectRange | Later;
  write?(id: number, bytes: Uint8Array, offset: number, caller: Caller): number | ObjectRange | Later;
  fsize?(id: number): number;
  fcntl?(id: number, command: number, argument: number): number;
  /** Which of the events in `mask` are there now. */
  fevent?(id: number, mask: number): number;
  fpath?(id: number): string;
  frename?(id: number, path: string, caller: Caller): void;
  flink?(id: number, path: string, caller: Caller): void;
  fstat?(id: number, caller: Caller): Partial<Stat>;
  fstatvfs?(id: number): Partial<StatVfs>;
  fsync?(id: number): void;
  fchmod?(id: number, mode: number, caller: Caller): void;
  fchown?(id: number, uid: number, gid: number, caller: Caller): void;
  ftruncate?(id: number, length: number): void;
  futimens?(id: number, access: { sec: number; nsec: number }, modify: { sec: number; nsec: number }): void;
  /** Entries behind a cursor; 0 is the start. */
  getdents?(id: number, cursor: number): Iterable<Dirent>;
  mmapPrep?(id: number, size: number, flags: number, offset: number): ObjectRange;
  munmap?(id: number, size: number, flags: number, offset: number): void;
  call?(
    id: number,
    payload: Uint8Array,
    metadata: readonly number[],
    caller: Caller,
  ): number | CallAnswer | Later;
  sendfd?(id: number, sent: SentFds, caller: Caller): number;
  close?(id: number): void;
  detach?(id: number): void;
  /** After every request and message, before anybody learns that it is done. */
  commit?(): void;
  /** Plain, named, versioned data for a successor; it gets it as `os.carried`. */
  carry?(): unknown;
}
