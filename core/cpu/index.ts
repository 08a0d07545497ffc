import { X86Cpu } from './cpu.js';
import type { Cpu, CpuOptions } from './types.js';

export type * from './types.js';

/** A processor with its RAM, in 64-bit mode at ring 0. */
export function createCpu(options: CpuOptions): Cpu {
  return new X86Cpu(options);
}

export { generateCode } from './generated.js';
export type { PrebuiltCode } from './generated.js';
