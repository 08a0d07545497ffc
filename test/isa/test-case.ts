/** Where a test's memory lies, for the host's processor and for ours. Everything around it is unmapped. */
export const CODE = 0x1_0000n;
export const DATA = 0x9_0000n;
/** Read only for the instruction, and visible a second time behind DATA. */
export const FIXED = 0xa_0000n;
/** The pages of DATA a second time, where a pointer needs all 64 bits. */
export const HIGH = 0x3a5a_0009_0000n;

export const FX_BYTES = 832;
export const YMM_AT = 576;

export const PAGE_BYTES = 4096;
export const DATA_BYTES = 2 * PAGE_BYTES;
/** DATA, then FIXED: what patches address. */
export const MEMORY_BYTES = 3 * PAGE_BYTES;

export interface Patch {
  /** Into DATA (0..8191) and FIXED (8192..12287). */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface CpuState {
  /** rax rcx rdx rbx rsp rbp rsi rdi r8..r15 */
  readonly gpr: BigUint64Array;
  rip: bigint;
  rflags: bigint;
  fsBase: bigint;
  gsBase: bigint;
  /** FX_BYTES as xsave lays them out: 512 of fxsave64, a header, the upper halves of the vector registers from YMM_AT on. */
  readonly fx: Uint8Array;
}

/** One instruction in one state. Memory not patched is zero. */
export interface TestCase {
  readonly code: Uint8Array;
  /** Into the CODE page. */
  readonly codeOffset: number;
  readonly before: CpuState;
  readonly memory: readonly Patch[];
  /** 64 when left out. */
  readonly mode?: 32 | 64;
  /** In 32-bit code: the segments that ES and SS are; flat when left out. */
  readonly segments?: { readonly es?: TestSegment; readonly ss?: TestSegment };
}

/** A segment that is not flat. */
export interface TestSegment {
  /** Its entry of the local descriptor table. */
  readonly entry: number;
  readonly base: bigint;
  readonly limit: number;
  /** As in `core/cpu`: type, S, DPL, P, AVL, L, D, G. */
  readonly attributes: number;
}

const segment = (entry: number, limit: number, attributes: number): TestSegment => ({
  entry,
  base: DATA,
  limit,
  attributes,
});

/** All of them at DATA, and as the harness makes them. */
export const TEST_SEGMENTS = {
  data: segment(0, 0xfff, 0x40f3),
  readOnly: segment(1, 0xfff, 0x40f1),
  expandDown: segment(2, 0xfff, 0x40f7),
  shortExpandDown: segment(3, 0xfff, 0x00f7),
  code: segment(4, 0xfff, 0x40fb),
  shortData: segment(5, 0x1fff, 0x00f3),
} as const;

export interface Fault {
  readonly vector: number;
  readonly errorCode: number;
  /** Zero unless the vector is 14. */
  readonly cr2: bigint;
}

export interface Outcome {
  readonly fault: Fault | undefined;
  readonly after: CpuState;
  /** The 8-byte words of memory that differ from before, ascending. */
  readonly changes: readonly Patch[];
}

/** Executes test cases, each from a fresh state: the host's processor, or ours. */
export interface CpuUnderTest {
  run(cases: readonly TestCase[]): Outcome[];
}

export function emptyState(): CpuState {
  const fx = new Uint8Array(FX_BYTES);
  const view = new DataView(fx.buffer);
  view.setUint16(0, 0x037f, true);
  view.setUint32(24, 0x1f80, true);
  view.setUint32(28, 0xffff, true);
  return { gpr: new BigUint64Array(16), rip: CODE, rflags: 2n, fsBase: 0n, gsBase: 0n, fx };
}

const NO_ERROR_CODE = new Set([0, 1, 3, 4, 5, 6, 7, 16, 19]);

/** A fault as both sides report it: without what the vector does not define. */
export function faultOf(vector: number, errorCode: number, cr2: bigint): Fault {
  return {
    vector,
    errorCode: NO_ERROR_CODE.has(vector) ? 0 : errorCode,
    cr2: vector === 14 ? cr2 : 0n,
  };
}
