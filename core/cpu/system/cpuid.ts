import { ControlBit } from '../control-bits.js';
import { State, Status } from '../layout.js';
import type { HiddenFeatures } from '../model.js';
import type { CpuState } from '../state.js';
import type { CpuidLeaf } from '../types.js';
import type { SystemHandler } from './context.js';
import { Component, componentsOf, XsaveArea } from './extended-state.js';
import { gpr32, setGpr32 } from './operands.js';

const bits = (...positions: number[]) => positions.reduce((sum, at) => (sum | (1 << at)) >>> 0, 0);
const chars = (text: string) => Buffer.from(text.padEnd(4, '\0')).readUInt32LE();

/** Feature bits by name, exactly those whose rows exist. */
const EDX_1 = bits(
  0 /* FPU */,
  2 /* DE */,
  3 /* PSE */,
  4 /* TSC */,
  5 /* MSR */,
  6 /* PAE */,
  8 /* CX8 */,
  11 /* SEP */,
  13 /* PGE */,
  15 /* CMOV */,
  17 /* PSE-36 */,
  19 /* CLFLUSH */,
  23 /* MMX */,
  24 /* FXSR */,
  25 /* SSE */,
  26 /* SSE2 */,
);
const ECX_1 = bits(
  0 /* SSE3 */,
  1 /* PCLMULQDQ */,
  9 /* SSSE3 */,
  12 /* FMA */,
  13 /* CX16 */,
  17 /* PCID */,
  19 /* SSE4.1 */,
  20 /* SSE4.2 */,
  22 /* MOVBE */,
  23 /* POPCNT */,
  25 /* AESNI */,
  26 /* XSAVE */,
  28 /* AVX */,
  29 /* F16C */,
  30 /* RDRAND */,
);
const OSXSAVE = bits(27);
/** XSAVEOPT XSAVEC XGETBV with ECX = 1. */
const XSAVE_EXTENSIONS = 7;
const EDX_EXTENDED = bits(
  0,
  2,
  3,
  4,
  5,
  6,
  8,
  11 /* SYSCALL */,
  13,
  15,
  20 /* NX */,
  23,
  24,
  26 /* 1 GiB pages */,
  27 /* RDTSCP */,
  29 /* LM */,
);
const ECX_EXTENDED = bits(0 /* LAHF */, 5 /* LZCNT */, 8 /* 3DNow prefetch */);
const EBX_7 = bits(
  0 /* FSGSBASE */,
  3 /* BMI1 */,
  5 /* AVX2 */,
  7 /* SMEP */,
  8 /* BMI2 */,
  10 /* INVPCID */,
  18 /* RDSEED */,
  19 /* ADX */,
  20 /* SMAP */,
  23 /* CLFLUSHOPT */,
  24 /* CLWB */,
  29 /* SHA */,
);
const ECX_7 = bits(2 /* UMIP */, 3 /* PKU */, 9 /* VAES */, 10 /* VPCLMULQDQ */, 22 /* RDPID */);
const OSPKE = bits(4);

/** Family 15, as QEMU's generic processor; the vendor decides how C libraries size their copies. */
const SIGNATURE = 0x0006_0fb1;
const VENDOR: CpuidLeaf = [0xd, chars('Auth'), chars('cAMD'), chars('enti')];
const CLFLUSH_LINE = 8 << 8;
const BRAND = 'Halfcell x86-64 processor'.padEnd(48, '\0');
const brand = (part: number): CpuidLeaf =>
  [0, 1, 2, 3].map((i) =>
    chars(BRAND.slice(part * 16 + i * 4, part * 16 + i * 4 + 4)),
  ) as unknown as CpuidLeaf;

/** Has leaves of its own, and says whether the operating system uses protection keys. */
const EXTENDED_FEATURES = 7;
const FEATURES = 1;
const EXTENDED_STATE = 0xd;

const LEAVES = new Map<number, CpuidLeaf>([
  [0, VENDOR],
  [FEATURES, [SIGNATURE, CLFLUSH_LINE | (1 << 16), ECX_1, EDX_1]],
  [EXTENDED_FEATURES, [0, EBX_7, ECX_7, 0]],
  [0x8000_0000, [0x8000_0008, VENDOR[1], VENDOR[2], VENDOR[3]]],
  [0x8000_0001, [SIGNATURE, 0, ECX_EXTENDED, EDX_EXTENDED]],
  [0x8000_0002, brand(0)],
  [0x8000_0003, brand(1)],
  [0x8000_0004, brand(2)],
  // 64 KiB first-level caches, 512 KiB second level, 16 MiB third level, lines of 64 bytes.
  [0x8000_0005, [0x01ff_01ff, 0x01ff_01ff, 0x4002_0140, 0x4002_0140]],
  [0x8000_0006, [0, 0x4200_4200, 0x0200_8140, 0x0080_8140]],
  // 40 physical and 48 linear address bits.
  [0x8000_0008, [0x3028, 0, 0, 0]],
]);

const NOTHING: CpuidLeaf = [0, 0, 0, 0];

/** The save area for the components that are on, and for all there are. */
function extendedState(state: CpuState, hidden: HiddenFeatures, subleaf: number): CpuidLeaf {
  const { sizeBytes, avx, avxBytes } = XsaveArea;
  const components = componentsOf(hidden);
  const hasAvx = (components & Component.avx) !== 0;
  const enabledBytes = state.get32(State.xcr0) & Component.avx ? sizeBytes : avx;
  if (subleaf === 0) return [components, enabledBytes, hasAvx ? sizeBytes : avx, 0];
  if (subleaf === 1) return [XSAVE_EXTENSIONS, enabledBytes, 0, 0];
  return subleaf === 2 && hasAvx ? [avxBytes, avx, 0, 0] : NOTHING;
}

const [RAX, RCX, RDX, RBX] = [0, 1, 2, 3] as const;

/** Bits of ECX that say what the operating system has switched on: by leaf. */
const SWITCHED_ON = new Map([
  [FEATURES, { control: ControlBit.OSXSAVE, shown: OSXSAVE }],
  [EXTENDED_FEATURES, { control: ControlBit.PKE, shown: OSPKE }],
]);

/** Without the features that the model lacks. */
function shown(number: number, [eax, ebx, ecx, edx]: CpuidLeaf, hidden: HiddenFeatures): CpuidLeaf {
  if (number === FEATURES) return [eax, ebx, ecx & ~hidden.ecx1, edx];
  if (number === EXTENDED_FEATURES) return [eax, ebx & ~hidden.ebx7, ecx & ~hidden.ecx7, edx];
  return number === 0x8000_0001 ? [eax, ebx, ecx & ~hidden.ecxExtended, edx] : [eax, ebx, ecx, edx];
}

function leafOf(state: CpuState, hidden: HiddenFeatures, number: number, subleaf: number): CpuidLeaf {
  if (number === EXTENDED_STATE) return extendedState(state, hidden, subleaf);
  if (number === EXTENDED_FEATURES && subleaf !== 0) return NOTHING;
  const leaf = LEAVES.get(number) ?? NOTHING;
  const bit = SWITCHED_ON.get(number);
  const isOn = bit !== undefined && (state.get32(State.cr4) & bit.control) !== 0;
  return isOn ? [leaf[0], leaf[1], leaf[2] | bit.shown, leaf[3]] : leaf;
}

export const cpuidLeaf = (
  state: CpuState,
  hidden: HiddenFeatures,
  number: number,
  subleaf: number,
): CpuidLeaf => shown(number, leafOf(state, hidden, number, subleaf), hidden);

const cpuid: SystemHandler = ({ state, hidden }) => {
  const [eax, ebx, ecx, edx] = cpuidLeaf(state, hidden, gpr32(state, RAX), gpr32(state, RCX));
  setGpr32(state, RAX, eax);
  setGpr32(state, RBX, ebx);
  setGpr32(state, RCX, ecx);
  setGpr32(state, RDX, edx);
  return Status.next;
};

/** Counts retired instructions: the same in every run. */
const readTsc: SystemHandler = ({ state, retired }) => {
  const now = retired();
  setGpr32(state, RAX, now % 2 ** 32);
  setGpr32(state, RDX, Math.floor(now / 2 ** 32));
  return Status.next;
};

export const cpuidHandlers = { cpuid, readTsc };
