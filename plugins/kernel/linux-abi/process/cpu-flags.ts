import type { Cpu } from '../../../../core/cpu/types.js';
import type { ProcCpu } from '../vfs/procfs/source.js';

const FEATURES = 1;
const EXTENDED_FEATURES = 7;
const FEATURES_OF_AMD = 0x8000_0001;
const [EBX, ECX, EDX] = [1, 2, 3] as const;

/** As Linux names and orders them (arch/x86/include/asm/cpufeatures.h), for the bits that this processor may have; gaps are `-`. */
const FLAGS: readonly (readonly [leaf: number, register: 1 | 2 | 3, names: string])[] = [
  [
    FEATURES,
    EDX,
    'fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx fxsr sse sse2',
  ],
  [
    FEATURES_OF_AMD,
    EDX,
    '- - - - - - - - - - - syscall - - - - - - - - nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm',
  ],
  [
    FEATURES,
    ECX,
    'pni pclmulqdq dtes64 monitor - - - - - ssse3 - - fma cx16 - - - pcid - sse4_1 sse4_2 x2apic movbe popcnt - aes xsave - avx f16c rdrand',
  ],
  [FEATURES_OF_AMD, ECX, 'lahf_lm - - - - abm sse4a - 3dnowprefetch'],
  [
    EXTENDED_FEATURES,
    EBX,
    'fsgsbase - - bmi1 - avx2 - smep bmi2 erms invpcid - - - - - - - rdseed adx smap - - clflushopt clwb - - - - sha_ni',
  ],
  [EXTENDED_FEATURES, ECX, '- - umip pku ospke - - - - vaes vpclmulqdq - - - - - - - - - - - rdpid'],
];

function* flagsOf(cpu: Cpu): Generator<string> {
  for (const [leaf, register, names] of FLAGS) {
    const bits = cpu.cpuid(leaf)[register];
    for (const [at, name] of names.split(' ').entries()) if (name !== '-' && (bits >>> at) & 1) yield name;
  }
}

/** What /proc/cpuinfo tells, as CPUID has it. */
export function procCpu(cpu: Cpu): ProcCpu {
  return {
    vendor: 'AuthenticAMD',
    model: 'Halfcell x86-64 processor',
    family: 15,
    modelNumber: 107,
    stepping: 1,
    flags: [...flagsOf(cpu)],
    mhz: 1000,
  };
}

/** AT_HWCAP: EDX of leaf 1. */
export const hardwareCapabilities = (cpu: Cpu): number => cpu.cpuid(FEATURES)[EDX];
