import type { Emitter } from '../cpu/emitter/emitter.js';
import type { OperandCode } from './operand.js';

/** Emits what the instruction does, through the emitter of whoever asks. */
export type Meaning = (e: Emitter) => void;

/** 256 only as a vector length. */
export type OperandSize = 8 | 16 | 32 | 64 | 128 | 256;

/** Status flags by letter, in any order: o s z a p c. */
export type FlagLetters = string;

/** One instruction: everything that decoder, interpreter, disassembler, coverage page and tests need to know. */
export interface Row {
  /** Mnemonic and operand codes of the manual (volume 2, appendix A): `ADD_Ev_Gv`. */
  readonly name: string;
  /**
   * Opcode as the manual writes it: optional prefix (`np`, `nfx`, `66`, `f2`, `f3`), optional `rex.w`, opcode bytes, then
   * `/r`, `/0`..`/7`, `+r`, or `=c1` for a whole ModRM byte (`=e8+r`: its low three bits mean nothing). With VEX everything before the opcode byte is one word:
   * `vex.lz.66.0f38.w0 f7 /r`, with `lz` `128` `256` `lig` for VEX.L, `np` `66` `f2` `f3`, and `w0` `w1` where W matters.
   */
  readonly encoding: string;
  readonly does: Meaning;
  /** Flags it writes with a defined value. */
  readonly flags?: FlagLetters;
  /** Flags it leaves undefined. */
  readonly undefined?: FlagLetters;
  /** A lock prefix is allowed when the destination is memory. */
  readonly lock?: boolean;
  /** Ring 0 only: #GP(0) elsewhere. */
  readonly privileged?: boolean;
  /**
   * Forms that tier 1 holds inline: `all`, or a list like `32 64m`: operand size, then r (register) or m (memory),
   * near (target in the same page) or far.
   */
  readonly hot?: string;
  /** The index of the memory operand is a vector; the value is its length in the form of 256 bits. */
  readonly vectorIndex?: 128 | 256;
  /** Operand 0 is only written: what the meaning reads as operand 0, 1, … are operands 1, 2, … */
  readonly nondestructive?: boolean;
  /** The last vector operand is so many times smaller than the vector length. */
  readonly fraction?: 2 | 4 | 8;
  /**
   * Sizes where the operands do not tell: `v` 16 32 64, `d64` the same where 64-bit mode has no 32, `n64` the same where 64-bit mode has
   * 64 only, `v32` 16 32, `y` 32 64, or one size.
   */
  readonly sizes?: 'v' | 'v32' | 'd64' | 'n64' | 'y' | 'x' | OperandSize;
  /** Exists in 64-bit mode only, or in every other mode only. */
  readonly modes?: 'long' | 'legacy';
  /** What CPUID calls the extension that brought it, where it is not the one of its family. */
  readonly cpuid?: string;
  /** Which unit must be on: its instructions raise #NM or #UD by CR0, CR4 and XCR0. */
  readonly unit?: 'sse' | 'avx' | 'x87';
  /** A memory operand of 16 or 32 bytes that is not on a boundary of as many raises #GP(0). */
  readonly aligned?: boolean;
  /** The memory operand is an address only: no segment base, no access. */
  readonly addressOnly?: boolean;
  /** Mnemonic by operand size, where the manual has different names: cbw cwde cdqe. */
  readonly mnemonics?: readonly string[];
  /** Results are approximations that differ between processors. */
  readonly approximate?: boolean;
  /** Results vary from run to run or depend on the machine, so random tests leave it out. */
  readonly untestable?: boolean;
}

/** A row with its name and encoding taken apart. */
export interface ParsedRow extends Row {
  readonly mnemonic: string;
  readonly operands: readonly OperandCode[];
  readonly opcode: Encoding;
  readonly sizeList: readonly OperandSize[];
  readonly variants: readonly Variant[];
  /** VEX.vvvv names an operand; elsewhere it has to be all ones. */
  readonly usesVvvv: boolean;
  /** Number of the row's first form. */
  readonly firstForm: number;
}

export type Variant = 'r' | 'm' | 'near' | 'far' | '';
export type OpcodeMap = '1' | '0f' | '0f38' | '0f3a' | 'vex.0f' | 'vex.0f38' | 'vex.0f3a';
/** `nfx`: neither f2 nor f3, while 66 is the operand size. */
export type MandatoryPrefix = 'np' | 'nfx' | '66' | 'f2' | 'f3';

export interface Encoding {
  readonly map: OpcodeMap;
  readonly byte: number;
  readonly prefix: MandatoryPrefix | undefined;
  /** REX.W or VEX.W. */
  readonly rexW: boolean | undefined;
  readonly isVex: boolean;
  /** VEX.L that it demands; undefined where it has none, ignores it, or has a form for each. */
  readonly vexL: boolean | undefined;
  readonly hasModrm: boolean;
  readonly digit: number | undefined;
  readonly modrm: number | undefined;
  /** Only the upper five bits of `modrm` count. */
  readonly anyRm: boolean;
  readonly plusRegister: boolean;
}
