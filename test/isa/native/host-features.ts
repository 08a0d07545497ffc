import { readFileSync } from 'node:fs';
import { featureOf } from '../../../core/isa/features.js';
import type { ParsedRow } from '../../../core/isa/row.js';

/** What Linux calls the features of featureOf in /proc/cpuinfo; others are part of every 64-bit processor. */
const LINUX_NAMES: Readonly<Record<string, string>> = {
  SSE3: 'pni',
  SSSE3: 'ssse3',
  'SSE4.1': 'sse4_1',
  'SSE4.2': 'sse4_2',
  POPCNT: 'popcnt',
  LZCNT: 'abm',
  BMI1: 'bmi1',
  BMI2: 'bmi2',
  ADX: 'adx',
  MOVBE: 'movbe',
  AESNI: 'aes',
  PCLMULQDQ: 'pclmulqdq',
  VAES: 'vaes',
  VPCLMULQDQ: 'vpclmulqdq',
  SHA: 'sha_ni',
  CLFLUSHOPT: 'clflushopt',
  CLWB: 'clwb',
  FSGSBASE: 'fsgsbase',
  AVX: 'avx',
  AVX2: 'avx2',
  FMA: 'fma',
  F16C: 'f16c',
};

function flagsOfHost(): Set<string> {
  const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
  return new Set(line?.[1]?.trim().split(' '));
}

let flags: Set<string> | undefined;

/** Whether the host's processor has the row's instruction. */
export function isOnHost(row: ParsedRow, family: string): boolean {
  flags ??= flagsOfHost();
  return featureOf(row, family)
    .split(' ')
    .every((feature) => !(feature in LINUX_NAMES) || flags!.has(LINUX_NAMES[feature]!));
}
