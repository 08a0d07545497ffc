import type { OperandSize } from './row.js';

/** Where an operand is found (manual volume 2, A.2.1), fixed registers under their own name. */
export type OperandKind =
  | 'E'
  | 'G'
  | 'M'
  | 'R'
  | 'Z'
  | 'I'
  | 'J'
  | 'O'
  | 'A'
  | 'S'
  | 'C'
  | 'D'
  | 'V'
  | 'W'
  | 'U'
  | 'P'
  | 'Q'
  | 'N'
  | 'H'
  | 'B'
  | 'L'
  | 'X'
  | 'Y'
  | 'fixed';

export interface OperandCode {
  /** As written in the row's name. */
  readonly text: string;
  readonly kind: OperandKind;
  /** `v`, `z` and `y` follow the operand size, `x` the vector length, the rest are fixed; 0 where an operand has no size. */
  readonly size: 'v' | 'z' | 'y' | 'x' | OperandSize | 0;
  /** Of an `x`: so many times smaller than the vector length. */
  readonly fraction?: number | undefined;
  /** Register number of a fixed register. */
  readonly register?: number;
}

const SIZES: Record<string, OperandCode['size']> = {
  b: 8,
  w: 16,
  d: 32,
  q: 64,
  v: 'v',
  z: 'z',
  y: 'y',
  dq: 128,
  qq: 256,
  x: 'x',
  ps: 'x',
  pd: 'x',
  ss: 32,
  sd: 64,
  pi: 64,
  /** Far pointer, descriptor table, save areas, x87 reals: the row does the accesses itself. */
  p: 0,
  s: 0,
  t: 0,
  a: 0,
  '': 0,
};

const FIXED: Record<string, Omit<OperandCode, 'text' | 'kind'>> = {
  AL: { size: 8, register: 0 },
  CL: { size: 8, register: 1 },
  DX: { size: 16, register: 2 },
  rAX: { size: 'v', register: 0 },
  eAX: { size: 'z', register: 0 },
  '1': { size: 8 },
  ES: { size: 64, register: 0 },
  CS: { size: 64, register: 1 },
  SS: { size: 64, register: 2 },
  DS: { size: 64, register: 3 },
  FS: { size: 64, register: 4 },
  GS: { size: 64, register: 5 },
  ST0: { size: 0, register: 0 },
  STi: { size: 0 },
};

const LETTERED = /^([EGMRZIJOASCDVWUPQNXYHBL])(b|w|dq|d|qq|q|v|z|y|x|ps|pd|ss|sd|pi|p|s|t|a|)$/;

const parsed = new Map<string, OperandCode | undefined>();

/** Undefined when `text` is not an operand code, so it belongs to the mnemonic. */
export function parseOperand(text: string): OperandCode | undefined {
  if (!parsed.has(text)) parsed.set(text, parse(text));
  return parsed.get(text);
}

function parse(text: string): OperandCode | undefined {
  const fixed = FIXED[text];
  if (fixed) return { text, kind: 'fixed', ...fixed };
  const match = LETTERED.exec(text);
  if (!match) return undefined;
  return { text, kind: match[1] as OperandKind, size: SIZES[match[2]!]! };
}

export function sizeIn(operand: OperandCode, operandSize: OperandSize): OperandSize {
  const { size } = operand;
  if (size === 'x') return ((operandSize === 256 ? 256 : 128) / (operand.fraction ?? 1)) as OperandSize;
  if (size === 'v' || size === 'y' || size === 'z') return operandSize;
  return size === 0 ? operandSize : size;
}

/** Kinds that are a register or memory, by ModRM. */
export const EITHER = new Set<OperandKind>(['E', 'W', 'Q']);
