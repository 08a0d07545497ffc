import type { Meaning, Row } from '../row.js';
import { aesRows } from './aes.js';
import { bothLengths, narrowing, threeOperands, twoOperands } from './avx-derived.js';
import { sse3Rows } from './sse3.js';
import { sse41Rows } from './sse41.js';
import { sse42Rows } from './sse42.js';
import { sseArithRows } from './sse-arith.js';
import { sseConvertRows } from './sse-convert.js';
import { sseIntegerRows } from './sse-integer.js';
import { sseMoveRows } from './sse-move.js';
import { sseShuffleRows } from './sse-shuffle.js';
import { ssse3Rows } from './ssse3.js';

type Derive = (row: Row) => Row;

/** The operand codes of a name, replaced. */
const renamed = (row: Row, from: string, to: string): Row => ({ ...row, name: row.name.replace(from, to) });

const three: Derive = (row) => threeOperands(row, '', bothLengths(row));
const two: Derive = (row) => twoOperands(row, '', bothLengths(row));
/** The meaning itself knows both lengths. */
const whole: Derive = (row) => twoOperands(row, '');
const wholeAligned: Derive = (row) => twoOperands(row, '', row.does, { aligned: true });
const three128: Derive = (row) => threeOperands(row, '128');
const two128: Derive = (row) => twoOperands(row, '128');
const threeScalar: Derive = (row) => threeOperands(row, 'lig');
const twoScalar: Derive = (row) => twoOperands(row, 'lig');
const widened =
  (operand: string, becomes: string, fraction: 2 | 4 | 8): Derive =>
  (row) => {
    const { sizes: _sizes, ...rest } = renamed(row, operand, becomes);
    return twoOperands(rest, '', bothLengths(row), { fraction });
  };
const narrowed: Derive = (row) =>
  twoOperands(renamed(renamed(row, '_Vps', '_Vdq'), '_Vx', '_Vdq'), '', narrowing(row.does));
const halfMove: Derive = (row) => (row.name.includes('_M', 8) ? three128(row) : two128(row));
/** The count is a register or memory of 128 bits at both lengths. */
const shift: Derive = (row) => three(renamed(row, '_Wx', '_Wdq'));
const none = undefined;
/** The selector is a register of its own. */
const selected: Derive = (row) => {
  const added = threeOperands(row, '', bothLengths(row), { encoding: SELECTED[row.name]! });
  return { ...added, name: `${added.name}_${added.name.split('_')[1]!.replace('V', 'L')}` };
};
const SELECTED: Record<string, string> = {
  PBLENDVB_Vx_Wx: 'vex.66.0f3a.w0 4c /r',
  BLENDVPS_Vps_Wps: 'vex.66.0f3a.w0 4a /r',
  BLENDVPD_Vpd_Wpd: 'vex.66.0f3a.w0 4b /r',
};

/** How rows become rows with VEX, by mnemonic; `none`: not at all, or below. All others take three operands at both lengths. */
const RULES: readonly (readonly [Derive | undefined, string])[] = [
  [none, 'MOVSS MOVSD MOVNTI MOVDDUP CRC32 POPCNT'],
  [whole, 'MOVUPS MOVUPD MOVDQU LDDQU MOVMSKPS MOVMSKPD PMOVMSKB PTEST'],
  [wholeAligned, 'MOVAPS MOVAPD MOVDQA MOVNTPS MOVNTPD MOVNTDQ MOVNTDQA'],
  [halfMove, 'MOVLPS MOVLPD MOVHPS MOVHPD'],
  [three128, 'MOVHLPS MOVLHPS PINSRB PINSRW PINSRD INSERTPS DPPD'],
  [two128, 'MOVQ MOVD MASKMOVDQU PHMINPOSUW PCMPESTRM PCMPESTRI PCMPISTRM PCMPISTRI LDMXCSR STMXCSR'],
  [two128, 'PEXTRB PEXTRW PEXTRD EXTRACTPS AESIMC AESKEYGENASSIST'],
  [threeScalar, 'CVTSI2SS CVTSI2SD CVTSD2SS CVTSS2SD ADDSS ADDSD MULSS MULSD SUBSS SUBSD DIVSS DIVSD'],
  [threeScalar, 'SQRTSS SQRTSD MINSS MINSD MAXSS MAXSD CMPSS CMPSD RCPSS RSQRTSS ROUNDSS ROUNDSD'],
  [twoScalar, 'CVTSS2SI CVTSD2SI CVTTSS2SI CVTTSD2SI UCOMISS UCOMISD COMISS COMISD'],
  [two, 'MOVSLDUP MOVSHDUP SQRTPS SQRTPD RCPPS RSQRTPS ROUNDPS ROUNDPD PABSB PABSW PABSD'],
  [two, 'PSHUFD PSHUFLW PSHUFHW CVTDQ2PS CVTPS2DQ CVTTPS2DQ'],
  [narrowed, 'CVTPD2PS CVTPD2DQ CVTTPD2DQ'],
  [widened('Wq', 'Wps', 2), 'CVTPS2PD'],
  [widened('Wq', 'Wx', 2), 'CVTDQ2PD PMOVSXBW PMOVSXWD PMOVSXDQ PMOVZXBW PMOVZXWD PMOVZXDQ'],
  [widened('Wd', 'Wx', 4), 'PMOVSXBD PMOVSXWQ PMOVZXBD PMOVZXWQ'],
  [widened('Ww', 'Wx', 8), 'PMOVSXBQ PMOVZXBQ'],
  [shift, 'PSRLW PSRLD PSRLQ PSRAW PSRAD PSLLW PSLLD PSLLQ'],
  [selected, 'PBLENDVB BLENDVPS BLENDVPD'],
];
const ruleOf = new Map(RULES.flatMap(([derive, names]) => names.split(' ').map((name) => [name, derive])));

/** What the string and mathematical functions of C libraries consist of. */
const HOT: Readonly<Record<string, string>> = {
  VMOVDQU_Vx_Wx: 'm',
  VMOVDQU_Wx_Vx: 'm',
  VMOVDQA_Vx_Wx: 'm 256r',
  VMOVDQA_Wx_Vx: 'm',
  VMOVUPS_Vps_Wps: 'm',
  VMOVUPS_Wps_Vps: 'm',
  VMOVD_Vy_Ey: '32r',
  VPCMPEQB_Vx_Hx_Wx: '256',
  VPMINUB_Vx_Hx_Wx: '256',
  VPXOR_Vx_Hx_Wx: 'r',
  VPOR_Vx_Hx_Wx: '256r',
  VPAND_Vx_Hx_Wx: '256r',
  VPANDN_Vx_Hx_Wx: '256r',
  VPMOVMSKB_Gd_Ux: '256',
  VADDSD_Vsd_Hsd_Wsd: 'all',
  VSUBSD_Vsd_Hsd_Wsd: 'all',
  VMULSD_Vsd_Hsd_Wsd: 'all',
};

function derive(row: Row): Row[] {
  const [mnemonic, first] = row.name.split('_') as [string, string];
  if (first === 'Pq') return [];
  const make = ruleOf.has(mnemonic) ? ruleOf.get(mnemonic) : three;
  if (!make) return [];
  const made = make(row);
  const hot = HOT[made.name];
  return [hot === undefined ? made : { ...made, hot }];
}

const byName = (rows: readonly Row[], name: string): Row => rows.find((row) => row.name === name)!;
const does = (name: string): Meaning => byName([...sseMoveRows, ...sse3Rows], name).does;

/** Those whose memory and register forms have different operands. */
const scalarMoves = (['SS', 'SD'] as const).flatMap((kind): Row[] => {
  const code = kind.toLowerCase();
  const prefix = kind === 'SS' ? 'f3' : 'f2';
  const [load, store] = [does(`MOV${kind}_V${code}_W${code}`), does(`MOV${kind}_W${code}_V${code}`)];
  const row = (operands: string, opcode: string, meaning: Meaning, nondestructive: boolean): Row => ({
    name: `VMOV${kind}_${operands}`,
    encoding: `vex.lig.${prefix}.0f ${opcode} /r`,
    does: meaning,
    unit: 'avx',
    nondestructive,
    ...(operands.includes('M') && { hot: 'm' }),
  });
  return [
    row(`V${code}_M${code}`, '10', load, false),
    row(`V${code}_H${code}_U${code}`, '10', store, true),
    row(`M${code}_V${code}`, '11', store, false),
    row(`U${code}_H${code}_V${code}`, '11', store, true),
  ];
});

const duplicate = byName(sse3Rows, 'MOVDDUP_Vpd_Wq');
const duplicates: Row[] = [
  twoOperands(duplicate, '128'),
  {
    name: 'VMOVDDUP_Vpd_Wpd',
    encoding: 'vex.256.f2.0f 12 /r',
    does: bothLengths(duplicate),
    unit: 'avx',
  },
];

export const avxMoveRows: readonly Row[] = [...sseMoveRows.flatMap(derive), ...scalarMoves, ...duplicates];
export const avxFloatRows: readonly Row[] = [...sseArithRows, ...sseConvertRows, ...sse3Rows].flatMap(derive);
export const avxIntegerRows: readonly Row[] = [
  ...sseIntegerRows,
  ...sseShuffleRows,
  ...ssse3Rows,
  ...sse41Rows,
  ...sse42Rows,
  ...aesRows,
].flatMap(derive);
