import type { Context } from '../../contexts/context.js';
import { FrameLayout } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';
import {
  ALL_COMPONENTS,
  fpuImage,
  IMAGE_BYTES,
  LEGACY_IMAGE_BYTES,
  loadFpuImage,
} from '../process/fpu-image.js';
import { onAlternateStack, SS_DISABLE, SS_ONSTACK, threadOf } from '../process/thread.js';
import { SaFlag } from './signal-action.js';
import type { SignalAction } from './signal-action.js';
import { Sig, UNBLOCKABLE } from './signal-numbers.js';
import type { SignalInfo } from './signal-queue.js';

/**
 * struct rt_sigframe (arch/x86/include/asm/sigframe.h): return address, ucontext (304 bytes), siginfo (128 bytes), then,
 * 64-byte aligned here, the XSAVE image that uc_mcontext.fpstate points to, with a magic number behind it.
 */
const Layout = {
  returnAddress: 0,
  flags: 8,
  link: 16,
  stackBase: 24,
  stackFlags: 32,
  stackSize: 40,
  registers: 48,
  fpstate: 48 + 184,
  mask: 8 + 296,
  siginfo: 8 + 304,
  fpu: 456,
} as const;

/** struct _fpx_sw_bytes in the bytes that FXSAVE leaves alone: what the image is followed by. */
const Extension = { magic: 464, extendedSize: 468, components: 472, imageSize: 480 } as const;
const MAGIC_START = 0x4650_5853;
const MAGIC_END = 0x4650_5845;
const MAGIC_BYTES = 4;

export const SIGNAL_FRAME_BYTES = Layout.fpu + IMAGE_BYTES + MAGIC_BYTES;
/** UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS. */
const UC_FLAGS = 7;
const SAVED_RFLAGS = 0x0024_0dd5n;

/** The order of struct sigcontext, as offsets into the kernel's frame. */
const REGISTER_ORDER = [
  FrameLayout.r8, FrameLayout.r9, FrameLayout.r10, FrameLayout.r11, FrameLayout.r12, FrameLayout.r13, FrameLayout.r14, FrameLayout.r15,
  FrameLayout.rdi, FrameLayout.rsi, FrameLayout.rbp, FrameLayout.rbx, FrameLayout.rdx, FrameLayout.rax, FrameLayout.rcx, FrameLayout.rsp,
  FrameLayout.rip, FrameLayout.rflags,
] as const; // prettier-ignore

export interface FrameRequest {
  readonly info: SignalInfo;
  readonly action: SignalAction;
  readonly mask: bigint;
  readonly address: number;
  readonly rip: bigint;
  readonly rax: bigint;
}

export function buildSignalFrame(kernel: Kernel, context: Context, request: FrameRequest): Uint8Array {
  const bytes = new Uint8Array(SIGNAL_FRAME_BYTES);
  const view = new DataView(bytes.buffer);
  const { action, address, mask } = request;
  view.setBigUint64(Layout.returnAddress, BigInt(action.flags & SaFlag.RESTORER ? action.restorer : 0), true);
  view.setBigUint64(Layout.flags, BigInt(UC_FLAGS), true);
  writeStack(view, kernel, context);
  writeRegisters(view, kernel, context, request);
  view.setBigUint64(Layout.fpstate, BigInt(address + Layout.fpu), true);
  view.setBigUint64(Layout.mask, mask, true);
  bytes.set(encodeSiginfo(request.info), Layout.siginfo);
  writeExtendedState(bytes.subarray(Layout.fpu), fpuImage(kernel, context));
  return bytes;
}

function writeExtendedState(to: Uint8Array, image: Uint8Array): void {
  const view = new DataView(to.buffer, to.byteOffset);
  to.set(image);
  view.setUint32(Extension.magic, MAGIC_START, true);
  view.setUint32(Extension.extendedSize, IMAGE_BYTES + MAGIC_BYTES, true);
  view.setUint32(Extension.components, ALL_COMPONENTS, true);
  view.setUint32(Extension.imageSize, IMAGE_BYTES, true);
  view.setUint32(IMAGE_BYTES, MAGIC_END, true);
}

/** All of the image where both magic numbers are there, else the part that FXSAVE writes. */
function readExtendedState(context: Context, address: number): Uint8Array {
  const legacy = context.user.read(address, LEGACY_IMAGE_BYTES);
  const view = new DataView(legacy.buffer, legacy.byteOffset);
  const announced =
    view.getUint32(Extension.magic, true) === MAGIC_START &&
    view.getUint32(Extension.imageSize, true) === IMAGE_BYTES;
  if (!announced) return legacy;
  const whole = context.user.read(address, IMAGE_BYTES + MAGIC_BYTES);
  const end = new DataView(whole.buffer, whole.byteOffset).getUint32(IMAGE_BYTES, true);
  return end === MAGIC_END ? whole.subarray(0, IMAGE_BYTES) : legacy;
}

/** Takes the registers, mask and FPU state back that a handler returns with. */
export function restoreSignalFrame(kernel: Kernel, context: Context, address: number): void {
  const bytes = context.user.read(address, SIGNAL_FRAME_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const pointer = Number(view.getBigUint64(Layout.fpstate, true));
  const fpu = pointer === 0 ? undefined : readExtendedState(context, pointer);
  const guest = kernel.guest(context);
  REGISTER_ORDER.forEach((offset, index) => {
    const value = view.getBigUint64(Layout.registers + index * 8, true);
    if (offset !== FrameLayout.rflags) return guest.setFrame(offset, value);
    const kept = guest.frame(offset) & ~SAVED_RFLAGS;
    guest.setFrame(offset, kept | (value & SAVED_RFLAGS));
  });
  guest.setFrame(FrameLayout.origRax, -1n);
  threadOf(context).blocked = view.getBigUint64(Layout.mask, true) & ~UNBLOCKABLE;
  if (fpu) loadFpuImage(kernel, context, fpu);
}

function writeStack(view: DataView, kernel: Kernel, context: Context): void {
  const { alternateStack } = threadOf(context);
  const rsp = kernel.guest(context).frame(FrameLayout.rsp);
  const flags =
    alternateStack.flags & SS_DISABLE
      ? SS_DISABLE
      : onAlternateStack(threadOf(context), rsp)
        ? SS_ONSTACK
        : 0;
  view.setBigUint64(Layout.stackBase, BigInt(alternateStack.base), true);
  view.setInt32(Layout.stackFlags, flags, true);
  view.setBigUint64(Layout.stackSize, BigInt(alternateStack.size), true);
}

function writeRegisters(view: DataView, kernel: Kernel, context: Context, { rip, rax }: FrameRequest): void {
  const guest = kernel.guest(context);
  REGISTER_ORDER.forEach((offset, index) => {
    const value = offset === FrameLayout.rip ? rip : offset === FrameLayout.rax ? rax : guest.frame(offset);
    view.setBigUint64(Layout.registers + index * 8, value, true);
  });
  const tail = Layout.registers + REGISTER_ORDER.length * 8;
  // cs, gs, fs, ss as 16-bit fields; then err, trapno, oldmask, cr2.
  view.setUint16(tail, 0x33, true);
  view.setUint16(tail + 6, 0x2b, true);
  const { vector = 0, errorCode = 0, address = 0 } = context.exception ?? {};
  view.setBigUint64(tail + 8, BigInt(errorCode), true);
  view.setBigUint64(tail + 16, BigInt(vector), true);
  view.setBigUint64(tail + 32, BigInt.asUintN(64, BigInt(Number.isNaN(address) ? 0 : address)), true);
}

/** siginfo_t, 128 bytes: the union by what the signal is about. */
export function encodeSiginfo(info: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, info.signal, true);
  view.setInt32(8, info.code, true);
  if (info.address !== undefined) {
    view.setBigUint64(16, BigInt.asUintN(64, BigInt(Number.isNaN(info.address) ? 0 : info.address)), true);
    return bytes;
  }
  view.setInt32(16, info.pid ?? 0, true);
  view.setUint32(20, info.uid ?? 0, true);
  if (info.signal === Sig.CHLD) view.setInt32(24, info.status ?? 0, true);
  else view.setBigInt64(24, BigInt(info.value ?? 0), true);
  return bytes;
}
