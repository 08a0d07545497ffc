import type { OperandSize, ParsedRow } from './row.js';

/** A longer instruction raises #GP. */
export const MAX_INSTRUCTION_BYTES = 15;

/** Default operand and address size of the code: 64 is 64-bit mode, 16 and 32 are every other mode, by the D bit of the code segment. */
export type Mode = 16 | 32 | 64;
export type AddressBits = 16 | 32 | 64;

export interface MemoryOperand {
  /** Register numbers, undefined when absent. */
  readonly base: number | undefined;
  readonly index: number | undefined;
  /** log2 of the scale. */
  readonly scale: number;
  readonly displacement: number;
  /** The displacement counts from the next instruction. */
  readonly ripRelative: boolean;
}

/** One decoded instruction. */
export interface Instruction {
  readonly row: ParsedRow;
  readonly length: number;
  readonly size: OperandSize;
  readonly sizeIndex: number;
  /** ModRM.reg with its REX bit. */
  readonly reg: number;
  /** ModRM.rm or the opcode's low three bits with REX.B: a register number. */
  readonly rm: number;
  /** The register that VEX.vvvv names, 0 without one. */
  readonly vvvv: number;
  readonly memory: MemoryOperand | undefined;
  /** Of the prefix, 0..5 = es cs ss ds fs gs; only fs and gs in 64-bit mode, where the others have base 0. */
  readonly segment: number | undefined;
  /** Sign-extended; for `Iv` of 64 bits, moffs and far pointers the low half. */
  readonly immediate: number;
  /** The upper half; of a far pointer the selector. */
  readonly immediateHigh: number;
  readonly hasRex: boolean;
  readonly lock: boolean;
  readonly repeat: 0xf2 | 0xf3 | 0;
  readonly addressBits: AddressBits;
  readonly mode: Mode;
}

/** Why bytes are no instruction: more bytes are needed, no row fits (#UD), or longer than 15 bytes (#GP). */
export type DecodeFailure = 'truncated' | 'undefined' | 'tooLong';
