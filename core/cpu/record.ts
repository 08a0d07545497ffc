import type { Instruction } from '../isa/instruction.js';
import type { OperandCode, OperandKind } from '../isa/operand.js';
import { sizeIn } from '../isa/operand.js';
import type { ParsedRow } from '../isa/row.js';
import {
  ADDRESS_16,
  ADDRESS_32,
  Field,
  PAGE_BYTES,
  SEGMENT_BITS,
  SEGMENT_SHIFT,
  SegmentCode,
  Slot,
} from './layout.js';
import type { OpTable } from './ops.js';
import type { CpuState } from './state.js';

const RM_KINDS = new Set<OperandKind>(['E', 'R', 'W', 'U', 'Q', 'N', 'Z']);
const REG_KINDS = new Set<OperandKind>(['G', 'V', 'P', 'S', 'C', 'D']);

interface Shape {
  readonly rm: OperandCode | undefined;
  readonly reg: OperandCode | undefined;
  readonly relative: boolean;
  readonly isCall: boolean;
}

/** Writes decoded instructions as records. */
export class RecordWriter {
  readonly #shapes = new Map<ParsedRow, Shape>();

  constructor(
    private readonly state: CpuState,
    private readonly ops: OpTable,
    /** The record that a jump in `record` to an offset of its page leads to. */
    private readonly linkTo: (record: number, target: number, isCall: boolean) => number,
  ) {}

  /**
   * `offset` is that of the instruction in its page. A record that is used `once` does not lie among those of its page, so it
   * cannot jump to them directly. In code that is `checked`, jumps ask whether the segment holds their target.
   */
  write(record: number, instruction: Instruction, offset: number, once: boolean, checked = false): void {
    const { row, length, immediate } = instruction;
    const shape = this.#shape(row);
    const { u8, u16, i32 } = this.state;
    const next = offset + length;
    u16[(record + Field.place) >> 1] = offset | (length << 12);
    u8[record + Field.reg] = shape.reg
      ? registerField(shape.reg, instruction.reg, instruction)
      : instruction.reg;
    i32[(record + Field.immediate) >> 2] = row.opcode.isVex ? vexFields(instruction) : immediate;
    i32[(record + Field.displacement) >> 2] = shape.relative ? next : 0;
    let variant = 0;
    if (instruction.memory) {
      variant = row.variants.indexOf('m');
      this.#memory(record, instruction, next);
    } else {
      u8[record + Field.rm] = shape.rm
        ? registerField(shape.rm, instruction.rm, instruction)
        : instruction.rm;
      this.#segment(record, instruction, 0);
      if (
        row.operands.some(
          ({ kind }) => kind === 'O' || kind === 'A' || (kind === 'I' && row.sizeList.length > 1),
        )
      ) {
        this.#wide(record, instruction, row);
      }
    }
    const isFar = once || checked || instruction.size === 16;
    if (shape.relative && !this.#isNear(record, next + immediate, isFar, shape.isCall)) variant = 1;
    const form = row.firstForm + instruction.sizeIndex * row.variants.length + variant;
    this.#op(record, form, instruction, checked);
  }

  #shape(row: ParsedRow): Shape {
    let shape = this.#shapes.get(row);
    if (!shape) {
      shape = {
        rm: row.operands.find(({ kind }) => RM_KINDS.has(kind)),
        reg: row.operands.find(({ kind }) => REG_KINDS.has(kind)),
        relative: row.operands.some(({ kind }) => kind === 'J'),
        isCall: row.mnemonic === 'call',
      };
      this.#shapes.set(row, shape);
    }
    return shape;
  }

  /** 64 bits of immediate or address from `displacement` on. */
  #wide(record: number, { immediate, immediateHigh, size }: Instruction, row: ParsedRow): void {
    const { i32 } = this.state;
    const isAddress = row.operands.some(({ kind }) => kind === 'O' || kind === 'A');
    if (
      !isAddress &&
      !(size === 64 && row.operands.some((operand) => operand.kind === 'I' && operand.size === 'v'))
    )
      return;
    i32[(record + Field.displacement) >> 2] = immediate;
    i32[(record + Field.immediate) >> 2] = immediateHigh;
  }

  /** A jump within the page leads from record to record. */
  #isNear(record: number, target: number, isFar: boolean, isCall: boolean): boolean {
    if (isFar || target < 0 || target >= PAGE_BYTES) return false;
    this.state.i32[(record + Field.immediate) >> 2] = this.linkTo(record, target, isCall) - record;
    return true;
  }

  #memory(record: number, instruction: Instruction, next: number): void {
    const { u8, i32 } = this.state;
    const { base, index, scale, displacement, ripRelative } = instruction.memory!;
    u8[record + Field.rm] = ripRelative ? Slot.pageBase : base === undefined ? Slot.zero : base * 8;
    u8[record + Field.index] =
      index === undefined ? Slot.zero : index * (instruction.row.vectorIndex ? 16 : 8);
    this.#segment(record, instruction, scale);
    const folded = ripRelative ? displacement + next : displacement;
    const overflows = folded > 0x7fff_ffff;
    if (overflows) u8[record + Field.index] = Slot.big;
    i32[(record + Field.displacement) >> 2] = overflows ? folded - 0x8000_0000 : folded;
  }

  #segment(record: number, instruction: Instruction, scale: number): void {
    const { addressBits, row } = instruction;
    const code = row.addressOnly ? SegmentCode.none : segmentCode(instruction);
    const size = addressBits === 64 ? 0 : addressBits === 32 ? ADDRESS_32 : ADDRESS_16;
    this.state.u8[record + Field.scaleSegment] = (code << SEGMENT_SHIFT) | scale | size;
  }

  #op(record: number, form: number, instruction: Instruction, checked: boolean): void {
    const { ops } = this;
    const { u8, u16 } = this.state;
    const { memory, addressBits, mode, row } = instruction;
    const isRare = mode === 64 ? addressBits !== 64 : addressBits !== 32 || (checked && row.sizes === 'n64');
    const hot = isRare ? 0 : ops.hotOp[form]!;
    let op = hot === 0 ? ops.rareBase + form : hot;
    if (hot !== 0 && memory) {
      const segmented = mode !== 64 || (u8[record + Field.scaleSegment]! & SEGMENT_BITS) !== 0;
      const indexed = u8[record + Field.index]! !== Slot.zero;
      if (segmented) op = ops.segmentedBase + ops.hotMemory[form]!;
      else if (indexed) op = ops.indexedBase + ops.hotMemory[form]!;
    }
    u16[record >> 1] = op;
  }
}

const [RSP, RBP] = [4, 5];

/** Outside 64-bit mode the stack pointer and rbp as a base mean the stack segment. */
function segmentCode({ mode, segment, memory }: Instruction): number {
  if (mode === 64) {
    if (segment === undefined) return SegmentCode.none;
    return segment === 4 ? SegmentCode.fs : SegmentCode.gs;
  }
  if (segment !== undefined) return SegmentCode.legacyEs + segment;
  const onStack = memory !== undefined && (memory.base === RSP || memory.base === RBP);
  return onStack ? SegmentCode.legacySs : SegmentCode.legacyDs;
}

/** An immediate of 8 bits, then the registers that VEX.vvvv and the immediate name. */
function vexFields({ row, immediate, vvvv }: Instruction): number {
  const named = row.operands.some(({ kind }) => kind === 'B') ? vvvv * 8 : vvvv * 16;
  return immediate | (named << 8) | ((immediate >> 4) << 20);
}

/** How a register number stands in a record, by the kind of register. */
function registerField(operand: OperandCode, number: number, { hasRex, size }: Instruction): number {
  switch (operand.kind) {
    case 'V':
    case 'W':
    case 'U':
      return number * 16;
    case 'P':
    case 'Q':
    case 'N':
      return (number & 7) * 16;
    case 'S':
    case 'C':
    case 'D':
      return number;
  }
  const highByte = sizeIn(operand, size) === 8 && !hasRex && number >= 4 && number < 8;
  return highByte ? (number - 4) * 8 + 1 : number * 8;
}
