import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import type { UserMemory } from '../memory/user-memory.js';
import type { AddressSpace } from '../memory/address-space.js';
import type { Kernel } from '../kernel.js';

/** Bytes of the caller: where results go to or data comes from. Access may throw, before any effect. */
export class UserBuffer {
  constructor(
    private readonly memory: UserMemory,
    readonly pointer: number,
    readonly length: number,
  ) {}

  /** Makes sure that `write` of up to this many bytes will succeed. */
  prepare(length = this.length): void {
    this.memory.prepareWrite(this.pointer, Math.min(length, this.length));
  }

  /** Copies at most `length` bytes out; answers how many. */
  write(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.length);
    this.memory.write(this.pointer, part);
    return part.length;
  }

  read(length = this.length): Uint8Array {
    return this.memory.read(this.pointer, Math.min(length, this.length));
  }

  /** The first bytes alone, where one call moves less than asked for. */
  limit(length: number): UserBuffer {
    return new UserBuffer(this.memory, this.pointer, Math.min(length, this.length));
  }
}

/** What every operation of a scheme gets to know about its caller. */
export interface Caller {
  readonly kernel: Kernel;
  readonly context: Context;
}

export interface MapRequest {
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
  readonly hint: number;
  /** The address space that gets the mapping. */
  readonly space: AddressSpace;
}

export type Opened = Description | Outcome;

/** A scheme as the kernel calls it. What is left out answers the errno of Redox's defaults (see `defaults.ts`). */
export interface Provider {
  readonly id: number;
  readonly name: string;
  openat?(caller: Caller, directory: Description, path: string, flags: number): Opened;
  dup?(caller: Caller, file: Description, name: Uint8Array): Opened;
  unlinkat?(caller: Caller, directory: Description, path: string, flags: number): Outcome;
  read?(caller: Caller, file: Description, into: UserBuffer, offset: number, flags: number): Outcome;
  write?(caller: Caller, file: Description, from: UserBuffer, offset: number, flags: number): Outcome;
  fsize?(caller: Caller, file: Description): Outcome;
  fstat?(caller: Caller, file: Description, into: UserBuffer): Outcome;
  fpath?(caller: Caller, file: Description, into: UserBuffer): Outcome;
  fcntl?(caller: Caller, file: Description, command: number, argument: number): Outcome;
  fevent?(caller: Caller, file: Description, mask: number): Outcome;
  fsync?(caller: Caller, file: Description): Outcome;
  fchown?(caller: Caller, file: Description, uid: number, gid: number): Outcome;
  flink?(caller: Caller, file: Description, path: string): Outcome;
  frename?(caller: Caller, file: Description, path: string): Outcome;
  fmap?(caller: Caller, file: Description, request: MapRequest): Outcome;
  call?(caller: Caller, file: Description, payload: UserBuffer, metadata: readonly number[]): Outcome;
  /** Standard file-system calls that have no other method: kind, two arguments. */
  stdFs?(caller: Caller, file: Description, payload: UserBuffer, metadata: readonly number[]): Outcome;
  sendDescriptors?(
    caller: Caller,
    file: Description,
    sent: Description[],
    metadata: readonly number[],
  ): Outcome;
  /** Answers the descriptions to install, at most `count`. */
  receiveDescriptors?(
    caller: Caller,
    file: Description,
    count: number,
    metadata: readonly number[],
  ): Outcome | Description[];
  /** The last reference is gone. */
  close?(kernel: Kernel, file: Description): void;
}

/** An open file: shared by every descriptor that was duplicated from the first. */
export class Description {
  #references = 1;
  offset = 0;

  constructor(
    readonly provider: Provider,
    /** The scheme's own number for what is open. */
    readonly number: number,
    public flags: number,
    /** The kernel keeps an offset; otherwise the scheme is told that there is none. */
    readonly positioned: boolean,
  ) {}

  retain(): this {
    this.#references += 1;
    return this;
  }

  get references(): number {
    return this.#references;
  }

  release(kernel: Kernel): void {
    this.#references -= 1;
    if (this.#references > 0) return;
    kernel.events.forget(this);
    this.provider.close?.(kernel, this);
  }
}
