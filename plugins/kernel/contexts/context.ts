import type { Description } from '../files/description.js';
import type { FileTable } from '../files/file-table.js';
import type { AddressSpace } from '../memory/address-space.js';
import { noUserMemory } from '../memory/user-memory.js';
import type { UserMemory } from '../memory/user-memory.js';
import type { Abi } from '../gate/abi.js';
import type { Wait, Woken } from './outcome.js';

export type ContextState = 'notYetStarted' | 'runnable' | 'blocked' | 'stopped' | 'dead';

/** What procmgr tells the kernel about the owner of a context. */
export interface ContextAttributes {
  pid: number;
  euid: number;
  egid: number;
  /** 0..39, 20 is normal, lower is more. */
  priority: number;
}

export interface ExceptionRecord {
  readonly vector: number;
  readonly errorCode: number;
  readonly address: number;
}

/** The system call in progress, as tracer, ps and gdb show it. */
export interface CallInProgress {
  pad: number;
  arguments: readonly number[];
  /** What a handler must remember between two tries; plain data. */
  scratch: Record<string, unknown> | undefined;
}

/** What runs a context's user side: the processor itself, or a V8 isolate. */
export interface Engine {
  readonly kind: 'native' | 'isolate' | 'kernel';
  /** A call of the context has to wait. */
  waits?(): void;
  /** The context will never run again. */
  stop(): void;
}

/** A thread as the kernel knows it. Registers live in guest memory; everything here is plain data or a handle. */
export class Context {
  name = '';
  state: ContextState = 'notYetStarted';
  wait: Wait | undefined;
  woken: Woken | undefined;
  call: CallInProgress | undefined;
  exception: ExceptionRecord | undefined;
  /** Marked for death: it exits at the next border of the kernel. */
  killed = false;
  /** Its program came to its end by itself. */
  completed = false;
  /** A signal stands by: interruptible waits end with EINTR. */
  interrupted = false;
  user: UserMemory = noUserMemory;
  space: AddressSpace | undefined;
  files: FileTable | undefined;
  cpuTimeNs = 0;
  virtualRuntime = 0;
  attributes: ContextAttributes = { pid: 0, euid: 0, egid: 0, priority: 20 };
  /** Linux threads keep their process here; the core never looks inside. */
  personality: unknown = undefined;
  /** Number of the kernel.proc handle that learns of the context's death. */
  owner: number | undefined;
  portAccess = false;
  /** Files that a call under way holds: taken from the table for good, or on their way to a scheme. */
  consumed: Description | undefined;
  passed: Description[] | undefined;

  constructor(
    /** Index into the `contexts` table of the kernel image. */
    readonly slot: number,
    readonly id: number,
    public engine: Engine,
    public abi: Abi,
  ) {}
}

/** Contexts without a program: the idle loop. */
export const kernelEngine: Engine = { kind: 'kernel', stop: () => undefined };
