import type { Context } from '../../contexts/context.js';
import { ContextLayout, XSTATE_COMPONENTS_AT } from '../../image/layout.js';
import type { Kernel } from '../../kernel.js';

/** An image that FXSAVE writes: without header and upper halves of the vector registers. */
export const LEGACY_IMAGE_BYTES = 512;
export const IMAGE_BYTES = ContextLayout.fpuBytes;
const HEADER_BYTES = 64;
const MXCSR_MASK = 0xffff;
const At = { fcw: 0, fsw: 2, ftw: 4, mxcsr: 24, mxcsrMask: 28, st: 32, xmm: 160, ymm: 576 } as const;
const VECTOR_COUNT = 16;
const ST_COUNT = 8;
const LEGACY_COMPONENTS = 3;
const AVX = 4;
export const ALL_COMPONENTS = 7;

/** The XSAVE image of a context: from the processor when it runs, from where the last switch put it otherwise. */
export function fpuImage(kernel: Kernel, context: Context): Uint8Array {
  if (context !== kernel.current) return kernel.guest(context).fpu;
  const { registers } = kernel.cpu;
  const bytes = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(At.fcw, registers.fpu.fcw, true);
  view.setUint16(At.fsw, registers.fpu.fsw, true);
  view.setUint8(At.ftw, registers.fpu.ftw);
  view.setUint32(At.mxcsr, registers.mxcsr, true);
  view.setUint32(At.mxcsrMask, MXCSR_MASK, true);
  view.setUint32(XSTATE_COMPONENTS_AT, ALL_COMPONENTS, true);
  for (let i = 0; i < ST_COUNT; i++) bytes.set(registers.fpu.st(i), At.st + i * 16);
  for (let i = 0; i < VECTOR_COUNT; i++) {
    const vector = registers.ymm(i);
    bytes.set(vector.subarray(0, 16), At.xmm + i * 16);
    bytes.set(vector.subarray(16), At.ymm + i * 16);
  }
  return bytes;
}

/** Without what XRSTOR would fault on in the kernel: reserved bits of MXCSR and of the header. */
function sanitized(image: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(IMAGE_BYTES);
  bytes.set(image.subarray(0, IMAGE_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint32(At.mxcsr, view.getUint32(At.mxcsr, true) & MXCSR_MASK, true);
  const isLegacy = image.length < IMAGE_BYTES;
  const components = isLegacy
    ? LEGACY_COMPONENTS
    : view.getUint32(XSTATE_COMPONENTS_AT, true) & ALL_COMPONENTS;
  bytes.fill(0, XSTATE_COMPONENTS_AT, XSTATE_COMPONENTS_AT + HEADER_BYTES);
  view.setUint32(XSTATE_COMPONENTS_AT, components, true);
  return bytes;
}

/** Gives the context another FPU state: an XSAVE image in the standard format, or one of FXSAVE. */
export function loadFpuImage(kernel: Kernel, context: Context, image: Uint8Array): void {
  const bytes = sanitized(image);
  if (context === kernel.current) loadRegisters(kernel, bytes);
  else kernel.guest(context).fpu = bytes;
}

function loadRegisters({ cpu: { registers } }: Kernel, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  registers.fpu.fcw = view.getUint16(At.fcw, true);
  registers.fpu.fsw = view.getUint16(At.fsw, true);
  registers.fpu.ftw = view.getUint8(At.ftw);
  registers.mxcsr = view.getUint32(At.mxcsr, true);
  for (let i = 0; i < ST_COUNT; i++)
    registers.fpu.st(i).set(bytes.subarray(At.st + i * 16, At.st + i * 16 + 10));
  if ((view.getUint32(XSTATE_COMPONENTS_AT, true) & AVX) === 0) bytes.fill(0, At.ymm);
  for (let i = 0; i < VECTOR_COUNT; i++) {
    registers.ymm(i).set(bytes.subarray(At.xmm + i * 16, At.xmm + i * 16 + 16));
    registers.ymm(i).set(bytes.subarray(At.ymm + i * 16, At.ymm + i * 16 + 16), 16);
  }
}
