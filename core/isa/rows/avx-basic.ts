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
  twoOperands(renamed(row, /_V(ps|x)/.exec(row.name)![0], '_Vdq'), '', narrowing(row.does));
/** The count is a register or memory of 128 bits at both lengths. */
const shift: Derive = (row) => three(renamed(row, '_Wx', '_Wdq'));
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

/** How rows become rows with VEX, by the first pattern that their names fit; `undefined`: not at all. */
const RULES: readonly (readonly [RegExp, Derive | undefined])[] = [
  [/^MOV(SS|SD)_V.._W/, undefined],
  [/^MOV(SS|SD)_W/, undefined],
  [/^MOVUP[SD]_|^MOVDQU_|^LDDQU/, whole],
  [/^MOVAP[SD]_|^MOVDQA_/, wholeAligned],
  [/^MOVNT(PS|PD|DQ|DQA)_/, wholeAligned],
  [/^MOVNTI/, undefined],
  [/^MOV[LH]P[SD]_V/, three128],
  [/^MOV(HL|LH)PS/, three128],
  [/^MOV[LH]P[SD]_M|^MOV[QD]_|^MASKMOV/, two128],
  [/^P?MOVMSK/, whole],
  [/^LDMXCSR|^STMXCSR/, (row) => twoOperands(row, 'lz' as '128')],
  [/^MOVS[LH]DUP/, two],
  [/^MOVDDUP/, undefined],
  [/^CVT(SI2S[SD]|SD2SS|SS2SD)/, threeScalar],
  [/^CVTT?S[SD]2SI|^U?COMIS/, twoScalar],
  [/^CVTT?PD2(PS|DQ)/, narrowed],
  [/^CVTPS2PD/, widened('Wq', 'Wps', 2)],
  [/^CVTDQ2PD/, widened('Wq', 'Wx', 2)],
  [/^CVT/, two],
  [/^(SQRT|RCP|RSQRT)PS|^SQRTPD|^ROUNDP/, two],
  [/S[SD]_V(ss|sd)_W/, threeScalar],
  [/^PABS.*_Vx|^PSHUF[DLH].*_Vx|^PHMIN/, two],
  [/^PMOV[SZ]X(BW|WD|DQ)/, widened('Wq', 'Wx', 2)],
  [/^PMOV[SZ]X(BD|WQ)/, widened('Wd', 'Wx', 4)],
  [/^PMOV[SZ]XBQ/, widened('Ww', 'Wx', 8)],
  [/^PTEST/, whole],
  [/^AES(IMC|KEYGEN)/, two128],
  [/^AES|^PCLMUL/, three],
  [/^PCMP.STR/, two128],
  [/^(PEXTR|EXTRACTPS)/, two128],
  [/^(PINSR|INSERTPS)/, three128],
  [/^PS(RL|RA|LL)[WDQ]_Vx/, shift],
  [/^PS(RL|RA|LL)(DQ|[WDQ])_Ux/, three],
  [/^P?BLENDV/, selected],
  [/^DPPD/, three128],
  [/_Pq_|^CRC32|^POPCNT/, undefined],
  [/_V(x|ps|pd)_W/, three],
];

/** Rows that only one vector length has. */
const ONLY_128 = /^PHMIN/;
/** Rows that stay hot. */
const HOT: Record<string, string> = {};

function derive(row: Row): Row[] {
  const rule = RULES.find(([pattern]) => pattern.test(row.name));
  if (!rule) throw new Error(`no rule for ${row.name}`);
  const [, make] = rule;
  if (!make) return [];
  const made = (ONLY_128.test(row.name) ? two128 : make)(row);
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
