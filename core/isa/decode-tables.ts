import { endsRun } from './flow.js';
import {
  demandsMemory,
  demandsRegister,
  fitsPrefix,
  modIsIgnored,
  OPCODE_MAPS,
  Opcodes,
  ranked,
} from './opcode-map.js';
import type { OperandCode, OperandKind } from './operand.js';
import { sizeIn } from './operand.js';
import type { MandatoryPrefix, OpcodeMap, OperandSize, ParsedRow } from './row.js';

/**
 * The rows of 64-bit mode as bytes, for a decoder that is generated. First the index by opcode map, REX.B and opcode byte: u16 number of the first candidate,
 * u8 how many there are, u8 `IndexFlag`, u16 number of the row whose length counts where none fits. Then the candidates, best first: u16 number of a row. Then the rows, with fields as in `RowField`.
 */
export interface DecodeTables {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offsets in `bytes`. */
  readonly candidates: number;
  readonly rows: number;
}

export const INDEX_ENTRY_BYTES = 8;
/** There is no row at all. */
export const NO_ROW = 0xffff;
export const ROW_BYTES = 20;

export const IndexFlag = {
  /** The choice needs a ModRM byte. */
  needsModrm: 1,
  /** ModRM.mod is taken for 3. */
  modIsIgnored: 2,
} as const;

/** Offsets of u8 fields, but for the two at the end. */
export const RowField = {
  /** A bit for each of np 66 f3 f2 that fits. */
  prefixes: 0,
  /** Bit 0: REX.W or VEX.W, bit 1: VEX.L; which of them matter, and what they have to be. */
  selectMask: 1,
  selectValue: 2,
  modrmMask: 3,
  modrmValue: 4,
  /** `Sizes`, with the `SizeClass` of a single size from bit 4 on. */
  sizes: 5,
  /** `Immediate` */
  immediate: 6,
  /** `Register`, of ModRM.reg and of ModRM.rm. */
  reg: 7,
  rm: 8,
  variants: 9,
  /** Number of the variant with a memory operand. */
  memoryVariant: 10,
  /** log2 of what VEX.vvvv is multiplied with in a record. */
  vvvvShift: 11,
  /** `RowFlag`, u16. */
  flags: 12,
  /** u16 */
  firstForm: 14,
} as const;

export const RowFlag = {
  hasModrm: 1,
  memoryOnly: 2,
  lockable: 4,
  relative: 8,
  addressOnly: 16,
  endsRun: 32,
  isVex: 64,
  usesVvvv: 128,
  isCall: 256,
  demands66: 512,
  /** The index of the memory operand is a vector register. */
  vectorIndex: 1024,
} as const;

/** Which sizes there are: one, 16 32 64, 16 64, 64, 32 64, or those that follow VEX.L. */
export const Sizes = { single: 0, v: 1, d64: 2, n64: 3, y: 4, length: 5 } as const;
export const SizeClass = { other: 0, byte: 1, word: 2, quad: 3 } as const;

/** `z`: 16 bits with that operand size, else 32; `v` also 64; `address`: as wide as addresses; `two`: 16 bits, then 8. */
export const Immediate = {
  none: 0,
  byte: 1,
  word: 2,
  z: 3,
  long: 4,
  v: 5,
  address: 6,
  two: 7,
  raw: 8,
} as const;

/** How a register number stands in a record: `byte` may be ah ch dh bh. */
export const Register = { number: 0, general: 1, byte: 2, vector: 3, mmx: 4 } as const;

/** In the order of VEX.pp. */
const PREFIXES: readonly MandatoryPrefix[] = ['np', '66', 'f3', 'f2'];
const RM_KINDS = new Set<OperandKind>(['E', 'R', 'W', 'U', 'Q', 'N', 'Z']);
const REG_KINDS = new Set<OperandKind>(['G', 'V', 'P', 'S', 'C', 'D']);
/** ModRM.rm where a SIB byte follows. */
const SIB = 4;

export function decodeTables(rows: readonly ParsedRow[]): DecodeTables {
  const lists = candidateLists(rows.filter(({ modes }) => modes !== 'legacy'));
  const numbers = new Map(rows.map((row, number) => [row, number]));
  const candidates = lists.length * INDEX_ENTRY_BYTES;
  const count = lists.reduce((sum, { found }) => sum + found.length, 0);
  const start = Math.ceil((candidates + count * 2) / 4) * 4;
  const bytes = new Uint8Array(start + rows.length * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  let next = 0;
  lists.forEach(({ found, flags, likely }, index) => {
    const at = index * INDEX_ENTRY_BYTES;
    view.setUint16(at, next, true);
    view.setUint8(at + 2, found.length);
    view.setUint8(at + 3, flags);
    view.setUint16(at + 4, likely ? numbers.get(likely)! : NO_ROW, true);
    for (const row of found) view.setUint16(candidates + next++ * 2, numbers.get(row)!, true);
  });
  rows.forEach((row, number) => writeRow(new DataView(bytes.buffer, start + number * ROW_BYTES), row));
  return { bytes, candidates, rows: start };
}

/** By opcode map, REX.B and byte. */
function candidateLists(rows: readonly ParsedRow[]) {
  const opcodes = new Opcodes(rows);
  const listOf = (map: OpcodeMap, rexB: boolean, byte: number) => {
    const all = opcodes.candidates(map, byte);
    const needsModrm = all.some(({ opcode }) => opcode.hasModrm) ? IndexFlag.needsModrm : 0;
    const flags = needsModrm | (modIsIgnored(map, byte) ? IndexFlag.modIsIgnored : 0);
    return { found: ranked(all, rexB), flags, likely: all[0] };
  };
  return OPCODE_MAPS.flatMap((map) =>
    [false, true].flatMap((rexB) => Array.from({ length: 256 }, (_, byte) => listOf(map, rexB, byte))),
  );
}

function writeRow(view: DataView, row: ParsedRow): void {
  const { opcode, variants } = row;
  const set = (field: keyof typeof RowField, value: number) => view.setUint8(RowField[field], value);
  set('prefixes', prefixBits(opcode.prefix));
  set('selectMask', bit(opcode.rexW !== undefined, 1) | bit(opcode.vexL !== undefined, 2));
  set('selectValue', bit(opcode.rexW === true, 1) | bit(opcode.vexL === true, 2));
  const [mask, value] = modrmChoice(row);
  set('modrmMask', mask);
  set('modrmValue', value);
  set('sizes', sizesOf(row));
  set('immediate', immediateOf(row));
  set('reg', registerOf(row, REG_KINDS));
  set('rm', registerOf(row, RM_KINDS));
  set('variants', variants.length);
  set('memoryVariant', Math.max(0, variants.indexOf('m')));
  set('vvvvShift', row.operands.some(({ kind }) => kind === 'B') ? 3 : 4);
  view.setUint16(RowField.flags, flagsOf(row), true);
  view.setUint16(RowField.firstForm, row.firstForm, true);
}

const bit = (condition: boolean, value: number) => (condition ? value : 0);

const prefixBits = (demanded: MandatoryPrefix | undefined) =>
  PREFIXES.reduce((bits, found, at) => bits | bit(!demanded || fitsPrefix(demanded, found), 1 << at), 0);

/** Which bits of ModRM matter, and what they have to be. */
function modrmChoice({ opcode, operands, vectorIndex }: ParsedRow): [number, number] {
  const { hasModrm, modrm, anyRm, digit } = opcode;
  if (!hasModrm) return [0, 0];
  if (modrm !== undefined) return [anyRm ? 0xf8 : 0xff, modrm];
  if (vectorIndex) return [7, SIB];
  const register = bit(demandsRegister(operands), 0xc0);
  return digit === undefined ? [register, register] : [register | 0x38, register | (digit << 3)];
}

function sizesOf({ sizes, sizeList }: ParsedRow): number {
  const [first, second] = sizeList;
  if (second === 256) return Sizes.length;
  if (sizes === 'n64' || sizes === 'd64') return Sizes[sizes];
  if (sizeList.length === 3) return Sizes.v;
  if (sizeList.length === 2) return Sizes.y;
  const classes: Record<number, number> = { 8: SizeClass.byte, 16: SizeClass.word, 64: SizeClass.quad };
  return Sizes.single | ((classes[first!] ?? SizeClass.other) << 4);
}

function immediateOf({ operands, opcode }: ParsedRow): number {
  const [first, second] = operands.filter(({ kind }) => 'IJOL'.includes(kind));
  if (!first) return Immediate.none;
  if (opcode.isVex) return Immediate.raw;
  if (first.kind === 'O') return Immediate.address;
  if (second) return Immediate.two;
  if (first.size === 'v') return Immediate.v;
  if (first.size === 8) return Immediate.byte;
  if (first.size === 16) return Immediate.word;
  return first.kind === 'J' ? Immediate.long : Immediate.z;
}

function registerOf({ operands, sizeList }: ParsedRow, kinds: ReadonlySet<OperandKind>): number {
  const operand = operands.find(({ kind }) => kinds.has(kind));
  if (!operand) return Register.number;
  return REGISTERS[operand.kind] ?? (isByte(operand, sizeList) ? Register.byte : Register.general);
}

const isByte = (operand: OperandCode, sizes: readonly OperandSize[]) =>
  sizes.every((size) => sizeIn(operand, size) === 8);

const REGISTERS: Partial<Record<OperandKind, number>> = {
  ...{ V: Register.vector, W: Register.vector, U: Register.vector },
  ...{ P: Register.mmx, Q: Register.mmx, N: Register.mmx },
  ...{ S: Register.number, C: Register.number, D: Register.number },
};

function flagsOf(row: ParsedRow): number {
  const { opcode, operands } = row;
  const relative = operands.some(({ kind }) => kind === 'J');
  return (
    bit(opcode.hasModrm, RowFlag.hasModrm) |
    bit(opcode.modrm === undefined && demandsMemory(operands), RowFlag.memoryOnly) |
    bit(row.lock === true, RowFlag.lockable) |
    bit(relative, RowFlag.relative) |
    bit(row.addressOnly === true, RowFlag.addressOnly) |
    bit(endsRun(row), RowFlag.endsRun) |
    bit(opcode.isVex, RowFlag.isVex) |
    bit(row.usesVvvv, RowFlag.usesVvvv) |
    bit(relative && row.mnemonic === 'call', RowFlag.isCall) |
    bit(opcode.prefix === '66', RowFlag.demands66) |
    bit(row.vectorIndex !== undefined, RowFlag.vectorIndex)
  );
}
