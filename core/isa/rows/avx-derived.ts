import type { Meaning, Row } from '../row.js';
import { byParts, floatsByParts, narrowing } from './avx-support.js';
import { wideDot } from './sse41.js';

type Length = '' | '128' | 'lig';
type Change = Partial<Row>;

/** `66 0f 38 1c /r` as `vex.128.66.0f38 1c /r`. */
function vexEncoding(encoding: string, length: Length): string {
  const words = encoding.split(' ');
  const prefix = words.shift()!;
  const isLong = words[1] === '38' || words[1] === '3a';
  const map = words.splice(0, isLong ? 2 : 1).join('');
  const head = ['vex', length, prefix, map].filter(Boolean).join('.');
  return [head, ...words].join(' ');
}

function derived(row: Row, name: string, length: Length, does: Meaning, change: Change): Row {
  const { aligned: _aligned, hot: _hot, mnemonics, ...rest } = row;
  return {
    ...rest,
    ...(mnemonics && { mnemonics: mnemonics.map((mnemonic) => `v${mnemonic}`) }),
    unit: 'avx',
    name,
    encoding: vexEncoding(row.encoding, length),
    does,
    ...change,
  };
}

/** The destination is no source any more: `ADDPS_Vps_Wps` as `VADDPS_Vps_Hps_Wps`. */
export function threeOperands(row: Row, length: Length, does = row.does, change: Change = {}): Row {
  const [mnemonic, first, ...others] = row.name.split('_') as [string, string, ...string[]];
  const code = first.slice(1);
  // Shifts by an immediate have their destination in VEX.vvvv.
  const operands = first.startsWith('U') ? [`H${code}`, first] : [first, `H${code}`];
  const name = [`V${mnemonic}`, ...operands, ...others].join('_');
  return derived(row, name, length, does, { nondestructive: true, ...change });
}

/** As it is: `SQRTPS_Vps_Wps` as `VSQRTPS_Vps_Wps`. */
export const twoOperands = (row: Row, length: Length, does = row.does, change: Change = {}): Row =>
  derived(row, `V${row.name}`, length, does, change);

const FLOATS = new Set(
  'ADDPS ADDPD SUBPS SUBPD MULPS MULPD DIVPS DIVPD MINPS MINPD MAXPS MAXPD SQRTPS SQRTPD CMPPS CMPPD ADDSUBPS ADDSUBPD'
    .concat(' HADDPS HADDPD HSUBPS HSUBPD ROUNDPS ROUNDPD CVTPS2PD CVTDQ2PD CVTDQ2PS CVTPS2DQ CVTTPS2DQ')
    .split(' '),
);

/** A meaning for both vector lengths. */
export function bothLengths({ name, does }: Row): Meaning {
  const mnemonic = name.slice(0, name.indexOf('_'));
  if (mnemonic === 'DPPS') return (e) => (e.size === 256 ? wideDot(e) : does(e));
  return FLOATS.has(mnemonic) ? floatsByParts(does) : byParts(does);
}

export { narrowing };
