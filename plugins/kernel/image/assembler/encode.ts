import { AssemblyError } from './assembly-error.js';
import { formsByMnemonic } from './instructions.js';
import type { Form } from './instructions.js';
import type { Memory, Operand } from './operand.js';

/** A place in the bytes that waits for a symbol. `relative` counts from the end of the instruction. */
export interface Fixup {
  readonly at: number;
  readonly sizeBytes: 1 | 4;
  readonly symbol: string;
  readonly addend: number;
}

export interface Encoded {
  readonly bytes: readonly number[];
  readonly fixup: Fixup | undefined;
}

const LOCK = 0xf0;
const SEGMENT_PREFIX = { fs: 0x64, gs: 0x65 } as const;
const fits = (value: bigint, bits: number) => BigInt.asIntN(bits, value) === value;
const fitsEither = (value: bigint, bits: number) =>
  fits(value, bits) || BigInt.asUintN(bits, value) === value;

/** The forms of `mnemonic` that take these operands, preferred first. A branch has two: short and near. */
export function matchingForms(mnemonic: string, operands: readonly Operand[]): Form[] {
  const forms = formsByMnemonic.get(mnemonic);
  if (!forms) throw new AssemblyError(`unknown instruction ${mnemonic}`);
  const found = forms.filter(
    (form) =>
      form.classes.length === operands.length &&
      form.classes.every((name, index) => matches(name, operands[index] as Operand)),
  );
  if (found.length === 0) throw new AssemblyError(`${mnemonic} does not take these operands`);
  checkSize(found, operands);
  return found;
}

/** `inc [rax]` says no size; so does `mov [rax], 1`. A register beside it settles the question. */
function checkSize(forms: readonly Form[], operands: readonly Operand[]): void {
  const unsized = operands.some((operand) => operand.kind === 'memory' && operand.sizeBytes === 0);
  const settled = operands.some((operand) => operand.kind === 'register' || operand.kind === 'special');
  const needsSize = forms.some((form) => form.classes.some((name) => /^r?m\d/.test(name)));
  if (unsized && !settled && needsSize)
    throw new AssemblyError('the size of the memory operand is not known');
}

function matches(name: string, operand: Operand): boolean {
  switch (operand.kind) {
    case 'register':
      return matchesRegister(name, operand);
    case 'memory':
      return name === 'm' || matchesSized(/^r?m(\d+)$/, name, operand.sizeBytes);
    case 'immediate':
      return matchesImmediate(name, operand.value);
    case 'label':
      return name.startsWith('rel');
    case 'special':
      return name === (operand.family === 'segment' ? 'sreg' : 'cr');
  }
}

const ACCUMULATOR: Readonly<Record<string, number>> = { al: 1, eax: 4, rax: 8 };

function matchesRegister(name: string, operand: { number: number; sizeBytes: number }): boolean {
  if (name in ACCUMULATOR) return operand.number === 0 && operand.sizeBytes === ACCUMULATOR[name];
  return matchesSized(/^rm?(\d+)$/, name, operand.sizeBytes);
}

function matchesSized(pattern: RegExp, name: string, sizeBytes: number): boolean {
  const bits = pattern.exec(name)?.[1];
  return bits !== undefined && (sizeBytes === 0 || Number(bits) === sizeBytes * 8);
}

function matchesImmediate(name: string, value: bigint): boolean {
  const match = /^([iu])(\d+)$/.exec(name);
  if (!match) return false;
  const bits = Number(match[2]);
  return match[1] === 'i' && bits < 64 ? fits(value, bits) : fitsEither(value, bits);
}

interface Parts {
  readonly form: Form;
  readonly registerOperand: number;
  readonly rm: Operand | undefined;
  readonly immediate: bigint;
  readonly target: string | undefined;
}

/** Encodes one instruction in the given form. */
export function encode(form: Form, operands: readonly Operand[], locked = false): Encoded {
  const parts = assignParts(form, operands);
  const prefixes = [
    ...(parts.rm?.kind === 'memory' && parts.rm.segment ? [SEGMENT_PREFIX[parts.rm.segment]] : []),
    ...(locked ? [LOCK] : []),
    ...(form.bytes[0] === '66' ? [0x66] : []),
  ];
  const bytes = [...prefixes, ...rexPrefix(parts, operands)];
  let fixup: Fixup | undefined;
  for (const step of form.bytes) fixup = append(bytes, step, parts) ?? fixup;
  return { bytes, fixup };
}

function assignParts(form: Form, operands: readonly Operand[]): Parts {
  const rmIndex = form.classes.findIndex((name) => /^r?m/.test(name));
  const fallback = form.classes.findIndex((name) => /^r\d/.test(name));
  const usesModRm = form.bytes.some((step) => step.startsWith('/'));
  const registerOnly = form.bytes.includes('+r');
  const chosen = rmIndex >= 0 ? rmIndex : usesModRm ? fallback : -1;
  const register = operands.find(
    (operand, index) => index !== chosen && (operand.kind === 'register' || operand.kind === 'special'),
  );
  const immediate = operands.find((operand) => operand.kind === 'immediate');
  const label = operands.find((operand) => operand.kind === 'label');
  return {
    form,
    registerOperand: register && 'number' in register ? register.number : 0,
    rm: registerOnly ? undefined : operands[chosen],
    immediate: immediate?.value ?? 0n,
    target: label?.symbol,
  };
}

function rexPrefix(parts: Parts, operands: readonly Operand[]): number[] {
  const wide = parts.form.bytes.includes('W');
  const hasReg = parts.form.bytes.some((step) => step === '/r');
  const low = parts.form.bytes.includes('+r') ? parts.registerOperand : rmNumber(parts.rm);
  const needsForByte = operands.some(
    (operand) => operand.kind === 'register' && operand.sizeBytes === 1 && operand.number >= 4,
  );
  const rex = (wide ? 8 : 0) | (hasReg && parts.registerOperand >= 8 ? 4 : 0) | (low >= 8 ? 1 : 0);
  return rex !== 0 || needsForByte ? [0x40 | rex] : [];
}

function rmNumber(rm: Operand | undefined): number {
  if (rm?.kind === 'register') return rm.number;
  return rm?.kind === 'memory' && typeof rm.base === 'number' ? rm.base : 0;
}

const IMMEDIATE_BYTES: Readonly<Record<string, number>> = { ib: 1, iw: 2, id: 4, iq: 8 };
const BRANCH_BYTES: Readonly<Record<string, 1 | 4>> = { rel8: 1, rel32: 4 };

function append(bytes: number[], step: string, parts: Parts): Fixup | undefined {
  if (step === 'W' || step === '66') return undefined;
  if (step === '+r') return void (bytes[bytes.length - 1]! |= parts.registerOperand & 7);
  if (step.startsWith('/')) return appendModRm(bytes, step, parts);
  const branch = BRANCH_BYTES[step];
  if (branch) return appendBranch(bytes, branch, parts.target);
  const immediate = IMMEDIATE_BYTES[step];
  if (immediate) appendInteger(bytes, parts.immediate, immediate);
  else bytes.push(parseInt(step, 16));
  return undefined;
}

function appendBranch(bytes: number[], sizeBytes: 1 | 4, symbol = ''): Fixup {
  const at = bytes.length;
  appendInteger(bytes, 0n, sizeBytes);
  return { at, sizeBytes, symbol, addend: 0 };
}

function appendInteger(bytes: number[], value: bigint, sizeBytes: number): void {
  for (let index = 0; index < sizeBytes; index++) bytes.push(Number((value >> BigInt(index * 8)) & 0xffn));
}

function appendModRm(bytes: number[], step: string, parts: Parts): Fixup | undefined {
  const middle = step === '/r' ? parts.registerOperand & 7 : Number(step[1]);
  if (parts.rm?.kind === 'register') return void bytes.push(0xc0 | (middle << 3) | (parts.rm.number & 7));
  if (parts.rm?.kind !== 'memory') throw new AssemblyError('no operand for ModRM');
  return appendMemory(bytes, middle, parts.rm);
}

const STACK_POINTER = 4;
const BASE_POINTER = 5;
const NO_INDEX = 0x20;

function appendMemory(bytes: number[], middle: number, memory: Memory): Fixup | undefined {
  const { base, displacement, symbol } = memory;
  if (base === 'rip') {
    bytes.push((middle << 3) | 5);
    return { ...appendBranch(bytes, 4, symbol), addend: displacement };
  }
  if (base === undefined) bytes.push((middle << 3) | STACK_POINTER, 0x25);
  const sizeBytes = displacementBytes(base, displacement);
  if (base !== undefined) {
    const mode = sizeBytes === 0 ? 0 : sizeBytes === 1 ? 0x40 : 0x80;
    bytes.push(mode | (middle << 3) | (base & 7));
    if ((base & 7) === STACK_POINTER) bytes.push(NO_INDEX | STACK_POINTER);
  }
  appendInteger(bytes, BigInt(displacement), sizeBytes);
  return undefined;
}

function displacementBytes(base: number | undefined, displacement: number): number {
  if (base === undefined) return 4;
  if (displacement === 0 && (base & 7) !== BASE_POINTER) return 0;
  return fits(BigInt(displacement), 8) ? 1 : 4;
}
