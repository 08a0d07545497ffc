import type { GuestMemory } from '../../../core/cpu/types.js';
import {
  CONTEXT_COUNT,
  ContextFlag,
  ContextLayout,
  contextAddress,
  FrameLayout,
  initialFpuState,
  KERNEL_STACK_BYTES,
  KERNEL_STACK_SLOT_BYTES,
  KERNEL_STACKS,
  Selector,
  SWITCH_FRAME_BYTES,
} from '../image/layout.js';
import type { KernelMap } from '../memory/kernel-map.js';
import { PAGE_BYTES } from '../memory/frames.js';

/** The part of a context that guest code reads: its entry in the image's table, and its kernel stack. */
export class GuestContext {
  constructor(
    private readonly memory: GuestMemory,
    readonly address: bigint,
    private readonly physical: number,
    readonly stackTop: bigint,
    /** Physical address of the highest page of the kernel stack, where the frame lies. */
    private readonly topPage: number,
  ) {}

  get framePhysical(): number {
    return this.topPage + PAGE_BYTES - FrameLayout.sizeBytes;
  }

  get frameAddress(): bigint {
    return this.stackTop - BigInt(FrameLayout.sizeBytes);
  }

  get rsp(): bigint {
    return this.memory.read64(this.physical + ContextLayout.rsp);
  }

  /** A register of the interrupted user code, by its offset in `FrameLayout`. */
  frame(offset: number): bigint {
    return this.memory.read64(this.framePhysical + offset);
  }

  setFrame(offset: number, value: bigint): void {
    this.memory.write64(this.framePhysical + offset, BigInt.asUintN(64, value));
  }

  frameBytes(): Uint8Array {
    return this.memory.read(this.framePhysical, FrameLayout.sizeBytes);
  }

  setFrameBytes(bytes: Uint8Array): void {
    this.memory.write(this.framePhysical, bytes);
  }

  get fpu(): Uint8Array {
    return this.memory.read(this.physical + ContextLayout.fpu, ContextLayout.fpuBytes);
  }

  set fpu(bytes: Uint8Array) {
    this.memory.write(this.physical + ContextLayout.fpu, bytes.subarray(0, ContextLayout.fpuBytes));
  }

  get fsBase(): bigint {
    return this.memory.read64(this.physical + ContextLayout.fsBase);
  }

  set fsBase(value: bigint) {
    this.memory.write64(this.physical + ContextLayout.fsBase, value);
  }

  get gsBase(): bigint {
    return this.memory.read64(this.physical + ContextLayout.gsBase);
  }

  set gsBase(value: bigint) {
    this.memory.write64(this.physical + ContextLayout.gsBase, value);
  }

  set cr3(root: number) {
    this.memory.write64(this.physical + ContextLayout.cr3, BigInt(root));
  }

  set work(pending: boolean) {
    this.memory.write32(this.physical + ContextLayout.work, pending ? 1 : 0);
  }

  set state(number: number) {
    this.memory.write32(this.physical + ContextLayout.state, number);
  }

  set flags(bits: number) {
    this.memory.write32(this.physical + ContextLayout.flags, bits);
  }

  set id(id: number) {
    this.memory.write32(this.physical + ContextLayout.id, id);
  }

  set name(text: string) {
    const bytes = new Uint8Array(ContextLayout.nameBytes);
    bytes.set(Buffer.from(text, 'utf8').subarray(0, ContextLayout.nameBytes - 1));
    this.memory.write(this.physical + ContextLayout.name, bytes);
  }

  /** Builds the stack on which the first switch to this context lands in `start`. */
  prepare(start: bigint, root: number, isolate: boolean): void {
    this.memory.write(this.framePhysical, new Uint8Array(FrameLayout.sizeBytes));
    this.setFrame(FrameLayout.cs, BigInt(isolate ? Selector.kernelCode : Selector.userCode));
    this.setFrame(FrameLayout.ss, BigInt(isolate ? Selector.kernelData : Selector.userData));
    this.setFrame(FrameLayout.rflags, 0x202n);
    const below = this.framePhysical - SWITCH_FRAME_BYTES;
    this.memory.fill(below, 0, SWITCH_FRAME_BYTES);
    this.memory.write64(below + SWITCH_FRAME_BYTES - 8, start);
    this.memory.write64(this.physical + ContextLayout.rsp, this.frameAddress - BigInt(SWITCH_FRAME_BYTES));
    this.memory.write64(this.physical + ContextLayout.kernelStackTop, this.stackTop);
    this.flags = isolate ? ContextFlag.isolate | ContextFlag.noFpu : 0;
    this.cr3 = root;
    this.work = false;
    this.fpu = initialFpuState();
  }
}

export interface ContextTableParts {
  readonly memory: GuestMemory;
  readonly kernelMap: KernelMap;
  /** Linear and physical address of the image's `contexts`. */
  readonly contexts: bigint;
  readonly contextsPhysical: number;
}

const SMALLEST_RING = 32;

/** Hands out the slots of the image's table. A slot keeps its kernel stack when it is used again. */
export class ContextTable {
  readonly #used = new Set<number>([0]);
  /** By slot. */
  readonly #guests: GuestContext[] = [];
  readonly #stacks = new Map<number, number>();
  #lastSlot = 0;

  constructor(private readonly parts: ContextTableParts) {}

  /** A free slot, or undefined when 1024 contexts are alive. Slots are not reused at once: a debugger may look. */
  take(): number | undefined {
    // Every slot once used keeps its stack: no more of them go round than twice what is in use.
    const ring = Math.min(CONTEXT_COUNT - 1, Math.max(SMALLEST_RING, 2 * this.#used.size));
    for (let tried = 1; tried <= ring; tried++) {
      const slot = 1 + ((this.#lastSlot + tried - 1) % ring);
      if (this.#used.has(slot)) continue;
      this.#used.add(slot);
      this.#lastSlot = slot;
      return slot;
    }
    return undefined;
  }

  release(slot: number): void {
    this.#used.delete(slot);
    this.parts.memory.fill(this.#physical(slot), 0, ContextLayout.sizeBytes);
  }

  guest(slot: number): GuestContext {
    return (this.#guests[slot] ??= this.#describe(slot));
  }

  #describe(slot: number): GuestContext {
    const stackBase = KERNEL_STACKS + BigInt(slot * KERNEL_STACK_SLOT_BYTES);
    const address = contextAddress(this.parts.contexts, slot);
    const top = stackBase + BigInt(KERNEL_STACK_SLOT_BYTES);
    return new GuestContext(this.parts.memory, address, this.#physical(slot), top, this.#stack(slot, top));
  }

  slotOf(address: bigint): number {
    return Number(address - this.parts.contexts) / ContextLayout.sizeBytes;
  }

  #physical(slot: number): number {
    return this.parts.contextsPhysical + slot * ContextLayout.sizeBytes;
  }

  #stack(slot: number, top: bigint): number {
    const known = this.#stacks.get(slot);
    if (known !== undefined) return known;
    const pages = this.parts.kernelMap.mapFresh(top - BigInt(KERNEL_STACK_BYTES), KERNEL_STACK_BYTES);
    const topPage = pages.at(-1) ?? 0;
    this.#stacks.set(slot, topPage);
    return topPage;
  }
}
