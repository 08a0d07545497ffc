import type { OperandCode } from './operand.js';
import { EITHER, parseOperand } from './operand.js';
import type { Encoding, MandatoryPrefix, OpcodeMap, OperandSize, ParsedRow, Row, Variant } from './row.js';

/** `firstForm` numbers the forms of all rows one after the other. */
export function parseRows(rows: readonly Row[]): ParsedRow[] {
  let firstForm = 0;
  return rows.map((row) => {
    const parsed = parseRow(row, firstForm);
    firstForm += parsed.sizeList.length * parsed.variants.length;
    return parsed;
  });
}

function parseRow(row: Row, firstForm: number): ParsedRow {
  const { mnemonic, operands } = parseName(row);
  return {
    ...row,
    mnemonic,
    operands,
    opcode: parseEncoding(row.encoding),
    sizeList: sizeList(row, operands),
    variants: variants(operands),
    usesVvvv: operands.some(({ kind }) => kind === 'H' || kind === 'B'),
    firstForm,
  };
}

function parseName({ name, fraction }: Row) {
  const words = name.split('_');
  let first = words.length;
  while (first > 1 && parseOperand(words[first - 1]!)) first--;
  const parsed = words.slice(first).map((word) => parseOperand(word)!);
  const operands = parsed.map((operand) => (operand.kind === 'W' ? { ...operand, fraction } : operand));
  return { mnemonic: words.slice(0, first).join(' ').toLowerCase(), operands };
}

function variants(operands: readonly OperandCode[]): readonly Variant[] {
  const kinds = operands.map(({ kind }) => kind);
  if (kinds.some((kind) => EITHER.has(kind))) return ['r', 'm'];
  if (kinds.includes('J')) return ['near', 'far'];
  if (kinds.includes('M')) return ['m'];
  return [''];
}

function sizeList(row: Row, operands: readonly OperandCode[]): readonly OperandSize[] {
  if (row.sizes === 'v32') return [16, 32];
  if (row.sizes === 'v' || row.sizes === 'd64' || row.sizes === 'n64') return [16, 32, 64];
  if (row.sizes === 'y') return [32, 64];
  if (row.sizes === 'x') return vectorLengths(row.encoding);
  if (row.sizes !== undefined) return [row.sizes];
  const sizes = operands.map(({ size }) => size);
  if (sizes.includes('v') || sizes.includes('z')) return [16, 32, 64];
  if (sizes.includes('y')) return [32, 64];
  if (sizes.includes('x')) return vectorLengths(row.encoding);
  const fixed = sizes.find((size) => size !== 0) ?? 64;
  return [fixed as OperandSize];
}

/** VEX.L chooses the vector length unless the encoding demands one. */
function vectorLengths(encoding: string): readonly OperandSize[] {
  const [, ...words] = encoding.split(' ')[0]!.split('.');
  if (words.length === 0 || words.some((word) => NO_LENGTH.has(word))) return [128];
  return words.includes('256') ? [256] : [128, 256];
}
const NO_LENGTH = new Set(['lz', '128', 'lig']);

const PREFIXES = new Set(['np', 'nfx', '66', 'f2', 'f3']);

function parseEncoding(text: string): Encoding {
  const words = text.split(' ');
  if (words[0]!.startsWith('vex.')) return parseVex(words);
  const prefix = PREFIXES.has(words[0]!) && words.length > 1 ? (words.shift() as MandatoryPrefix) : undefined;
  const rexW = words[0]?.startsWith('rex.w') ? words.shift() === 'rex.w' : undefined;
  const last = words.at(-1)!;
  const suffix = last.startsWith('/') || last.startsWith('=') ? words.pop()! : '';
  const plusRegister = words.at(-1)!.endsWith('+r');
  const bytes = words.map((word) => word.replace('+r', ''));
  const byte = parseInt(bytes.pop()!, 16);
  return {
    map: (bytes.join('') || '1') as OpcodeMap,
    byte,
    prefix,
    rexW,
    isVex: false,
    vexL: undefined,
    plusRegister,
    ...parseSuffix(suffix),
  };
}

function parseVex([prefixes, byte, suffix]: readonly string[]): Encoding {
  const words = prefixes!.split('.');
  const has = (word: string) => words.includes(word);
  return {
    map: `vex.${words.find((word) => word.startsWith('0f'))!}` as OpcodeMap,
    byte: parseInt(byte!, 16),
    prefix: words.find((word) => PREFIXES.has(word)) as MandatoryPrefix,
    rexW: has('w1') ? true : has('w0') ? false : undefined,
    isVex: true,
    vexL: has('256') ? true : has('lz') || has('128') ? false : undefined,
    plusRegister: false,
    ...parseSuffix(suffix ?? ''),
  };
}

function parseSuffix(suffix: string): Pick<Encoding, 'hasModrm' | 'digit' | 'modrm' | 'anyRm'> {
  const digit = /^\/[0-7]$/.test(suffix) ? Number(suffix[1]) : undefined;
  const modrm = suffix.startsWith('=') ? parseInt(suffix.slice(1, 3), 16) : undefined;
  return { hasModrm: suffix !== '', digit, modrm, anyRm: suffix.endsWith('+r') };
}
