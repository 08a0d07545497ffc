import { disassemble } from '../isa/disassemble.js';
import type { Instruction } from '../isa/instruction.js';

export interface DecodedInstruction {
  readonly rip: bigint;
  readonly lengthBytes: number;
  /** Intel syntax. */
  readonly text: string;
}

/** Instructions that follow each other, as they have just been decoded. */
export interface DecodedBlock {
  /** Where the first one is. The same physical code may be mapped at other addresses too. */
  readonly rip: bigint;
  readonly instructions: readonly DecodedInstruction[];
}

export interface PlacedInstruction {
  readonly offset: number;
  readonly instruction: Instruction;
}

/** `rip` is any address in the page of the instructions. */
export function decodedBlock(rip: bigint, placed: readonly PlacedInstruction[]): DecodedBlock {
  const page = rip & ~0xfffn;
  const instructions = placed.map(({ offset, instruction }) =>
    decodedInstruction(page + BigInt(offset), instruction),
  );
  return { rip: instructions[0]?.rip ?? rip, instructions };
}

function decodedInstruction(rip: bigint, instruction: Instruction): DecodedInstruction {
  return {
    rip,
    lengthBytes: instruction.length,
    get text() {
      return disassemble(instruction, { rip });
    },
  };
}
