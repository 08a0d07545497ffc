import type { GuestMemory } from '../../../core/cpu/types.js';
import { PAGE_BYTES } from './frames.js';
import { USER_END } from './address-space.js';
import type { AddressSpace } from './address-space.js';

/**
 * A guest pointer that cannot be used now. The gate lets the pad touch the address, then the call is made again. Not an Error: a
 * guest provokes thousands a second, and a stack trace tells it nothing.
 */
export class UserFault {
  constructor(
    readonly address: number,
    readonly write: boolean,
  ) {}

  toString(): string {
    return `user memory at 0x${this.address.toString(16)}`;
  }
}

/** A guest pointer that can never be used: EFAULT at once. */
export class BadPointer {
  toString(): string {
    return 'a pointer that means nothing';
  }
}

/** The memory behind a context's pointers. Every method may throw UserFault or BadPointer, before any effect. */
export interface UserMemory {
  read(pointer: number, length: number): Uint8Array;
  write(pointer: number, bytes: Uint8Array): void;
  /** Makes sure that a later write of these bytes succeeds. */
  prepareWrite(pointer: number, length: number): void;
}

/** User memory of a native process: the pages of its address space. */
export class NativeUserMemory implements UserMemory {
  constructor(
    private readonly memory: GuestMemory,
    private readonly space: AddressSpace,
  ) {}

  read(pointer: number, length: number): Uint8Array {
    this.#resolve(pointer, length, false);
    const bytes = new Uint8Array(length);
    this.#eachPart(pointer, length, false, (physical, at, count) => {
      bytes.set(this.memory.view(physical, count), at);
    });
    return bytes;
  }

  write(pointer: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.prepareWrite(pointer, bytes.length);
    this.#eachPart(pointer, bytes.length, true, (physical, at, count) => {
      this.memory.write(physical, bytes.subarray(at, at + count));
    });
    this.memory.notifyLinearAccess(BigInt(pointer), bytes.length, 'write');
  }

  prepareWrite(pointer: number, length: number): void {
    this.#resolve(pointer, length, true);
  }

  #resolve(pointer: number, length: number, write: boolean): void {
    if (length === 0) return;
    if (!(pointer >= 0 && length >= 0 && pointer + length <= USER_END)) throw new BadPointer();
    const end = pointer + length;
    for (let page = pointer - (pointer % PAGE_BYTES); page < end; page += PAGE_BYTES) {
      const at = Math.max(page, pointer);
      if (this.memory.translateUser(at, this.#root(), write) < 0) throw new UserFault(at, write);
    }
  }

  #eachPart(
    pointer: number,
    length: number,
    write: boolean,
    visit: (physical: number, at: number, count: number) => void,
  ): void {
    for (let at = 0; at < length;) {
      const count = Math.min(PAGE_BYTES - ((pointer + at) % PAGE_BYTES), length - at);
      visit(this.memory.translateUser(pointer + at, this.#root(), write), at, count);
      at += count;
    }
  }

  /** No getter: V8 calls into its runtime for private ones. */
  #root(): number {
    return this.space.table.root;
  }
}

/** User memory of an isolate: pointers are offsets into its shared page, whose head no call may touch. */
export class SharedUserMemory implements UserMemory {
  readonly #bytes: Uint8Array;

  constructor(
    page: SharedArrayBuffer,
    private readonly floor: number,
  ) {
    this.#bytes = new Uint8Array(page);
  }

  read(pointer: number, length: number): Uint8Array {
    this.prepareWrite(pointer, length);
    return this.#bytes.slice(pointer, pointer + length);
  }

  write(pointer: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.prepareWrite(pointer, bytes.length);
    this.#bytes.set(bytes, pointer);
  }

  prepareWrite(pointer: number, length: number): void {
    if (length === 0) return;
    const inside = pointer >= this.floor && length >= 0 && pointer + length <= this.#bytes.length;
    if (!inside) throw new BadPointer();
  }
}

/** Kernel threads and contexts that have no program yet own no memory. */
export const noUserMemory: UserMemory = {
  read: (_pointer, length) => (length === 0 ? new Uint8Array() : refuse()),
  write: (_pointer, bytes) => (bytes.length === 0 ? undefined : refuse()),
  prepareWrite: (_pointer, length) => (length === 0 ? undefined : refuse()),
};

function refuse(): never {
  throw new BadPointer();
}
