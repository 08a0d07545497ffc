import type { ParsedRow, OperandSize, Variant } from '../../core/isa/row.js';
import type { OperandCode } from '../../core/isa/operand.js';
import type { Random } from './random.js';
import type { CpuState, Patch, TestCase, TestSegment } from './test-case.js';
import { DATA, DATA_BYTES, emptyState, FIXED, PAGE_BYTES, TEST_SEGMENTS, YMM_AT } from './test-case.js';
import { interestingBytes, interestingExtended, interestingInteger, interestingVector } from './values.js';

const [RCX, RBX, RSP, RBP, RSI, RDI] = [1, 3, 4, 5, 6, 7] as const;
const STATUS_FLAGS = 0x8d5;
const DIRECTION = 0x400;
const OPERAND_BYTES = 128;
/** Of all that 32 bits reach. */
const END = 1n << 32n;
const MAPS: Readonly<Record<string, readonly number[]>> = {
  '1': [],
  '0f': [0x0f],
  '0f38': [0x0f, 0x38],
  '0f3a': [0x0f, 0x3a],
};
const MANDATORY = { np: [], nfx: [], '66': [0x66], f2: [0xf2], f3: [0xf3] } as const;
/** By ModRM.rm with 16-bit addresses: base and index. */
const SHORT_REGISTERS = [[RBX, RSI], [RBX, RDI], [RBP, RSI], [RBP, RDI], [RSI], [RDI], [RBP], [RBX]] as const;

/** Rows whose instances a 64-bit Linux host executes in a 32-bit code segment. */
export function runsAs32Bit({ modes, opcode, mnemonic, untestable }: ParsedRow): boolean {
  return modes !== 'long' && opcode.rexW !== true && !opcode.isVex && !untestable && mnemonic !== 'invalid';
}

/** A random instance of a row in 32-bit code, with its memory operand in or near the data pages. */
export function shortInstance(row: ParsedRow, random: Random): TestCase {
  return new ShortInstance(row, random).build();
}

/** The same with segments of 4 KiB and the like under its operand and its stack, often near their ends. */
export function segmentInstance(row: ParsedRow, random: Random): TestCase {
  const any = Object.values(TEST_SEGMENTS);
  const es = random.oneIn(4) ? undefined : random.pick(any);
  const ss = random.oneIn(2) ? undefined : random.pick(any.filter(canBeStack));
  const segments = { ...(es && { es }), ...(ss && { ss }) };
  return new ShortInstance(row, random, segments).build();
}

const canBeStack = ({ attributes }: TestSegment) => (attributes & 0xa) === 2;

class ShortInstance {
  readonly #state: CpuState = emptyState();
  readonly #memory: Patch[] = [];
  readonly #prefixes: number[] = [];
  readonly #size: OperandSize;
  readonly #variant: Variant;
  #shortAddresses = false;

  constructor(
    private readonly row: ParsedRow,
    private readonly random: Random,
    private readonly segments: TestCase['segments'] = undefined,
  ) {
    const sizes = row.sizeList.length > 1 ? row.sizeList.filter((size) => size < 64) : row.sizeList;
    this.#size = random.pick(sizes);
    this.#variant = random.pick(row.variants);
  }

  build(): TestCase {
    this.#fillState();
    this.#choosePrefixes();
    const { opcode } = this.row;
    const byte = opcode.byte + (opcode.plusRegister ? this.random.below(8) : 0);
    const tail = opcode.hasModrm ? this.#modrm() : [];
    const head = [...this.#prefixes, ...MAPS[opcode.map]!, byte];
    const code = Uint8Array.from([...head, ...tail, ...this.#immediates()]);
    const { gpr } = this.#state;
    gpr.forEach((value, i) => (gpr[i] = i < 8 ? BigInt.asUintN(32, value) : 0n));
    const codeOffset = this.random.oneIn(40) ? PAGE_BYTES - code.length : 0x100;
    const { segments } = this;
    const fixed = { code, codeOffset, before: this.#state, memory: this.#memory, mode: 32 as const };
    return segments ? { ...fixed, segments } : fixed;
  }

  #fillState(): void {
    const { random } = this;
    const { gpr, fx } = this.#state;
    for (let i = 0; i < 8; i++) gpr[i] = interestingInteger(random);
    for (const i of [RSP, RBP, RSI, RDI, RBX]) if (!random.oneIn(5)) gpr[i] = this.#address(8);
    const isString = this.row.operands.some(({ kind }) => kind === 'X' || kind === 'Y');
    if (random.oneIn(2) || (isString && !random.oneIn(30))) gpr[RCX] = BigInt(random.below(40));
    const direction = random.oneIn(4) ? DIRECTION : 0;
    this.#state.rflags = BigInt((random.u32() & STATUS_FLAGS) | direction | 2);
    for (let i = 0; i < 32; i++)
      fx.set(interestingVector(random), i < 16 ? 160 + i * 16 : YMM_AT + (i - 16) * 16);
    for (let i = 0; i < 8; i++) fx.set(interestingExtended(random), 32 + i * 16);
    fx[4] = random.pick([0xff, 0x0f, 0, 0xfe]);
    for (const at of [RSI, RDI, RSP]) this.#patchAt(gpr[at]!);
    // In their segments these registers are offsets.
    if (this.segments?.es) gpr[RDI]! -= this.segments.es.base;
    if (this.segments?.ss) for (const at of [RSP, RBP]) gpr[at]! -= this.segments.ss.base;
  }

  #address(alignment: number): bigint {
    const { random } = this;
    if (this.segments && random.oneIn(2)) return DATA + BigInt(random.below(40) + random.pick([-20, 4076]));
    if (random.oneIn(24)) return FIXED + BigInt(random.below(PAGE_BYTES - 64) & -alignment);
    if (random.oneIn(30))
      return END - BigInt(random.below(OPERAND_BYTES) & -alignment) + BigInt(random.below(4));
    if (random.oneIn(12)) return DATA + BigInt(random.pick([-4, -1, DATA_BYTES - 4, PAGE_BYTES - 3]));
    return DATA + BigInt(64 + (random.below(DATA_BYTES - 64 - OPERAND_BYTES) & -alignment));
  }

  #choosePrefixes(): void {
    const { row, random } = this;
    const { prefix } = row.opcode;
    if (row.lock && this.#variant === 'm' && random.oneIn(8)) this.#prefixes.push(0xf0);
    if (row.sizeList.length > 1 && this.#size === 16) this.#prefixes.push(0x66);
    if (prefix) this.#prefixes.push(...MANDATORY[prefix]);
    if (this.segments) this.#prefixes.unshift(0x26);
    else if (random.oneIn(12)) {
      this.#shortAddresses = true;
      this.#prefixes.unshift(0x67);
    }
    if (!this.segments && random.oneIn(20)) this.#prefixes.unshift(random.pick([0x2e, 0x36, 0x3e, 0x26]));
  }

  #modrm(): number[] {
    const { opcode, operands } = this.row;
    if (opcode.modrm !== undefined) return [opcode.modrm | (opcode.anyRm ? this.random.below(8) : 0)];
    const reg = (opcode.digit ?? this.random.below(8)) << 3;
    const inMemory = this.#variant === 'm' || operands.some(({ kind }) => kind === 'M');
    if (!inMemory) return [0xc0 | reg | this.random.below(8)];
    return this.#shortAddresses ? this.#shortOperand(reg) : this.#memoryOperand(reg);
  }

  #memoryOperand(reg: number): number[] {
    const { random } = this;
    const target = this.#address(this.row.aligned && !random.oneIn(10) ? 16 : random.pick([1, 2, 4, 8]));
    this.#patchAt(target);
    const offset = target - (this.segments?.es?.base ?? 0n);
    const kind = random.below(4);
    if (kind === 0) return [reg | 5, ...dword(offset)];
    const base = random.pick([0, 1, 2, 3, 5, 6, 7]);
    const mod = random.pick(base === RBP ? [1, 2] : [0, 1, 2]);
    const displacement = mod === 0 ? 0 : mod === 1 ? random.below(256) - 128 : random.u32() | 0;
    const bytes = dword(BigInt(displacement)).slice(0, [0, 1, 4][mod]);
    if (kind < 3) {
      this.#state.gpr[base] = offset - BigInt(displacement);
      return [(mod << 6) | reg | base, ...bytes];
    }
    const index = random.pick([0, 1, 2, 3, 5, 6, 7].filter((i) => i !== base));
    const scale = random.below(4);
    const scaled = BigInt.asUintN(32, this.#state.gpr[index]!) << BigInt(scale);
    this.#state.gpr[base] = offset - BigInt(displacement) - scaled;
    return [(mod << 6) | reg | 4, (scale << 6) | (index << 3) | base, ...bytes];
  }

  /** No memory of the test lies so low: the fault tells which address was computed. */
  #shortOperand(reg: number): number[] {
    const { random } = this;
    const rm = random.below(8);
    const mod = random.below(3);
    for (const register of SHORT_REGISTERS[rm]!) this.#state.gpr[register] = interestingInteger(random);
    const bytes = rm === 6 && mod === 0 ? 2 : mod;
    return [(mod << 6) | reg | rm, ...dword(random.u64()).slice(0, bytes)];
  }

  #patchAt(target: bigint): void {
    const offset = Number(target - DATA);
    if (offset < 0 || offset + OPERAND_BYTES > DATA_BYTES) return;
    this.#memory.push({ offset, bytes: interestingBytes(this.random, OPERAND_BYTES) });
  }

  #immediates(): number[] {
    return this.row.operands.flatMap((operand) => {
      const bytes = this.#immediateBytes(operand);
      if (operand.kind === 'O')
        return dword(this.#address(8) - (this.segments?.es?.base ?? 0n)).slice(0, bytes);
      return dword(interestingInteger(this.random)).slice(0, bytes);
    });
  }

  #immediateBytes({ kind, size }: OperandCode): number {
    if (kind === 'O') return this.#shortAddresses ? 2 : 4;
    if (kind !== 'I' && kind !== 'J') return 0;
    if (size === 'v' || size === 'z') return this.#size === 16 ? 2 : 4;
    return (size as number) / 8;
  }
}

const dword = (value: bigint) => [
  ...new Uint8Array(Uint32Array.of(Number(BigInt.asUintN(32, value))).buffer),
];
