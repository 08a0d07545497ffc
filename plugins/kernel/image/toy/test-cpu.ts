import type { ToyCode } from './toy-cpu.js';

export interface TestMemory {
  /** Makes pages of zeros present, for user mode too where the address is the user's. */
  map(address: bigint, bytes: number): void;
  fill(address: bigint, bytes: Uint8Array): void;
  read(address: bigint, sizeBytes: number): bigint;
  write(address: bigint, sizeBytes: number, value: bigint): void;
}

/** What the tests of the image need from a processor: the toy, or the machine's own. */
export interface TestCpu {
  readonly memory: TestMemory;
  /** rax to r15 by number. */
  readonly registers: bigint[];
  rip: bigint;
  readonly rflags: bigint;
  readonly cs: bigint;
  readonly ss: bigint;
  readonly rsp: bigint;
  readonly gsBase: bigint;
  readonly halted: boolean;
  /** Vectors that wait for interrupts to be on. */
  readonly interrupts: number[];
  load(code: ToyCode): void;
  addressOf(symbol: string): bigint;
  step(): void;
  /** An NMI (2) or a debug exception (1), now. */
  disturb(vector: number): void;
}

export type TestCpuMaker = (hypercall: () => void) => TestCpu;

/** The page table that every context of the tests uses. */
export const PAGE_TABLE = 0x1000n;
