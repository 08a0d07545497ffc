import type { OperandSize, ParsedRow } from './row.js';

/** Only long mode is built; the others are named so that the decoder can say no to them. */
export type Mode = 'long';

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
  /** 4 = fs, 5 = gs; other segments have base 0 in long mode. */
  readonly segment: number | undefined;
  /** Sign-extended; for `Iv` of 64 bits and moffs the low half. */
  readonly immediate: number;
  readonly immediateHigh: number;
  readonly hasRex: boolean;
  readonly lock: boolean;
  readonly repeat: 0xf2 | 0xf3 | 0;
  readonly address32: boolean;
}

/** Why bytes are no instruction: more bytes are needed, no row fits (#UD), or longer than 15 bytes (#GP). */
export type DecodeFailure = 'truncated' | 'undefined' | 'tooLong';
