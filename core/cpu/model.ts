import { ROW_BYTES, RowField } from '../isa/decode-tables.js';
import type { DecodeTables } from '../isa/decode-tables.js';
import { featureOf } from '../isa/features.js';
import type { ParsedRow } from '../isa/row.js';
import type { RowSet } from '../isa/rows/index.js';

/** Processors by the levels of the System V ABI for x86-64 (chapter 3.1.1); `max` has everything there is. */
export const CPU_MODELS = ['x86-64', 'x86-64-v2', 'x86-64-v3', 'max'] as const;
export type CpuModel = (typeof CPU_MODELS)[number];

/** Where CPUID tells of a feature. */
type CpuidRegister = 'ecx1' | 'ebx7' | 'ecx7' | 'ecxExtended';
type Features = Readonly<Record<string, readonly [CpuidRegister, bit: number]>>;

const SECOND_LEVEL: Features = {
  SSE3: ['ecx1', 0],
  SSSE3: ['ecx1', 9],
  'SSE4.1': ['ecx1', 19],
  'SSE4.2': ['ecx1', 20],
  POPCNT: ['ecx1', 23],
};
const THIRD_LEVEL: Features = {
  FMA: ['ecx1', 12],
  MOVBE: ['ecx1', 22],
  AVX: ['ecx1', 28],
  F16C: ['ecx1', 29],
  BMI1: ['ebx7', 3],
  AVX2: ['ebx7', 5],
  BMI2: ['ebx7', 8],
  LZCNT: ['ecxExtended', 5],
};
/** In no level. */
const BEYOND: Features = {
  PCLMULQDQ: ['ecx1', 1],
  AESNI: ['ecx1', 25],
  RDRAND: ['ecx1', 30],
  RDSEED: ['ebx7', 18],
  ADX: ['ebx7', 19],
  SHA: ['ebx7', 29],
  VAES: ['ecx7', 9],
  VPCLMULQDQ: ['ecx7', 10],
  RDPID: ['ecx7', 22],
};
const MISSING: Readonly<Record<CpuModel, Features>> = {
  'x86-64': { ...SECOND_LEVEL, ...THIRD_LEVEL, ...BEYOND },
  'x86-64-v2': { ...THIRD_LEVEL, ...BEYOND },
  'x86-64-v3': BEYOND,
  max: {},
};

/** Bits that CPUID does not show, by register. */
export type HiddenFeatures = Readonly<Record<CpuidRegister, number>>;

export function hiddenFeatures(model: CpuModel): HiddenFeatures {
  const hidden = { ecx1: 0, ebx7: 0, ecx7: 0, ecxExtended: 0 };
  for (const [register, bit] of Object.values(MISSING[model])) hidden[register] |= 1 << bit;
  return hidden;
}

/** Whether the model lacks what the instruction needs. */
export const isMissing = (model: CpuModel, row: ParsedRow, family: string): boolean =>
  featureOf(row, family)
    .split(' ')
    .some((name) => name in MISSING[model]);

/** What an instruction needs that the model lacks is undefined: no prefix fits its rows. Changes `tables`. */
export function removeMissingRows(
  tables: Uint8Array,
  { rows: start }: Pick<DecodeTables, 'rows'>,
  { rows, families }: RowSet,
  model: CpuModel,
): void {
  rows.forEach((row, number) => {
    if (isMissing(model, row, families.get(row)!)) tables[start + number * ROW_BYTES + RowField.prefixes] = 0;
  });
}
