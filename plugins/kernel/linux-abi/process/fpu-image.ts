import type { Context } from '../../contexts/context.js';
import type { Kernel } from '../../kernel.js';

const IMAGE_BYTES = 512;
const MXCSR_MASK = 0xffff;
const At = { fcw: 0, fsw: 2, ftw: 4, mxcsr: 24, mxcsrMask: 28, st: 32, xmm: 160 } as const;
const XMM_COUNT = 16;
const ST_COUNT = 8;

/** The FXSAVE image of a context: from the processor when it runs, from where the last switch put it otherwise. */
export function fxsaveImage(kernel: Kernel, context: Context): Uint8Array {
  if (context !== kernel.current) return kernel.guest(context).fpu;
  const { registers } = kernel.cpu;
  const bytes = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(At.fcw, registers.fpu.fcw, true);
  view.setUint16(At.fsw, registers.fpu.fsw, true);
  view.setUint8(At.ftw, registers.fpu.ftw);
  view.setUint32(At.mxcsr, registers.mxcsr, true);
  view.setUint32(At.mxcsrMask, MXCSR_MASK, true);
  for (let i = 0; i < ST_COUNT; i++) bytes.set(registers.fpu.st(i), At.st + i * 16);
  for (let i = 0; i < XMM_COUNT; i++) bytes.set(registers.xmm(i), At.xmm + i * 16);
  return bytes;
}

/** Gives the context another FPU state. Reserved bits of MXCSR are dropped: FXRSTOR would fault on them in the kernel. */
export function loadFxsaveImage(kernel: Kernel, context: Context, image: Uint8Array): void {
  const bytes = image.slice(0, IMAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(At.mxcsr, view.getUint32(At.mxcsr, true) & MXCSR_MASK, true);
  if (context !== kernel.current) {
    kernel.guest(context).fpu = bytes;
    return;
  }
  const { registers } = kernel.cpu;
  registers.fpu.fcw = view.getUint16(At.fcw, true);
  registers.fpu.fsw = view.getUint16(At.fsw, true);
  registers.fpu.ftw = view.getUint8(At.ftw);
  registers.mxcsr = view.getUint32(At.mxcsr, true);
  for (let i = 0; i < ST_COUNT; i++)
    registers.fpu.st(i).set(bytes.subarray(At.st + i * 16, At.st + i * 16 + 10));
  for (let i = 0; i < XMM_COUNT; i++)
    registers.xmm(i).set(bytes.subarray(At.xmm + i * 16, At.xmm + i * 16 + 16));
}
