import type { OperandCode } from './operand.js';
import type { MandatoryPrefix, OpcodeMap, ParsedRow } from './row.js';

export const OPCODE_MAPS: readonly OpcodeMap[] = [
  '1',
  '0f',
  '0f38',
  '0f3a',
  'vex.0f',
  'vex.0f38',
  'vex.0f3a',
];

const REGISTER_ONLY = new Set(['R', 'U', 'N']);

/** What the choice among the rows of one opcode depends on. */
export interface Selector {
  readonly prefix: MandatoryPrefix;
  readonly rexW: boolean;
  readonly rexB: boolean;
  readonly vexL: boolean;
  /** The ModRM byte, or -1 behind the last available byte. */
  readonly modrm: number;
}

/** Rows by opcode map and byte. */
export class Opcodes {
  readonly #maps: Record<OpcodeMap, ParsedRow[][]> = {
    '1': [],
    '0f': [],
    '0f38': [],
    '0f3a': [],
    'vex.0f': [],
    'vex.0f38': [],
    'vex.0f3a': [],
  };

  constructor(rows: readonly ParsedRow[]) {
    for (const row of rows) {
      const { map, byte, plusRegister } = row.opcode;
      for (let i = 0; i < (plusRegister ? 8 : 1); i++) (this.#maps[map][byte + i] ??= []).push(row);
    }
  }

  candidates(map: OpcodeMap, byte: number): readonly ParsedRow[] {
    return this.#maps[map][byte] ?? [];
  }
}

/** The row that fits best: a whole ModRM byte before a digit, a demanded prefix before none. */
export function choose(candidates: readonly ParsedRow[], selector: Selector): ParsedRow | undefined {
  let best: ParsedRow | undefined;
  let bestRank = -1;
  for (const row of candidates) {
    if (!fits(row, selector)) continue;
    const rank = rankOf(row, selector.rexB);
    if (rank > bestRank) [best, bestRank] = [row, rank];
  }
  return best;
}

/** Rows in the order in which `choose` prefers them, without those that REX.B rules out. */
export const ranked = (candidates: readonly ParsedRow[], rexB: boolean): ParsedRow[] =>
  candidates
    .filter((row) => !rexB || !isPlainNop(row))
    .sort((one, other) => rankOf(other, rexB) - rankOf(one, rexB));

function rankOf({ opcode }: ParsedRow, rexB: boolean): number {
  const { prefix, modrm, digit, rexW, plusRegister } = opcode;
  return (
    (prefix ? 4 : 0) +
    (modrm !== undefined ? 2 : digit !== undefined ? 1 : 0) +
    (rexW !== undefined ? 1 : 0) +
    (plusRegister === rexB ? 0.5 : 0)
  );
}

/** 90 with REX.B is xchg r8, rax, not nop. */
const isPlainNop = ({ opcode: { byte, map, prefix, plusRegister } }: ParsedRow) =>
  byte === 0x90 && map === '1' && !plusRegister && prefix === undefined;

function fits(row: ParsedRow, selector: Selector): boolean {
  const { prefix, rexW, vexL } = row.opcode;
  if (rexW !== undefined && rexW !== selector.rexW) return false;
  if (vexL !== undefined && vexL !== selector.vexL) return false;
  if (prefix !== undefined && !fitsPrefix(prefix, selector.prefix)) return false;
  if (selector.rexB && isPlainNop(row)) return false;
  return !row.opcode.hasModrm || fitsModrm(row, selector.modrm);
}

export const fitsPrefix = (demanded: MandatoryPrefix, found: MandatoryPrefix) =>
  demanded === found || (demanded === 'nfx' && (found === 'np' || found === '66'));

function fitsModrm({ opcode, operands, vectorIndex }: ParsedRow, modrm: number): boolean {
  if (modrm < 0) return true;
  if (opcode.modrm !== undefined) return opcode.modrm === (opcode.anyRm ? modrm & 0xf8 : modrm);
  if (opcode.digit !== undefined && opcode.digit !== ((modrm >> 3) & 7)) return false;
  // A vector index is in a SIB byte.
  if (vectorIndex && (modrm & 7) !== 4) return false;
  const isRegister = modrm >= 0xc0;
  return isRegister ? !demandsMemory(operands) : !demandsRegister(operands);
}

export const demandsMemory = (operands: readonly OperandCode[]) => operands.some(({ kind }) => kind === 'M');
export const demandsRegister = (operands: readonly OperandCode[]) =>
  operands.some(({ kind, text }) => REGISTER_ONLY.has(kind) || text === 'STi');

/** Moves to and from control and debug registers name a general register whatever ModRM.mod says. */
export const modIsIgnored = (map: OpcodeMap, byte: number) => map === '0f' && byte >= 0x20 && byte <= 0x23;
