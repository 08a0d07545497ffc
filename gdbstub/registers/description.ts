import type { RegisterFeature, Target } from '../target.js';

export interface Register {
  readonly name: string;
  readonly bits: number;
  /** A type gdb knows, or one of the feature's own. */
  readonly type: string;
  readonly group?: string;
}

export interface Feature {
  readonly name: string;
  /** XML of types that the registers use. */
  readonly types?: string;
  readonly registers: readonly Register[];
}

interface Flag {
  readonly name: string;
  readonly bit: number;
}

const bit = (name: string, at: number): Flag => ({ name, bit: at });

function flags(id: string, sizeBytes: number, fields: readonly Flag[]): string {
  const lines = fields.map(
    (field) => `<field name="${field.name}" start="${field.bit}" end="${field.bit}"/>`,
  );
  return `<flags id="${id}" size="${sizeBytes}">${lines.join('')}</flags>`;
}

const int64 = (name: string): Register => ({ name, bits: 64, type: 'int64' });
const int32 = (name: string): Register => ({ name, bits: 32, type: 'int32' });
const x87Control = (name: string): Register => ({ name, bits: 32, type: 'int', group: 'float' });
const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

// Intel SDM volume 1, 3.4.3: EFLAGS. The order of fields and registers is that of gdb's own 64bit-core.xml.
const EFLAGS = flags('i386_eflags', 4, [
  ...[bit('CF', 0), bit('', 1), bit('PF', 2), bit('AF', 4), bit('ZF', 6), bit('SF', 7), bit('TF', 8)],
  ...[bit('IF', 9), bit('DF', 10), bit('OF', 11), bit('NT', 14), bit('RF', 16), bit('VM', 17), bit('AC', 18)],
  ...[bit('VIF', 19), bit('VIP', 20), bit('ID', 21)],
]);

const CORE: Feature = {
  name: 'org.gnu.gdb.i386.core',
  types: EFLAGS,
  registers: [
    ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi'].map(int64),
    { name: 'rbp', bits: 64, type: 'data_ptr' },
    { name: 'rsp', bits: 64, type: 'data_ptr' },
    ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'].map(int64),
    { name: 'rip', bits: 64, type: 'code_ptr' },
    { name: 'eflags', bits: 32, type: 'i386_eflags' },
    ...['cs', 'ss', 'ds', 'es', 'fs', 'gs'].map(int32),
    ...numbered('st', 8).map((name): Register => ({ name, bits: 80, type: 'i387_ext' })),
    ...['fctrl', 'fstat', 'ftag', 'fiseg', 'fioff', 'foseg', 'fooff', 'fop'].map(x87Control),
  ],
};

const VECTOR_TYPES = [
  '<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/>',
  '<vector id="v16i8" type="int8" count="16"/><vector id="v8i16" type="int16" count="8"/>',
  '<vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>',
  '<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/>',
  '<field name="v16_int8" type="v16i8"/><field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/>',
  '<field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>',
].join('');

// Intel SDM volume 1, 10.2.3: MXCSR.
const MXCSR = flags('i386_mxcsr', 4, [
  ...[bit('IE', 0), bit('DE', 1), bit('ZE', 2), bit('OE', 3), bit('UE', 4), bit('PE', 5), bit('DAZ', 6)],
  ...[bit('IM', 7), bit('DM', 8), bit('ZM', 9), bit('OM', 10), bit('UM', 11), bit('PM', 12), bit('FZ', 15)],
]);

const SSE: Feature = {
  name: 'org.gnu.gdb.i386.sse',
  types: VECTOR_TYPES + MXCSR,
  registers: [
    ...numbered('xmm', 16).map((name): Register => ({ name, bits: 128, type: 'vec128' })),
    { name: 'mxcsr', bits: 32, type: 'i386_mxcsr', group: 'vector' },
  ],
};

/** Upper halves: gdb puts ymm0 together from xmm0 and ymm0h. */
const AVX: Feature = {
  name: 'org.gnu.gdb.i386.avx',
  registers: numbered('ymm', 16).map((name): Register => ({ name: `${name}h`, bits: 128, type: 'uint128' })),
};

const SEGMENTS: Feature = {
  name: 'org.gnu.gdb.i386.segments',
  registers: ['fs_base', 'gs_base'].map((name): Register => ({ name, bits: 64, type: 'int64' })),
};

const LINUX: Feature = {
  name: 'org.gnu.gdb.i386.linux',
  registers: [{ name: 'orig_rax', bits: 64, type: 'int64' }],
};

// Intel SDM volume 3, 2.5 (control registers) and 2.2.1 (IA32_EFER).
const CR0 = flags('x86_cr0', 8, [
  ...[bit('PE', 0), bit('MP', 1), bit('EM', 2), bit('TS', 3), bit('ET', 4), bit('NE', 5), bit('WP', 16)],
  ...[bit('AM', 18), bit('NW', 29), bit('CD', 30), bit('PG', 31)],
]);
const CR4 = flags('x86_cr4', 8, [
  ...[bit('VME', 0), bit('PVI', 1), bit('TSD', 2), bit('DE', 3), bit('PSE', 4), bit('PAE', 5), bit('MCE', 6)],
  ...[
    bit('PGE', 7),
    bit('PCE', 8),
    bit('OSFXSR', 9),
    bit('OSXMMEXCPT', 10),
    bit('UMIP', 11),
    bit('LA57', 12),
  ],
  ...[bit('VMXE', 13), bit('SMXE', 14), bit('FSGSBASE', 16), bit('PCIDE', 17), bit('OSXSAVE', 18)],
  ...[bit('SMEP', 20), bit('SMAP', 21), bit('PKE', 22)],
]);
const EFER = flags('x86_efer', 8, [
  ...[bit('SCE', 0), bit('LME', 8), bit('LMA', 10), bit('NXE', 11), bit('SVME', 12), bit('FFXSR', 14)],
]);

const system = (name: string, type: string): Register => ({ name, bits: 64, type, group: 'system' });

const SYSTEM: Feature = {
  name: 'org.halfcell.x86.system',
  types: CR0 + CR4 + EFER,
  registers: [
    ...[
      system('k_gs_base', 'int64'),
      system('cr0', 'x86_cr0'),
      system('cr2', 'data_ptr'),
      system('cr3', 'int64'),
    ],
    ...[system('cr4', 'x86_cr4'), system('cr8', 'int64'), system('efer', 'x86_efer')],
  ],
};

const OPTIONAL: Record<RegisterFeature, Feature> = {
  avx: AVX,
  segments: SEGMENTS,
  system: SYSTEM,
};

/** The features of a target, in the order in which `g` sends their registers. */
export function featuresOf(target: Target): readonly Feature[] {
  const keys = Object.keys(OPTIONAL) as RegisterFeature[];
  const chosen = keys.filter((key) => target.registers.features.includes(key)).map((key) => OPTIONAL[key]);
  // Without orig_rax gdb leaves out half of what GNU/Linux means to it: moving a position independent program, for one.
  return [CORE, SSE, ...(target.osAbi === 'GNU/Linux' ? [LINUX] : []), ...chosen];
}

/** All registers by gdb's number. */
export const registersOf = (target: Target): readonly Register[] =>
  featuresOf(target).flatMap((feature) => feature.registers);
