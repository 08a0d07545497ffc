import type { Instruction } from './instruction.js';
import type { OperandCode, OperandKind } from './operand.js';
import { sizeIn } from './operand.js';
import type { OperandSize } from './row.js';

const NAMES = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const LOW_BYTES = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'] as const;
const LEGACY_BYTES = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'] as const;
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', '?6', '?7'] as const;
const WIDTHS: Record<number, string> = {
  8: 'byte ',
  16: 'word ',
  32: 'dword ',
  64: 'qword ',
  128: 'xmmword ',
  256: 'ymmword ',
};
const HIDDEN = new Set<OperandKind>(['X', 'Y']);

export interface DisassembleOptions {
  /** Where the instruction is: branch targets and rip-relative addresses are then shown as addresses. */
  readonly rip?: bigint;
}

/** Intel syntax, sizes only where a memory operand needs one: `add dword [rbx+0x8], eax`. */
export function disassemble(instruction: Instruction, { rip }: DisassembleOptions = {}): string {
  const { row, sizeIndex, lock } = instruction;
  const mnemonic = row.mnemonics?.[sizeIndex] ?? row.mnemonics?.[0] ?? row.mnemonic;
  const isString = row.operands.some(({ kind }) => HIDDEN.has(kind));
  const operands = isString ? [] : row.operands.map((operand) => formatOperand(instruction, operand, rip));
  return `${lock ? 'lock ' : ''}${mnemonic} ${operands.join(', ')}`.trim();
}

function registerName(number: number, size: OperandSize, hasRex = true): string {
  if (size === 8) return number > 7 ? `r${number}b` : (hasRex ? LOW_BYTES : LEGACY_BYTES)[number]!;
  if (number > 7) return `r${number}${size === 16 ? 'w' : size === 32 ? 'd' : ''}`;
  return `${size === 16 ? '' : size === 32 ? 'e' : 'r'}${NAMES[number]!}`;
}

type Formatter = (instruction: Instruction, operand: OperandCode, rip: bigint | undefined) => string;

const general =
  (field: 'reg' | 'rm' | 'vvvv'): Formatter =>
  (instruction, operand) =>
    registerName(
      instruction[field],
      widest(instruction, sizeIn(operand, instruction.size)),
      instruction.hasRex,
    );
/** There are no 64-bit registers outside 64-bit mode. */
const widest = ({ mode }: Instruction, size: OperandSize): OperandSize =>
  size === 64 && mode !== 64 ? 32 : size;
const numbered =
  (prefix: string, field: 'reg' | 'rm', mask = 15): Formatter =>
  (instruction) =>
    `${prefix}${instruction[field] & mask}`;
const vector =
  (number: (instruction: Instruction) => number): Formatter =>
  (instruction, operand) =>
    `${sizeIn(operand, instruction.size) === 256 ? 'ymm' : 'xmm'}${number(instruction)}`;
const orMemory =
  (register: Formatter): Formatter =>
  (instruction, operand, rip) =>
    instruction.memory ? memory(instruction, operand, rip) : register(instruction, operand, rip);

const FORMATTERS: Record<OperandKind, Formatter> = {
  G: general('reg'),
  R: general('rm'),
  Z: general('rm'),
  E: orMemory(general('rm')),
  M: (instruction, operand, rip) => memory(instruction, operand, rip),
  B: general('vvvv'),
  V: vector(({ reg }) => reg),
  U: vector(({ rm }) => rm),
  W: orMemory(vector(({ rm }) => rm)),
  H: vector(({ vvvv }) => vvvv),
  L: vector(({ immediate }) => immediate >> 4),
  P: numbered('mm', 'reg', 7),
  N: numbered('mm', 'rm', 7),
  Q: orMemory(numbered('mm', 'rm', 7)),
  S: ({ reg }) => SEGMENTS[reg & 7]!,
  C: numbered('cr', 'reg'),
  D: numbered('dr', 'reg'),
  I: (instruction, operand) => immediate(instruction, operand),
  J: ({ length, immediate: distance }, _, rip) => target(length + distance, rip),
  O: (instruction) => `[${segmentPrefix(instruction)}0x${unsigned64(instruction).toString(16)}]`,
  A: ({ immediate: offset, immediateHigh: selector }) =>
    `0x${selector.toString(16)}:0x${(offset >>> 0).toString(16)}`,
  X: () => '',
  Y: () => '',
  fixed: (instruction, operand) => fixed(instruction, operand),
};

const formatOperand: Formatter = (instruction, operand, rip) =>
  FORMATTERS[operand.kind](instruction, operand, rip);

function fixed({ size, rm }: Instruction, operand: OperandCode): string {
  if (operand.text === 'rAX' || operand.text === 'eAX') {
    return registerName(0, operand.text === 'eAX' && size === 64 ? 32 : size);
  }
  if (operand.text === 'STi') return `st(${rm & 7})`;
  return operand.text === 'ST0' ? 'st' : operand.text.toLowerCase();
}

const unsigned64 = ({ immediate: low, immediateHigh }: Instruction) =>
  (BigInt(immediateHigh >>> 0) << 32n) | BigInt(low >>> 0);

function immediate(instruction: Instruction, operand: OperandCode): string {
  const { size, immediate: value, row } = instruction;
  if (operand.size === 'v' && size === 64) return number(BigInt.asIntN(64, unsigned64(instruction)));
  const [first, second] = row.operands.filter(({ kind }) => kind === 'I');
  if (second) return number(BigInt(operand === first ? value & 0xffff : value >>> 16));
  const bits = size === 8 || size === 16 ? size : 32;
  return number(BigInt.asIntN(bits, BigInt(value)));
}

/** Small numbers in decimal, others in hexadecimal, both with their sign. */
function number(value: bigint): string {
  const magnitude = value < 0n ? -value : value;
  return `${value < 0n ? '-' : ''}${magnitude < 10n ? magnitude : `0x${magnitude.toString(16)}`}`;
}

function target(distance: number, rip: bigint | undefined): string {
  if (rip !== undefined) return `0x${BigInt.asUintN(64, rip + BigInt(distance)).toString(16)}`;
  return `$${signed(distance)}`;
}

const signed = (value: number) => `${value < 0 ? '-' : '+'}0x${Math.abs(value).toString(16)}`;

const segmentPrefix = ({ segment, row }: Instruction) =>
  segment === undefined || row.addressOnly ? '' : `${SEGMENTS[segment]}:`;

function memory(instruction: Instruction, operand: OperandCode, rip: bigint | undefined): string {
  const width =
    operand.size === 0 || instruction.row.addressOnly ? '' : WIDTHS[sizeIn(operand, instruction.size)]!;
  return `${width}[${segmentPrefix(instruction)}${address(instruction, rip)}]`;
}

function address(
  { memory: place, addressBits: bits, length, row, size }: Instruction,
  rip: bigint | undefined,
): string {
  const { base, index, scale, displacement, ripRelative } = place!;
  const isWide = size === 256 && row.vectorIndex === 256;
  const indexName = (number: number) =>
    row.vectorIndex ? `${isWide ? 'ymm' : 'xmm'}${number}` : registerName(number, bits);
  if (ripRelative && rip !== undefined)
    return `0x${BigInt.asUintN(bits, rip + BigInt(length + displacement)).toString(16)}`;
  const parts = [
    ...(ripRelative ? [bits === 32 ? 'eip' : 'rip'] : []),
    ...(base === undefined ? [] : [registerName(base, bits)]),
    ...(index === undefined ? [] : [`${indexName(index)}${scale ? `*${1 << scale}` : ''}`]),
  ];
  if (parts.length === 0) return `0x${BigInt.asUintN(bits, BigInt(displacement)).toString(16)}`;
  return `${parts.join('+')}${displacement === 0 ? '' : signed(displacement)}`;
}
