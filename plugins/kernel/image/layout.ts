/**
 * What the kernel image (guest code) and the kernel (TypeScript) agree on: numbers, offsets in bytes, addresses.
 * `entry.asm.ts` sees every constant of this file by the names that `assemblyConstants` gives them.
 */

/** Numbers in eax at `vmcall`. Results come back in rax and rdx; every other register is preserved by the kernel. */
export const Hypercall = {
  /** From `_start`, once stacks, tables and MSRs are loaded. */
  boot: 0,
  /** rsp = frame; the frame's rax is the syscall number. rax = address of the pad to call. */
  route: 1,
  /** rax = previous context, rdx = next context, as addresses. Equal: nothing to switch. */
  schedule: 2,
  /** rdi = vector, rsi = frame. rax = 1 when a reschedule is due. */
  irq: 3,
  /** rdi = frame, rsi = vector, rdx = error code, rcx = cr2, r8 = 1 when the touch asked for last time failed. edx = action. */
  exception: 4,
  /** rdi = frame, r8 as for `exception`. edx = action; done goes on to user mode. */
  userWork: 5,
  /** rdi = frame. rax = address of the pad, arguments written to the frame as for a syscall (rdi rsi rdx r10 r8 r9). edx = action. */
  isolateNext: 6,
  /** rdi = frame, rsi = what the pad returned. No action. */
  isolateReply: 7,
  /** rdi = frame, rsi = vector: a fault in ring 0 that is nobody's plan. Does not return. */
  panic: 8,
  /** Plus the index of a pad: its handler. Arguments in rdi rsi rdx rcx r8 r9; rax = result, edx = action. */
  pad: 0x100,
} as const;

/** In edx after a pad's `vmcall`, and after `exception`, `userWork` and `isolateNext`. */
export const Action = {
  done: 0,
  /** Call `block`, then retry. */
  wait: 1,
  /** Open an interrupt window, then retry. */
  again: 2,
  /** Read one byte at the address in rax, then retry; a pad returns -EFAULT when that fails. */
  fault: 3,
  /** The same with a write that changes nothing. */
  faultWrite: 4,
  /** Call `exit_context`, which never returns. */
  killed: 5,
} as const;

/** `struct context`: one entry of the table `contexts`. */
export const ContextLayout = {
  rsp: 0,
  cr3: 8,
  fsBase: 16,
  gsBase: 24,
  kernelStackTop: 32,
  id: 40,
  state: 44,
  work: 48,
  flags: 52,
  name: 64,
  nameBytes: 32,
  fpu: 512,
  /** An XSAVE image in the standard format, on a boundary of 64 bytes. */
  fpuBytes: 832,
  sizeBytes: 1408,
} as const;

export const ContextFlag = {
  /** Never enters user mode. */
  isolate: 1,
  /** Has no FPU or SSE state to switch. */
  noFpu: 2,
} as const;

export const CONTEXT_COUNT = 1024;

/** `struct percpu`, where the kernel's GS base points. */
export const PercpuLayout = {
  self: 0,
  userRsp: 8,
  current: 16,
  kernelStackTop: 24,
  tss: 32,
  sizeBytes: 64,
} as const;

/** `struct frame`: the registers of what was interrupted. From user mode it ends at the kernel stack's top. */
export const FrameLayout = {
  r15: 0,
  r14: 8,
  r13: 16,
  r12: 24,
  rbp: 32,
  rbx: 40,
  r11: 48,
  r10: 56,
  r9: 64,
  r8: 72,
  rsi: 80,
  rdi: 88,
  rdx: 96,
  rcx: 104,
  rax: 112,
  /** Syscall: its number. Exception: the error code or 0. Interrupt: the complement of the vector (negative). */
  origRax: 120,
  rip: 128,
  cs: 136,
  rflags: 144,
  rsp: 152,
  ss: 160,
  sizeBytes: 168,
} as const;

/** What `context_switch` pushes: six registers (r15 lowest), then the return address. */
export const SWITCH_FRAME_BYTES = 56;

export const Selector = {
  kernelCode: 0x08,
  kernelData: 0x10,
  userData: 0x23,
  userCode: 0x2b,
  tss: 0x30,
} as const;

export const IMAGE_PHYSICAL = 0x10_0000;
export const IMAGE_VIRTUAL = 0xffff_ffff_8010_0000n;
export const DIRECT_MAP = 0xffff_8000_0000_0000n;
export const KERNEL_STACKS = 0xffff_ff00_0000_0000n;
/** Distance between two kernel stacks: a guard below, the mapped part above. */
export const KERNEL_STACK_SLOT_BYTES = 0x2_0000;
export const KERNEL_STACK_BYTES = 0x1_0000;

export const contextAddress = (contexts: bigint, index: number): bigint =>
  contexts + BigInt(index * ContextLayout.sizeBytes);

/** Offset of XSTATE_BV, the components that an XSAVE image holds: bit 0 x87, bit 1 SSE, bit 2 AVX. */
export const XSTATE_COMPONENTS_AT = 512;

/** An XSAVE image as after FNINIT and with MXCSR at its reset value (Intel SDM vol. 1, 10.5.1 and 13.4). */
export function initialFpuState(): Uint8Array {
  const bytes = new Uint8Array(ContextLayout.fpuBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x037f, true);
  view.setUint32(24, 0x1f80, true);
  view.setUint32(XSTATE_COMPONENTS_AT, 3, true);
  return bytes;
}
