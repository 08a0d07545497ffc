import { X86Cpu } from './cpu.js';
import { sharedGenerated } from './generated.js';
import type { Cpu, CpuOptions } from './types.js';

export type * from './types.js';

/** A processor with its RAM, in 64-bit mode at ring 0. */
export function createCpu(options: CpuOptions): Cpu {
  return new X86Cpu(options);
}

/** Tier 1 as a WebAssembly module, a pure function of the rows, to be stored at build time. */
export const tierOneBytes = (): Uint8Array => sharedGenerated().tierOneBytes();
