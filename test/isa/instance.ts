import type { OperandCode } from '../../core/isa/operand.js';
import type { OpcodeMap, OperandSize, ParsedRow, Variant } from '../../core/isa/row.js';
import type { Random } from './random.js';
import type { CpuState, Patch, TestCase } from './test-case.js';
import { CODE, DATA, DATA_BYTES, emptyState, FIXED, HIGH, PAGE_BYTES, YMM_AT } from './test-case.js';
import { interestingBytes, interestingExtended, interestingInteger, interestingVector } from './values.js';

const STATUS_FLAGS = 0x8d5;
const DIRECTION = 0x400;
const ALWAYS_SET = 2;
const [RSP, RBP, RSI, RDI, RCX, RBX, R12, R13] = [4, 5, 6, 7, 1, 3, 12, 13] as const;
/** Longest memory operand whose bytes matter. */
const OPERAND_BYTES = 128;
const IN_RM = new Set(['E', 'R', 'W', 'U', 'Q', 'N', 'M']);
const IN_REG = new Set(['G', 'V', 'P', 'S', 'C', 'D']);
const MANDATORY = { np: [], nfx: [], '66': [0x66], f2: [0xf2], f3: [0xf3] } as const;
const MAPS: Record<OpcodeMap, readonly number[]> = {
  '1': [],
  '0f': [0x0f],
  '0f38': [0x0f, 0x38],
  '0f3a': [0x0f, 0x3a],
  'vex.0f': [],
  'vex.0f38': [],
  'vex.0f3a': [],
};
const VEX_MAPS: Partial<Record<OpcodeMap, number>> = { 'vex.0f': 1, 'vex.0f38': 2, 'vex.0f3a': 3 };
const VEX_PREFIXES = { np: 0, nfx: 0, '66': 1, f3: 2, f2: 3 } as const;

interface Shape {
  readonly size: OperandSize;
  readonly variant: Variant;
}

/** A random instance of a row: bytes, and a state in which its memory operand lies in or near the data pages. */
export function randomInstance(row: ParsedRow, random: Random): TestCase {
  return new InstanceBuilder(row, random, false).build();
}

/** The same with everything that points to memory near the border of a page: mapped, absent or read only behind it. */
export function borderInstance(row: ParsedRow, random: Random): TestCase {
  return new InstanceBuilder(row, random, false, true).build();
}

/** The same without prefixes that do not matter, far addresses and unusual control words: what a reader would write. */
export function plainInstance(row: ParsedRow, random: Random): TestCase {
  return new InstanceBuilder(row, random, true).build();
}

class InstanceBuilder {
  readonly #state: CpuState = emptyState();
  readonly #memory: Patch[] = [];
  readonly #prefixes: number[] = [];
  #rex = 0;
  readonly #vvvv: number;
  readonly #shape: Shape;
  /** Behind the opcode: ModRM, SIB, displacement. */
  #tail: number[] = [];
  /** Where a 32-bit displacement relative to the next instruction stands in the tail, and what it should reach. */
  #relative: { readonly at: number; readonly target: bigint } | undefined;

  constructor(
    private readonly row: ParsedRow,
    private readonly random: Random,
    private readonly isPlain: boolean,
    private readonly isAtBorder = false,
  ) {
    this.#vvvv = row.usesVvvv ? random.below(isPlain ? 4 : 16) : 0;
    this.#shape = { size: random.pick(row.sizeList), variant: random.pick(row.variants) };
  }

  build(): TestCase {
    this.#fillState();
    this.#choosePrefixes();
    const opcode = this.#opcode();
    if (this.row.opcode.hasModrm) this.#modrm();
    const code = this.#assemble(opcode);
    if (this.isPlain)
      return { code: Uint8Array.from(code), codeOffset: 0, before: this.#state, memory: this.#memory };
    const codeOffset = this.random.oneIn(40) ? PAGE_BYTES - code.length - this.random.below(2) : 0x100;
    const fits = codeOffset + code.length <= PAGE_BYTES ? codeOffset : PAGE_BYTES - code.length;
    if (this.#relative) this.#fixRelative(code, CODE + BigInt(fits));
    return { code: Uint8Array.from(code), codeOffset: fits, before: this.#state, memory: this.#memory };
  }

  #fillState(): void {
    const { random } = this;
    const { gpr, fx } = this.#state;
    for (let i = 0; i < 16; i++) gpr[i] = interestingInteger(random);
    for (const i of [RSP, RBP, RSI, RDI, RBX]) if (!random.oneIn(5)) gpr[i] = this.#address(8);
    // Each iteration of a repeated string instruction costs the host a signal.
    if (random.oneIn(2) || (this.#isString() && !random.oneIn(30))) gpr[RCX] = BigInt(random.below(40));
    const direction = random.oneIn(4) ? DIRECTION : 0;
    this.#state.rflags = BigInt((random.u32() & STATUS_FLAGS) | direction | ALWAYS_SET);
    for (let i = 0; i < 32; i++)
      fx.set(interestingVector(random), i < 16 ? 160 + i * 16 : YMM_AT + (i - 16) * 16);
    if (this.isPlain) this.#fillPlainX87();
    else this.#fillX87();
    new DataView(fx.buffer).setUint32(24, this.isPlain ? 0x1f80 : this.#mxcsr(), true);
    if (this.row.mnemonic.endsWith('sbase')) this.#fillBases();
    for (const at of [RSI, RDI]) this.#patchAt(gpr[at]!);
  }

  /** Canonical, or the state could not be entered. */
  #fillBases(): void {
    const canonical = () => BigInt.asUintN(64, BigInt.asIntN(48, this.random.u64()));
    this.#state.fsBase = canonical();
    this.#state.gsBase = canonical();
  }

  #fillX87(): void {
    const { random } = this;
    const { fx } = this.#state;
    const view = new DataView(fx.buffer);
    const masks = random.oneIn(4) ? random.below(64) : 63;
    view.setUint16(0, 0x40 | masks | (random.below(4) << 10) | (random.pick([0, 2, 3, 3]) << 8), true);
    const flags = random.oneIn(2) ? 0 : random.below(64) & (random.oneIn(8) ? 63 : masks);
    // ES and B follow from the flags and masks; the processor insists.
    const pending = flags & ~masks ? 0x8080 : 0;
    const conditions = (random.below(8) << 8) | (random.below(2) << 14);
    view.setUint16(2, flags | pending | conditions | (random.below(8) << 11), true);
    fx[4] = random.oneIn(3) ? random.below(256) : 0xff;
    if (random.oneIn(2)) fx[4] = random.pick([0xff, 0x0f, 0xf0, 0x7f, 0xfe]);
    for (let i = 0; i < 8; i++) fx.set(interestingExtended(random), 32 + i * 16);
  }

  #fillPlainX87(): void {
    const { fx } = this.#state;
    const stackTop = this.random.below(8);
    new DataView(fx.buffer).setUint16(2, stackTop << 11, true);
    // All full, ST(0) to ST(3), or none.
    fx[4] = this.random.pick([0xff, ((0xf0f << stackTop) >> 8) & 0xff, 0]);
    if (fx[4] !== 0) for (let i = 0; i < 8; i++) fx.set(interestingExtended(this.random), 32 + i * 16);
  }

  #mxcsr(): number {
    const { random } = this;
    const kind = random.below(4);
    if (kind === 0) return 0x1f80;
    if (kind === 1) return 0x1fa0;
    if (kind === 2) return 0x1f80 | (random.below(4) << 13) | random.below(64);
    return random.u32() & 0xffff;
  }

  /** An address in the data pages, near their borders, or in the page that cannot be written. */
  #address(alignment: number, low = false): bigint {
    const { random } = this;
    if (this.isPlain) return DATA + BigInt(64 + (random.below(1024) & -16));
    const base = low || random.oneIn(2) ? DATA : HIGH;
    if (this.isAtBorder) return base + BigInt(random.below(3) * PAGE_BYTES - this.#beforeBorder());
    if (random.oneIn(24)) return FIXED + BigInt(random.below(PAGE_BYTES - 64) & -alignment);
    if (random.oneIn(12))
      return base + BigInt(random.pick([-4, -8, -1, DATA_BYTES - 4, DATA_BYTES - 9, PAGE_BYTES - 3]));
    if (random.oneIn(60) && !low) return random.u64();
    return base + BigInt(64 + (random.below(DATA_BYTES - 64 - OPERAND_BYTES) & -alignment));
  }

  /** Mostly so that an operand of some size lies on both sides. */
  #beforeBorder(): number {
    const { random } = this;
    return random.oneIn(4) ? random.below(OPERAND_BYTES) - 8 : random.below(this.#shape.size / 8 + 2);
  }

  #choosePrefixes(): void {
    const { row, random } = this;
    const { prefix, rexW } = row.opcode;
    const { size } = this.#shape;
    const sized = row.sizeList.length > 1;
    if (this.#isString() && random.oneIn(2)) this.#prefixes.push(random.pick([0xf2, 0xf3]));
    if (row.lock && this.#shape.variant === 'm' && random.oneIn(8)) this.#prefixes.push(0xf0);
    if (sized && size === 16 && !row.opcode.isVex) this.#prefixes.push(0x66);
    if (rexW === true || (rexW === undefined && sized && size === 64 && row.sizes !== 'd64'))
      this.#rex |= 0x48;
    if (prefix && prefix !== 'np' && !row.opcode.isVex) this.#prefixes.push(...MANDATORY[prefix]);
    if (this.isPlain) return;
    if (this.#isString() && random.oneIn(6)) this.#prefixes.push(0x67);
    if (random.oneIn(30)) this.#prefixes.unshift(random.pick([0x2e, 0x36, 0x3e, 0x26]));
    if (random.oneIn(6)) this.#rex |= row.opcode.isVex && wIsIgnored(row) ? 0x48 : 0x40;
  }

  #isString(): boolean {
    return this.row.operands.some(({ kind }) => kind === 'X' || kind === 'Y');
  }

  #opcode(): number[] {
    const { opcode } = this.row;
    let byte = opcode.byte;
    if (opcode.plusRegister) {
      const register = this.random.below(this.isPlain ? 4 : 16);
      if (register >= 8) this.#rex |= 0x41;
      byte += register & 7;
    }
    return [...MAPS[opcode.map], byte];
  }

  #modrm(): void {
    const { opcode, operands } = this.row;
    if (opcode.modrm !== undefined) {
      this.#tail.push(opcode.modrm | (opcode.anyRm ? this.random.below(8) : 0));
      return;
    }
    const reg = this.#regField();
    const inMemory = this.#shape.variant === 'm' || this.#onlyMemory();
    if (inMemory) this.#memoryOperand(reg);
    else
      this.#tail.push(
        0xc0 |
          (reg << 3) |
          this.#registerIn(
            operands.find(({ kind }) => IN_RM.has(kind)),
            0x41,
          ),
      );
  }

  #onlyMemory(): boolean {
    return this.row.operands.some(({ kind }) => kind === 'M');
  }

  #regField(): number {
    const { opcode, operands } = this.row;
    if (opcode.digit !== undefined) return opcode.digit;
    return this.#registerIn(
      operands.find(({ kind }) => IN_REG.has(kind)),
      0x44,
    );
  }

  /** Low three bits of a register number; the fourth goes into REX. */
  #registerIn(operand: OperandCode | undefined, rexBit: number): number {
    const few = operand === undefined || operand.text === 'STi' || 'PQNSCD'.includes(operand.kind);
    const number = this.random.below(this.isPlain ? 4 : few ? 8 : 16);
    if (number >= 8) this.#rex |= rexBit;
    return number & 7;
  }

  #memoryOperand(reg: number): void {
    const { random } = this;
    if (this.row.vectorIndex) return this.#vectorIndexed(reg);
    const wide = !this.isPlain && random.oneIn(16);
    if (wide) this.#prefixes.push(0x67);
    const alignment =
      this.row.aligned && !random.oneIn(10)
        ? Math.max(16, this.#shape.size / 8)
        : random.pick([1, 2, 4, 8, 8, 16]);
    const target = this.#address(alignment, wide);
    const operandAddress = target - this.#segmentBase();
    this.#patchAt(target);
    const form = this.isPlain ? 2 : random.below(8);
    if (form === 0 && target >> 31n === 0n) this.#ripRelative(reg, operandAddress);
    else if (form === 1 && operandAddress >> 31n === 0n) this.#absolute(reg, operandAddress);
    else if (form <= 4) this.#baseOnly(reg, operandAddress);
    else this.#baseAndIndex(reg, operandAddress);
  }

  #segmentBase(): bigint {
    const { random } = this;
    if (this.isPlain || !random.oneIn(12)) return 0n;
    const fs = random.oneIn(2);
    this.#prefixes.push(fs ? 0x64 : 0x65);
    const base = BigInt(random.below(0x4000) & -16);
    if (fs) this.#state.fsBase = base;
    else this.#state.gsBase = base;
    return base;
  }

  /** A base that points to data, an index that mostly leads to places around there, and a mask that chooses some lanes. */
  #vectorIndexed(reg: number): void {
    const { random } = this;
    const target = this.#address(8);
    this.#patchAt(target);
    const base = this.isPlain ? RBX : random.below(16);
    const index = random.below(this.isPlain ? 4 : 16);
    this.#rex |= (base >= 8 ? 0x41 : 0) | (index >= 8 ? 0x42 : 0);
    const scale = random.below(4);
    this.#tail.push(0x44 | (reg << 3), (scale << 6) | ((index & 7) << 3) | (base & 7), 0x10);
    this.#point(base, target - 0x10n);
    const laneBytes = this.row.mnemonic.includes('gatherq') ? 8 : 4;
    for (let at = 0; at < 32; at += laneBytes) {
      const distance = random.oneIn(60) ? random.u32() | 0 : random.below(24) - 4;
      this.#setVector(index, at, [...qword(BigInt(distance))].slice(0, laneBytes));
    }
    for (let at = 3; at < 32; at += 4) this.#setVector(this.#vvvv, at, [random.pick([0x80, 0xff, 0x7f, 0])]);
  }

  #setVector(register: number, at: number, bytes: readonly number[]): void {
    const start = at < 16 ? 160 + at : YMM_AT + at - 16;
    this.#state.fx.set(bytes, start + register * 16);
  }

  #ripRelative(reg: number, target: bigint): void {
    this.#tail.push((reg << 3) | 5);
    this.#relative = { at: this.#tail.length, target };
    this.#tail.push(0, 0, 0, 0);
  }

  #absolute(reg: number, target: bigint): void {
    this.#tail.push((reg << 3) | 4, 0x25, ...dword(Number(target)));
  }

  #displacement(): { mod: number; bytes: number[]; value: number } {
    const { random } = this;
    const mod = this.isPlain ? random.below(2) : random.below(3);
    if (mod === 0) return { mod, bytes: [], value: 0 };
    const value = mod === 1 ? random.below(256) - 128 : (random.u32() | 0) >> random.below(24);
    return { mod, value, bytes: mod === 1 ? [value & 0xff] : dword(value) };
  }

  #baseOnly(reg: number, target: bigint): void {
    const base = this.isPlain ? RBX : this.random.pick([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15]);
    let displacement = this.#displacement();
    if (displacement.mod === 0 && (base & 7) === RBP) displacement = { mod: 1, bytes: [0], value: 0 };
    if (base >= 8) this.#rex |= 0x41;
    this.#tail.push((displacement.mod << 6) | (reg << 3) | (base & 7), ...displacement.bytes);
    this.#point(base, target - BigInt(displacement.value));
  }

  #baseAndIndex(reg: number, target: bigint): void {
    const { random } = this;
    const base = random.below(16);
    const index = random.pick(
      [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, R12, R13, 14, 15].filter((i) => i !== base),
    );
    const scale = random.below(4);
    let displacement = this.#displacement();
    if (displacement.mod === 0 && (base & 7) === RBP) displacement = { mod: 1, bytes: [0], value: 0 };
    if (base >= 8) this.#rex |= 0x41;
    if (index >= 8) this.#rex |= 0x42;
    const sib = (scale << 6) | ((index & 7) << 3) | (base & 7);
    this.#tail.push((displacement.mod << 6) | (reg << 3) | 4, sib, ...displacement.bytes);
    const offset = this.#state.gpr[index]! << BigInt(scale);
    this.#point(base, target - BigInt(displacement.value) - offset);
  }

  #point(register: number, value: bigint): void {
    this.#state.gpr[register] = BigInt.asUintN(64, value);
  }

  /** Puts something worth reading around an address in the data pages. */
  #patchAt(target: bigint): void {
    const offset = offsetOf(target);
    if (offset === undefined) return;
    const bytes = interestingBytes(this.random, OPERAND_BYTES);
    const start = Math.max(0, Math.min(offset, limitOf(offset) - OPERAND_BYTES));
    this.#memory.push({ offset: start, bytes });
  }

  #assemble(opcode: number[]): number[] {
    const rex = this.row.opcode.isVex ? this.#vex() : this.#rex === 0 ? [] : [this.#rex | 0x40];
    const head = [...this.#prefixes, ...rex, ...opcode];
    if (this.#relative) this.#relative = { ...this.#relative, at: this.#relative.at + head.length };
    return [...head, ...this.#tail, ...this.#immediates()];
  }

  /** The short form where it can be, mostly. */
  #vex(): number[] {
    const { random, row } = this;
    const { map, prefix, vexL } = row.opcode;
    const vvvv = this.#vvvv;
    const ignoresL = vexL === undefined && this.#shape.size < 128 && random.oneIn(4) && !this.isPlain;
    const length = vexL || ignoresL || (vexL === undefined && this.#shape.size === 256) ? 4 : 0;
    const last = ((~vvvv & 15) << 3) | length | VEX_PREFIXES[prefix ?? 'np'];
    const inverted = ~this.#rex << 5;
    if (map === 'vex.0f' && (this.#rex & 0xb) === 0 && (this.isPlain || !random.oneIn(6)))
      return [0xc5, (inverted & 0x80) | last];
    return [0xc4, (inverted & 0xe0) | VEX_MAPS[map]!, ((this.#rex & 8) << 4) | last];
  }

  #immediates(): number[] {
    return this.row.operands.flatMap((operand) => {
      if (operand.kind === 'O')
        return [...qword(this.#address(8)).slice(0, this.#prefixes.includes(0x67) ? 4 : 8)];
      if (operand.kind === 'L') return [this.random.below(256)];
      if (operand.kind !== 'I' && operand.kind !== 'J') return [];
      if (operand.kind === 'J' && this.isPlain)
        return [...qword(0x10n)].slice(0, this.#immediateBytes(operand));
      return [...qword(interestingInteger(this.random))].slice(0, this.#immediateBytes(operand));
    });
  }

  #immediateBytes({ kind, size }: OperandCode): number {
    if (size === 'v') return this.#shape.size / 8;
    if (size === 'z') return this.#shape.size === 16 && kind !== 'J' ? 2 : 4;
    return (size as number) / 8;
  }

  #fixRelative(code: number[], start: bigint): void {
    const { at, target } = this.#relative!;
    const distance = Number(target - start - BigInt(code.length));
    dword(distance).forEach((byte, i) => (code[at + i] = byte));
  }
}

const wIsIgnored = ({ opcode, sizeList }: ParsedRow) =>
  opcode.rexW === undefined && !(sizeList.includes(32) && sizeList.includes(64));

function offsetOf(linear: bigint): number | undefined {
  for (const [base, start, bytes] of [
    [DATA, 0, DATA_BYTES],
    [HIGH, 0, DATA_BYTES],
    [FIXED, DATA_BYTES, PAGE_BYTES],
  ] as const) {
    const offset = linear - base;
    if (offset >= -16n && offset < BigInt(bytes)) return start + Math.max(0, Number(offset));
  }
  return undefined;
}

const limitOf = (offset: number) => (offset < DATA_BYTES ? DATA_BYTES : DATA_BYTES + PAGE_BYTES);
const dword = (value: number) => [...new Uint8Array(Int32Array.of(value).buffer)];
const qword = (value: bigint) => new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer);
