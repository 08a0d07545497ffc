import {
  Action,
  ContextFlag,
  ContextLayout,
  FrameLayout,
  Hypercall,
  PercpuLayout,
  Selector,
} from './layout.js';

const CARRY_TO_OVERFLOW = 0x8d5;
const TF = 0x100;
const IF = 0x200;
const DF = 0x400;
const IOPL = 0x3000;
const NT = 0x4000;
const RF = 0x1_0000;
const AC = 0x4_0000;
const ID = 0x20_0000;
const ALWAYS_ONE = 2;

const OTHERS: Readonly<Record<string, number>> = {
  CR4_OSXSAVE: 0x4_0000,
  /** x87, SSE and AVX, in XCR0 and in what xsave and xrstor are asked for. */
  STATE_COMPONENTS: 7,
  MSR_STAR: 0xc000_0081,
  MSR_LSTAR: 0xc000_0082,
  MSR_SFMASK: 0xc000_0084,
  MSR_FS_BASE: 0xc000_0100,
  MSR_GS_BASE: 0xc000_0101,
  MSR_KERNEL_GS_BASE: 0xc000_0102,
  /** `sysretq` adds 8 and 16 to the upper selector for ss and cs. */
  STAR_HIGH: ((Selector.userData - 8) << 16) | Selector.kernelCode,
  SYSCALL_CLEARED_FLAGS: CARRY_TO_OVERFLOW | TF | IF | DF | IOPL | NT | RF | AC | ID,
  USER_FLAGS: CARRY_TO_OVERFLOW | TF | DF | NT | RF | AC | ID,
  USER_FLAGS_SET: IF | ALWAYS_ONE,
  FLAGS_NEED_IRETQ: TF | RF,
  USER_ADDRESS_BITS: 47,
  VECTOR_DEBUG: 1,
  VECTOR_NON_MASKABLE: 2,
  VECTOR_DOUBLE_FAULT: 8,
  VECTOR_GENERAL_PROTECTION: 13,
  VECTOR_PAGE_FAULT: 14,
  FRAME_BYTES: FrameLayout.sizeBytes,
  FRAME_WORDS: FrameLayout.sizeBytes / 8,
  TSS_RSP0: 4,
  /** "idle", little-endian. */
  NAME_IDLE: 0x656c_6469,
  EFAULT: 14,
};

const upperSnake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

function* prefixed(prefix: string, values: Readonly<Record<string, number>>): Iterable<[string, number]> {
  for (const [name, value] of Object.entries(values)) yield [`${prefix}_${upperSnake(name)}`, value];
}

/** The names that the assembly text uses: `ContextLayout.kernelStackTop` is `CONTEXT_KERNEL_STACK_TOP`. */
export const assemblyConstants: ReadonlyMap<string, number> = new Map([
  ...prefixed('HYPERCALL', Hypercall),
  ...prefixed('ACTION', Action),
  ...prefixed('CONTEXT', ContextLayout),
  ...prefixed('CONTEXT_FLAG', ContextFlag),
  ...prefixed('PERCPU', PercpuLayout),
  ...prefixed('FRAME', FrameLayout),
  ...prefixed('SELECTOR', Selector),
  ...Object.entries(OTHERS),
]);
