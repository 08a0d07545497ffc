import { AssemblyError } from './assembly-error.js';
import { encode, matchingForms } from './encode.js';
import { parseOperand } from './operand.js';
import { splitList } from './source.js';
import type { Instruction } from './assemble.js';
import type { Encoded } from './encode.js';
import type { Form } from './instructions.js';
import type { Operand } from './operand.js';

export interface Parsed {
  readonly mnemonic: string;
  readonly texts: readonly string[];
  readonly forms: readonly Form[];
  readonly operands: readonly Operand[];
  readonly locked: boolean;
  readonly encoded: Encoded;
}

export interface Pending extends Instruction {
  readonly parsed: Parsed;
  choice: number;
}

export function parseInstruction(text: string): Parsed {
  const locked = text.startsWith('lock ');
  const [mnemonic = '', ...rest] = text.replace(/^lock /, '').split(' ');
  const texts = splitList(rest.join(' '));
  const operands = texts.map(parseOperand);
  const forms = matchingForms(mnemonic, operands);
  return { mnemonic, texts, forms, operands, locked, encoded: encode(forms[0] as Form, operands, locked) };
}

/** Starts with short branches and lengthens those that do not reach, until all do. */
export function relax(instructions: readonly Pending[], labels: ReadonlyMap<string, number>): void {
  const branches = instructions.filter(({ encoded }) => encoded.fixup?.sizeBytes === 1);
  for (let grew = true; grew;) {
    const end = place(instructions);
    grew = false;
    for (const instruction of branches) {
      if (reaches(instruction, instructions, labels, end)) continue;
      instruction.choice++;
      const { forms, operands, locked } = instruction.parsed;
      const form = forms[instruction.choice];
      if (!form) throw new AssemblyError(`${instruction.source.text}: the target is too far`);
      instruction.encoded = encode(form, operands, locked);
      grew = true;
    }
  }
}

function place(instructions: readonly Pending[]): number {
  let offset = 0;
  for (const instruction of instructions) {
    instruction.offset = offset;
    offset += instruction.encoded.bytes.length;
  }
  return offset;
}

function reaches(
  { encoded, offset }: Pending,
  instructions: readonly Pending[],
  labels: ReadonlyMap<string, number>,
  end: number,
): boolean {
  if (encoded.fixup?.sizeBytes !== 1) return true;
  const target = labels.get(encoded.fixup.symbol);
  if (target === undefined) return false;
  const distance = (instructions[target]?.offset ?? end) - (offset + encoded.bytes.length);
  return distance >= -128 && distance <= 127;
}
