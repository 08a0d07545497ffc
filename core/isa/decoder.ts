import { MAX_INSTRUCTION_BYTES } from './instruction.js';
import type { AddressBits, DecodeFailure, Instruction, MemoryOperand, Mode } from './instruction.js';
import { choose, modIsIgnored, Opcodes } from './opcode-map.js';
import type { OperandCode } from './operand.js';
import type { MandatoryPrefix, OpcodeMap, OperandSize, ParsedRow } from './row.js';

const LOCK = 0xf0;
const REX_W = 8;
const REX_R = 4;
const REX_X = 2;
const REX_B = 1;
const VEX_LONG = 0xc4;
const VEX_SHORT = 0xc5;
const [BX, BP, SI, DI] = [3, 5, 6, 7];
/** By ModRM.rm, with 16-bit addresses. */
const SHORT_BASES = [BX, BX, BP, BP, SI, DI, BP, BX];
const SHORT_INDEXES = [SI, DI, SI, DI];
/** By VEX.mmmmm and VEX.pp. */
const VEX_MAPS: readonly (OpcodeMap | undefined)[] = [undefined, 'vex.0f', 'vex.0f38', 'vex.0f3a'];
const VEX_PREFIXES: readonly MandatoryPrefix[] = ['np', '66', 'f3', 'f2'];

class Truncated extends Error {}
class TooLong extends Error {}
const truncated = new Truncated();
const tooLong = new TooLong();

/** Bytes to instructions, by the rows. Not re-entrant: the cursor belongs to the instance. */
export class Decoder {
  /** Rows of 64-bit mode, and of the other modes. */
  readonly #long: Opcodes;
  readonly #legacy: Opcodes;
  readonly #missing: ReadonlySet<ParsedRow>;
  #opcodes: Opcodes;
  #mode: Mode = 64;
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;
  #at = 0;
  #end = 0;
  #rex = 0;
  #operandPrefix = false;
  #addressPrefix = false;
  #addressBits: AddressBits = 64;
  #repeat: Instruction['repeat'] = 0;
  #lock = false;
  #segment: number | undefined;
  #vvvv = 0;
  #vexL = false;

  /** The rows that are `missing` still say how long an undefined instruction is, but never fit. */
  constructor(rows: readonly ParsedRow[], missing: readonly ParsedRow[] = []) {
    this.#missing = new Set(missing);
    this.#long = this.#opcodes = new Opcodes(rows.filter(({ modes }) => modes !== 'legacy'));
    this.#legacy = new Opcodes(rows.filter(({ modes }) => modes !== 'long'));
  }

  /** Reads no byte at or behind `end`. */
  decode(bytes: Uint8Array, start: number, end: number, mode: Mode = 64): Instruction | DecodeFailure {
    this.#bytes = bytes;
    this.#start = this.#at = start;
    this.#end = end;
    this.#mode = mode;
    this.#opcodes = mode === 64 ? this.#long : this.#legacy;
    try {
      return this.#instruction() ?? 'undefined';
    } catch (failure) {
      if (failure === truncated) return 'truncated';
      if (failure === tooLong) return 'tooLong';
      throw failure;
    }
  }

  #byte(): number {
    if (this.#at - this.#start >= MAX_INSTRUCTION_BYTES) throw tooLong;
    if (this.#at >= this.#end) throw truncated;
    return this.#bytes[this.#at++]!;
  }

  #word(): number {
    const low = this.#byte();
    return low | (this.#byte() << 8);
  }

  #signed8(): number {
    return (this.#byte() << 24) >> 24;
  }

  #signed16(): number {
    return (this.#word() << 16) >> 16;
  }

  #signed32(): number {
    const low = this.#word();
    return low | (this.#word() << 16);
  }

  #instruction(): Instruction | undefined {
    const first = this.#prefixes();
    if ((first === VEX_LONG || first === VEX_SHORT) && this.#isVex()) return this.#vex(first);
    const [map, opcode] = this.#opcode(first);
    const prefix = this.#effectivePrefix();
    const row = this.#choose(map, opcode, prefix);
    if (row) return this.#operands(row, opcode);
    // Too many bytes are noticed before that the prefixes do not fit.
    const [likely] = this.#opcodes.candidates(map, opcode);
    if (likely) this.#operands(likely, opcode);
    return undefined;
  }

  /** Outside 64-bit mode these bytes are LES and LDS, unless their memory operand is a register. */
  #isVex(): boolean {
    return this.#mode === 64 || this.#peek() >= 0xc0;
  }

  /** Other prefixes than those of segment and address size may not come before it, but too many bytes are noticed before. */
  #vex(first: number): Instruction | undefined {
    const isForbidden = this.#lock || this.#operandPrefix || this.#repeat !== 0 || this.#rex !== 0;
    const second = this.#byte();
    const last = first === VEX_SHORT ? second : this.#byte();
    const map = first === VEX_SHORT ? 'vex.0f' : VEX_MAPS[second & 0x1f];
    if (!map) return undefined;
    const extension = first === VEX_SHORT ? (second & 0x80) | 0x60 : second;
    const inverted = this.#mode === 64 ? (~extension >> 5) & 7 : 0;
    this.#rex = inverted | (first === VEX_LONG && last & 0x80 ? REX_W : 0);
    this.#vvvv = (~last >> 3) & (this.#mode === 64 ? 15 : 7);
    this.#vexL = (last & 4) !== 0;
    const opcode = this.#byte();
    const row = this.#choose(map, opcode, VEX_PREFIXES[last & 3]!);
    if (!row || (this.#vvvv !== 0 && !row.usesVvvv)) return undefined;
    const instruction = this.#operands(row, opcode);
    return isForbidden ? undefined : instruction;
  }

  #choose(map: OpcodeMap, opcode: number, prefix: MandatoryPrefix): ParsedRow | undefined {
    const candidates = this.#opcodes.candidates(map, opcode);
    if (candidates.length === 0) return undefined;
    const needsModrm = candidates.some((row) => row.opcode.hasModrm);
    return choose(this.#existing(candidates), {
      prefix,
      vexL: this.#vexL,
      rexW: (this.#rex & REX_W) !== 0,
      rexB: (this.#rex & REX_B) !== 0,
      modrm: needsModrm ? this.#peek() | (modIsIgnored(map, opcode) ? 0xc0 : 0) : -1,
    });
  }

  #existing(candidates: readonly ParsedRow[]): readonly ParsedRow[] {
    return this.#missing.size === 0 ? candidates : candidates.filter((row) => !this.#missing.has(row));
  }

  #effectivePrefix(): MandatoryPrefix {
    if (this.#repeat === 0xf3) return 'f3';
    if (this.#repeat === 0xf2) return 'f2';
    return this.#operandPrefix ? '66' : 'np';
  }

  #peek(): number {
    const byte = this.#byte();
    this.#at--;
    return byte;
  }

  /** Answers the first byte that is no prefix. */
  #prefixes(): number {
    this.#rex = 0;
    this.#operandPrefix = this.#addressPrefix = this.#lock = false;
    this.#repeat = 0;
    this.#segment = undefined;
    this.#vvvv = 0;
    this.#vexL = false;
    for (;;) {
      const byte = this.#byte();
      if (this.#mode === 64 && (byte & 0xf0) === 0x40) this.#rex = byte;
      else if (this.#legacyPrefix(byte)) this.#rex = 0;
      else {
        this.#addressBits = addressBits(this.#mode, this.#addressPrefix);
        return byte;
      }
    }
  }

  #legacyPrefix(byte: number): boolean {
    if (byte === 0x66) this.#operandPrefix = true;
    else if (byte === 0x67) this.#addressPrefix = true;
    else if (byte === LOCK) this.#lock = true;
    else if (byte === 0xf2 || byte === 0xf3) this.#repeat = byte;
    else if (byte === 0x64 || byte === 0x65) this.#segment = byte - 0x60;
    else if ((byte & 0xe7) !== 0x26) return false;
    // In 64-bit mode es, cs, ss and ds are accepted and mean nothing; they do not undo fs or gs.
    else if (this.#mode !== 64) this.#segment = (byte >> 3) & 3;
    return true;
  }

  #opcode(first: number): [OpcodeMap, number] {
    if (first !== 0x0f) return ['1', first];
    const second = this.#byte();
    if (second === 0x38) return ['0f38', this.#byte()];
    if (second === 0x3a) return ['0f3a', this.#byte()];
    return ['0f', second];
  }

  #operands(row: ParsedRow, opcode: number): Instruction | undefined {
    const sizeIndex = this.#sizeIndex(row);
    const size = row.sizeList[sizeIndex]!;
    const { reg, rm, memory } = row.opcode.hasModrm ? this.#modrm(row) : this.#opcodeRegister(opcode);
    const [immediate, immediateHigh] = this.#immediates(row, size);
    if (this.#lock && !(row.lock && memory)) return undefined;
    return {
      row,
      size,
      sizeIndex,
      reg,
      rm,
      vvvv: this.#vvvv,
      memory,
      immediate,
      immediateHigh,
      length: this.#at - this.#start,
      segment: this.#segment,
      hasRex: this.#rex !== 0,
      lock: this.#lock,
      repeat: this.#repeat,
      addressBits: this.#addressBits,
      mode: this.#mode,
    };
  }

  #sizeIndex({ sizeList, sizes, opcode }: ParsedRow): number {
    if (sizeList.length === 1) return 0;
    if (sizeList[1] === 256) return this.#vexL ? 1 : 0;
    const wide = (this.#rex & REX_W) !== 0;
    const prefixed = this.#operandPrefix && opcode.prefix !== '66';
    if (this.#mode !== 64) return sizeList[0] === 32 || prefixed === (this.#mode === 32) ? 0 : 1;
    if (sizes === 'n64') return 2;
    if (sizes === 'd64') return prefixed && !wide ? 0 : 2;
    if (sizeList.length === 3) return wide ? 2 : prefixed ? 0 : 1;
    return wide ? 1 : 0;
  }

  #opcodeRegister(opcode: number) {
    return { reg: 0, rm: (opcode & 7) | (this.#rex & REX_B ? 8 : 0), memory: undefined };
  }

  #modrm({ opcode: { map, byte }, vectorIndex }: ParsedRow) {
    const modrm = this.#byte() | (modIsIgnored(map, byte) ? 0xc0 : 0);
    const mod = modrm >> 6;
    const reg = ((modrm >> 3) & 7) | (this.#rex & REX_R ? 8 : 0);
    const rm = modrm & 7;
    if (mod === 3) return { reg, rm: rm | (this.#rex & REX_B ? 8 : 0), memory: undefined };
    if (this.#addressBits === 16) return { reg, rm, memory: this.#short(mod, rm) };
    return { reg, rm, memory: rm === 4 ? this.#sib(mod, vectorIndex !== undefined) : this.#simple(mod, rm) };
  }

  #simple(mod: number, rm: number): MemoryOperand {
    const noBase = mod === 0 && rm === 5;
    const ripRelative = noBase && this.#mode === 64;
    const base = noBase ? undefined : rm | (this.#rex & REX_B ? 8 : 0);
    const displacement = noBase ? this.#signed32() : this.#displacement(mod);
    return { base, index: undefined, scale: 0, displacement, ripRelative };
  }

  /** 16-bit addressing: a base, an index that is never scaled, and at most 16 bits of displacement. */
  #short(mod: number, rm: number): MemoryOperand {
    const noBase = mod === 0 && rm === 6;
    const base = noBase ? undefined : SHORT_BASES[rm];
    const index = rm < 4 ? SHORT_INDEXES[rm] : undefined;
    const displacement = noBase || mod === 2 ? this.#signed16() : mod === 1 ? this.#signed8() : 0;
    return { base, index, scale: 0, displacement, ripRelative: false };
  }

  #sib(mod: number, isVector: boolean): MemoryOperand {
    const sib = this.#byte();
    const index = ((sib >> 3) & 7) | (this.#rex & REX_X ? 8 : 0);
    const noBase = (sib & 7) === 5 && mod === 0;
    const base = noBase ? undefined : (sib & 7) | (this.#rex & REX_B ? 8 : 0);
    const displacement = noBase ? this.#signed32() : this.#displacement(mod);
    return {
      base,
      index: index === 4 && !isVector ? undefined : index,
      scale: sib >> 6,
      displacement,
      ripRelative: false,
    };
  }

  #displacement(mod: number): number {
    if (mod === 0) return 0;
    return mod === 1 ? this.#signed8() : this.#signed32();
  }

  /** A second immediate (`ENTER_Iw_Ib`) lands above the 16 bits of the first. */
  #immediates(row: ParsedRow, size: OperandSize): [number, number] {
    const found = row.operands.filter(({ kind }) => 'IJOAL'.includes(kind));
    const [first, second] = found;
    if (!first) return [0, 0];
    if (row.opcode.isVex) return [this.#byte(), 0];
    if (first.kind === 'O') return this.#offset();
    if (first.kind === 'A') return [size === 16 ? this.#word() : this.#signed32(), this.#word()];
    if (first.kind === 'J') return [this.#distance(first, size), 0];
    if (first.size === 'v' && size === 64) return [this.#signed32(), this.#signed32()];
    const value = cut(this.#immediate(first, size), size);
    return [second ? (value & 0xffff) | (this.#byte() << 16) : value, 0];
  }

  #offset(): [number, number] {
    if (this.#addressBits === 16) return [this.#word(), 0];
    return [this.#signed32(), this.#addressBits === 64 ? this.#signed32() : 0];
  }

  #distance({ size: code }: OperandCode, size: OperandSize): number {
    if (code === 8) return this.#signed8();
    return size === 16 ? this.#signed16() : this.#signed32();
  }

  #immediate({ size: code }: OperandCode, size: OperandSize): number {
    if (code === 8) return this.#signed8();
    return code === 16 || size === 16 ? this.#word() : this.#signed32();
  }
}

function addressBits(mode: Mode, prefixed: boolean): AddressBits {
  if (mode === 64) return prefixed ? 32 : 64;
  return prefixed === (mode === 32) ? 16 : 32;
}

/** An immediate as the operand size sees it. */
function cut(value: number, size: OperandSize): number {
  if (size === 8) return value & 0xff;
  return size === 16 ? value & 0xffff : value;
}
