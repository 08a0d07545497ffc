import type { AccessKind, GuestMemory } from '../memory/types.js';
import type { DecodedBlock } from './decoded-block.js';
import type { CpuModel } from './model.js';
import type { PrebuiltCode } from './generated.js';
import type { TierTwoOptions } from './tier-two/tier-two.js';

export type { AccessKind, GuestMemory, Translation } from '../memory/types.js';

/** Undo one registration; calling it twice is the same as calling it once. */
export type Undo = () => void;

export type ExitReason = 'budget' | 'halt' | 'breakpoint' | 'watchpoint' | 'request' | 'tripleFault';
export type WatchKind = 'read' | 'write' | 'access';
export type PortSize = 1 | 2 | 4;

/** What generated code asks of the machine around it. */
export interface CpuBus {
  portIn(port: number, sizeBytes: PortSize): number;
  portOut(port: number, sizeBytes: PortSize, value: number): void;
  /** A physical address outside RAM. */
  mmioRead(physical: number, sizeBytes: number): bigint | number;
  mmioWrite(physical: number, sizeBytes: number, value: bigint): void;
  /** `vmcall`. False means #UD. */
  hypercall(): boolean;
  /** The vector, asked when the line is high, IF is set and no shadow holds interrupts back. */
  acknowledgeInterrupt(): number;
  /** Present only when tapped. True: answered, do not deliver. */
  exception?(vector: number, errorCode: number, cr2: bigint): boolean;
  /** Present only when tapped. True: answered, do not deliver. */
  interrupt?(vector: number): boolean;
  /** Present only when tapped. True: answered, with rip already behind the instruction. */
  syscall?(): boolean;
  /** Present only when tapped; asked behind the instruction. True: answered, go on. */
  watch?(hit: WatchHit): boolean;
  /** Present only when tapped. May add breakpoints, also in the block itself. */
  translate?(block: DecodedBlock): void;
  /** An instruction that no row describes, or that the mode does not allow, is about to raise #UD. */
  undefinedOpcode?(rip: bigint, bytes: Uint8Array, row: string | undefined): void;
}

export type SegmentName = 'es' | 'cs' | 'ss' | 'ds' | 'fs' | 'gs' | 'ldtr' | 'tr';

export interface Segment {
  readonly selector: number;
  readonly base: bigint;
  readonly limit: number;
  /** Descriptor bits 40..55 as in VMX: type, S, DPL, P, AVL, L, D, G. */
  readonly attributes: number;
}

export interface DescriptorTable {
  readonly base: bigint;
  readonly limit: number;
}

export interface FpuState {
  fcw: number;
  fsw: number;
  /** The abridged tag byte of fxsave: bit i set = physical register i holds something. */
  ftw: number;
  /** st(i) by stack position, 10 bytes, a view. */
  st(i: number): Uint8Array;
}

/** General registers by number, 0 = rax .. 15 = r15. */
export interface Registers {
  /** Unsigned halves: the fast way to look. */
  low(register: number): number;
  high(register: number): number;
  /** high * 2^32 + low: exact only when the caller has looked at high. */
  number(register: number): number;
  /** Two's complement, so negative values are allowed. */
  setNumber(register: number, value: number): void;
  get(register: number): bigint;
  set(register: number, value: bigint): void;
  rip: bigint;
  rflags: bigint;
  cr0: bigint;
  cr2: bigint;
  cr3: bigint;
  cr4: bigint;
  cr8: bigint;
  xcr0: bigint;
  efer: bigint;
  fsBase: bigint;
  gsBase: bigint;
  kernelGsBase: bigint;
  star: bigint;
  lstar: bigint;
  cstar: bigint;
  fmask: bigint;
  segment(name: SegmentName): Segment;
  setSegment(name: SegmentName, segment: Segment): void;
  gdtr: DescriptorTable;
  idtr: DescriptorTable;
  cpl: number;
  /** 16 bytes, a view. */
  xmm(i: number): Uint8Array;
  /** 32 bytes, a view. */
  ymm(i: number): Uint8Array;
  mxcsr: number;
  readonly fpu: FpuState;
}

export type CpuidLeaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

export interface WatchHit {
  readonly linear: bigint;
  readonly kind: AccessKind;
}

/** Plain data: survives structuredClone and JSON with bigint as text. */
export interface CpuSnapshot {
  readonly version: 1;
  /** The state block, without anything that can be computed again. */
  readonly state: Uint8Array;
  readonly ram: Uint8Array;
  readonly retired: number;
}

export interface Cpu {
  readonly registers: Registers;
  readonly memory: GuestMemory;
  /** Retires at most `maxInstructions`, and exactly as many when the answer is 'budget'. */
  run(maxInstructions: number): ExitReason;
  /** Instructions retired since power on. */
  readonly retired: number;
  /** Leave generated code at the next instruction border. */
  requestExit(): void;
  setInterruptLine(high: boolean): void;
  raiseNmi(): void;
  /** 'breakpoint' before the instruction executes; the next run() steps over it. */
  addBreakpoint(linear: bigint, applies?: () => boolean): Undo;
  /** 'watchpoint' after the access has completed. */
  addWatchpoint(linear: bigint, length: number, kind: WatchKind, applies?: () => boolean): Undo;
  readonly lastWatch: WatchHit | undefined;
  /** What the instruction answers: EAX, EBX, ECX, EDX. */
  cpuid(leaf: number, subleaf?: number): CpuidLeaf;
  reset(): void;
  flushTlb(): void;
  invalidatePage(linear: bigint): void;
  save(): CpuSnapshot;
  restore(snapshot: CpuSnapshot): void;
}

export interface CpuOptions {
  readonly ramBytes: number;
  readonly bus: CpuBus;
  /** 32 bytes that rdrand and rdseed start from, asked for at the first of them; without it they are the same in every run. */
  readonly seed?: (() => Uint8Array) | undefined;
  /** What `generateCode()` made at build time, to save making it again. */
  readonly prebuilt?: PrebuiltCode | undefined;
  /** Which instructions there are; all that are built when left out. */
  readonly model?: CpuModel | undefined;
  /** 1 interprets everything; 2 compiles what is hot. */
  readonly tier?: 1 | 2 | undefined;
  /** How the second tier compiles; false is the same as tier 1. */
  readonly tierTwo?: TierTwoOptions | false | undefined;
}
