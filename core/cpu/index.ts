import { X86Cpu } from './cpu.js';
import { TIER_TWO } from './tier-two/tier-two.js';
import type { Cpu, CpuOptions } from './types.js';

export type * from './types.js';

/** A processor with its RAM, in 64-bit mode at ring 0. */
export function createCpu(options: CpuOptions): Cpu {
  const { tier = 2, tierTwo = TIER_TWO } = options;
  return new X86Cpu({ ...options, tierTwo: tier === 2 && tierTwo });
}

export { CPU_MODELS } from './model.js';
export type { CpuModel } from './model.js';
export { generateCode } from './generated.js';
export type { PrebuiltCode } from './generated.js';
