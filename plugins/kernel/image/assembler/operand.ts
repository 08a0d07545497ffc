import { AssemblyError } from './assembly-error.js';

export type Operand =
  | { readonly kind: 'register'; readonly number: number; readonly sizeBytes: 1 | 2 | 4 | 8 }
  | { readonly kind: 'special'; readonly family: 'segment' | 'control'; readonly number: number }
  | { readonly kind: 'immediate'; readonly value: bigint }
  | { readonly kind: 'label'; readonly symbol: string }
  | Memory;

export interface Memory {
  readonly kind: 'memory';
  /** 0 when the text does not say. */
  readonly sizeBytes: number;
  readonly segment: 'gs' | 'fs' | undefined;
  /** A general register, `rip` with a symbol, or nothing: an absolute 32-bit displacement. */
  readonly base: number | 'rip' | undefined;
  readonly displacement: number;
  readonly symbol: string | undefined;
}

const LEGACY = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const POINTER_BYTES: Readonly<Record<string, number>> = { byte: 1, word: 2, dword: 4, qword: 8 };

const REGISTERS = new Map<string, Operand>([...generalRegisters(), ...specialRegisters()]);

function* generalRegisters(): Iterable<[string, Operand]> {
  for (const [number, legacy] of LEGACY.entries()) {
    yield [`r${legacy}`, { kind: 'register', number, sizeBytes: 8 }];
    yield [`e${legacy}`, { kind: 'register', number, sizeBytes: 4 }];
    yield [legacy, { kind: 'register', number, sizeBytes: 2 }];
    yield [number < 4 ? `${legacy[0]}l` : `${legacy}l`, { kind: 'register', number, sizeBytes: 1 }];
  }
  for (let number = 8; number < 16; number++) {
    yield [`r${number}`, { kind: 'register', number, sizeBytes: 8 }];
    yield [`r${number}d`, { kind: 'register', number, sizeBytes: 4 }];
    yield [`r${number}w`, { kind: 'register', number, sizeBytes: 2 }];
    yield [`r${number}b`, { kind: 'register', number, sizeBytes: 1 }];
  }
}

function* specialRegisters(): Iterable<[string, Operand]> {
  for (const [number, name] of SEGMENTS.entries())
    yield [name, { kind: 'special', family: 'segment', number }];
  for (const number of [0, 2, 3, 4, 8]) yield [`cr${number}`, { kind: 'special', family: 'control', number }];
}

/** Reads one operand in Intel syntax: `rax`, `-14`, `.Llabel`, `qword ptr gs:[8]`, `[rsp+16]`, `[rip+symbol]`. */
export function parseOperand(text: string): Operand {
  const register = REGISTERS.get(text);
  if (register) return register;
  if (text.endsWith(']')) return parseMemory(text);
  if (/^[-0-9(]/.test(text)) return { kind: 'immediate', value: evaluate(text) };
  if (/^[.\w$]+$/.test(text)) return { kind: 'label', symbol: text };
  throw new AssemblyError(`not an operand: ${text}`);
}

export const isRegister = (text: string): boolean => REGISTERS.has(text);

/** The number of a 64-bit general register. */
function registerNumber(name: string): number {
  const found = REGISTERS.get(name);
  if (found?.kind !== 'register') throw new AssemblyError(`not a register: ${name}`);
  return found.number;
}

function parseMemory(text: string): Memory {
  const match = /^(?:(\w+) ptr )?(?:(gs|fs):)?\[([^\]]+)\]$/.exec(text);
  if (!match) throw new AssemblyError(`not a memory operand: ${text}`);
  const [, pointer, segment, inside = ''] = match;
  const sizeBytes = pointer === undefined ? 0 : POINTER_BYTES[pointer];
  if (sizeBytes === undefined) throw new AssemblyError(`not an operand size: ${pointer}`);
  return { kind: 'memory', sizeBytes, segment: segment as Memory['segment'], ...parseAddress(inside) };
}

function parseAddress(text: string): Pick<Memory, 'base' | 'displacement' | 'symbol'> {
  const terms = text.replaceAll(' ', '').match(/[+-]?[^+-]+/g) ?? [];
  const plain = terms.map((term) => term.replace(/^\+/, ''));
  const numbers = plain.filter((term) => /^-?\d/.test(term));
  const [base, ...moreBases] = plain.filter((term) => term === 'rip' || REGISTERS.has(term));
  const [symbol, ...moreSymbols] = plain.filter(
    (term) => !numbers.includes(term) && term !== 'rip' && !REGISTERS.has(term),
  );
  if (moreBases.length || moreSymbols.length)
    throw new AssemblyError(`one base and one symbol at most: [${text}]`);
  if ((symbol !== undefined) !== (base === 'rip'))
    throw new AssemblyError(`a symbol needs rip, and rip a symbol: [${text}]`);
  const displacement = numbers.reduce((total, term) => total + Number(term), 0);
  return { base: base === undefined || base === 'rip' ? base : registerNumber(base), displacement, symbol };
}

/** Sums, differences and products of integers, with parentheses for nothing but grouping a product. */
export function evaluate(text: string): bigint {
  const compact = text.replaceAll(/[\s()]/g, '');
  if (!/^-?\w+([-+*]\w+)*$/.test(compact)) throw new AssemblyError(`not a constant expression: ${text}`);
  const terms = compact.match(/[-+]?[^-+]+/g) ?? [];
  return terms.map(evaluateProduct).reduce((total, term) => total + term, 0n);
}

function evaluateProduct(term: string): bigint {
  const negative = term.startsWith('-');
  const factors = term.replace(/^[-+]/, '').split('*');
  const product = factors.map(toInteger).reduce((total, factor) => total * factor, 1n);
  return negative ? -product : product;
}

function toInteger(text: string): bigint {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) throw new AssemblyError(`not a number: ${text}`);
  return BigInt(text);
}
