import type { ParsedRow } from './row.js';

/** Part of every 64-bit processor. */
const BASE = 'x86-64';

/** By family, where all of its rows came with one extension. */
const OF_FAMILY: Readonly<Record<string, string>> = {
  x87Move: 'FPU',
  x87Arith: 'FPU',
  x87Control: 'FPU',
  mmx: 'MMX',
  sse3: 'SSE3',
  ssse3: 'SSSE3',
  sse41: 'SSE4.1',
  sse42: 'SSE4.2',
};

/** Rows that came with another extension than their family, first match wins. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/^(CMOV|FCMOV|FU?COMI)/, 'CMOV'],
  [/^CMPXCHG8B/, 'CX8 CX16'],
  [/^(FXSAVE|FXRSTOR)/, 'FXSR'],
  [/^(SYSCALL|SYSRET)/, 'SYSCALL'],
  [/^RDTSCP/, 'RDTSCP'],
  [/^RDTSC/, 'TSC'],
  [/^(RDMSR|WRMSR)/, 'MSR'],
  [/^[LS]AHF/, 'LAHF'],
  [/^CLFLUSHOPT/, 'CLFLUSHOPT'],
  [/^CLFLUSH/, 'CLFLUSH'],
  [/^CLWB/, 'CLWB'],
  [/^(PREFETCHW|PREFETCH_)/, '3DNOWPREFETCH'],
  [/^(PREFETCH(NTA|T\d)|SFENCE)/, 'SSE'],
  [/^([LM]FENCE|PAUSE|MOVNTI)/, 'SSE2'],
  [/^FISTTP/, 'SSE3'],
  [/^POPCNT/, 'POPCNT'],
  [/^XSAVEOPT/, 'XSAVEOPT'],
  [/^XSAVEC/, 'XSAVEC'],
  [/^X(SAVE|RSTOR|[GS]ETBV)/, 'XSAVE'],
  [/^(PADDQ|PSUBQ|PMULUDQ)_Pq|^(MOVDQ2Q|MOVQ2DQ|CVTT?PD2PI|CVTPI2PD)/, 'SSE2'],
  [/^(PAVG|PEXTRW|PINSRW|PMAX|PMIN|PMOVMSKB|PMULHUW|PSADBW|PSHUFW).*_[PN]q/, 'SSE'],
  [/^(MASKMOVQ|MOVNTQ|CVTT?PS2PI|CVTPI2PS)/, 'SSE'],
  [/^(CVTDQ2|CVTPS2PD|CVTTPS2DQ|CVTSS2SD|MOVDQU|MOVQ_V|PSHUFHW)/, 'SSE2'],
];

const FROM_SSE = /^sse(Move|Arith|Convert|Integer|Shuffle)$/;
const INTEGER_VECTOR = /^V(P(?!ERMIL|ERM2F|TEST)|MPSADBW|MOVNTDQA)/;
/** What the 256-bit forms of a VEX row need, where the legacy row needs this. */
const WIDE: Readonly<Record<string, string>> = { AESNI: 'VAES', PCLMULQDQ: 'VPCLMULQDQ' };

/** The name that CPUID has for what the row needs; several where its forms differ. */
export function featureOf(row: ParsedRow, family: string): string {
  const { cpuid, name, opcode } = row;
  if (opcode.isVex) return featureOfVex(row);
  if (cpuid) return cpuid;
  const exception = BY_NAME.find(([pattern]) => pattern.test(name));
  if (exception) return exception[1];
  if (FROM_SSE.test(family)) return opcode.prefix === 'np' || opcode.prefix === 'f3' ? 'SSE' : 'SSE2';
  return OF_FAMILY[family] ?? BASE;
}

function featureOfVex({ cpuid, name, sizeList }: ParsedRow): string {
  const isWide = sizeList.includes(256);
  if (cpuid === undefined && isWide && INTEGER_VECTOR.test(name))
    return sizeList.length > 1 ? 'AVX AVX2' : 'AVX2';
  if (cpuid === undefined) return 'AVX';
  if (!(cpuid in WIDE)) return cpuid;
  return isWide ? `AVX ${cpuid} ${WIDE[cpuid]!}` : `AVX ${cpuid}`;
}
