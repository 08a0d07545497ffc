import type { OperandCode, OperandKind } from '../../isa/operand.js';
import { sizeIn } from '../../isa/operand.js';
import type { OperandSize } from '../../isa/row.js';
import { ADDRESS_16, ADDRESS_32, Field, SEGMENT_BITS, SegmentCode, segmentBaseAt, State } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import { i32x4, i64x2, v128 } from '../wasm/simd-expr.js';
import type { Access, GprSize } from './machine-emitter.js';
import { GP, LOADS, MachineEmitter, state64, STORES, UPPER_HALF } from './machine-emitter.js';
import type { VectorParts } from './vector-parts.js';

export type { Access, GprSize } from './machine-emitter.js';
export { GP, state32, state64, toState32, toState64, UD, zero } from './machine-emitter.js';

const VECTOR_KINDS = new Set<OperandKind>(['V', 'W', 'U', 'H', 'L']);
const MMX_KINDS = new Set<OperandKind>(['P', 'Q', 'N']);
/** Where the record holds the register of an operand; all others are in `rm`. */
const REGISTER_FIELD: Partial<Record<OperandKind, number>> = {
  G: Field.reg,
  V: Field.reg,
  P: Field.reg,
  S: Field.reg,
  C: Field.reg,
  D: Field.reg,
  H: Field.vvvv,
  B: Field.vvvv,
  L: Field.immediateRegister,
};

/**
 * What a meaning speaks to. General values are i64, zero-extended from their size. What may fault (memory reads, `update`,
 * the translation of a write) has to come before the first change of a register or flag.
 */
export abstract class Emitter extends MachineEmitter {
  readonly #hosts = new Map<number, Expr>();
  readonly #readFrom = new Set<number>();
  /** Set while the halves of a 256-bit form are emitted one after the other. */
  parts: VectorParts | undefined;

  /** `distance` is added before the address is cut to its size. */
  protected abstract effectiveAddress(distance?: Expr): Expr;

  // Operands.

  /** What a meaning reads as operand `i`. */
  operand(i: number): OperandCode {
    return this.destination(this.form.row.nondestructive ? i + 1 : i);
  }

  /** What a meaning writes as operand `i`. */
  destination(i: number): OperandCode {
    const operand = this.form.row.operands[i];
    if (!operand) throw new Error(`${this.form.row.name} has no operand ${i}`);
    return operand;
  }

  sizeOf(i: number): OperandSize {
    return sizeIn(this.operand(i), this.size);
  }

  isMemory(i: number): boolean {
    const { kind } = this.operand(i);
    if (kind === 'M' || kind === 'O') return true;
    return (kind === 'E' || kind === 'W' || kind === 'Q') && this.form.variant === 'm';
  }

  /** The operand's value, zero-extended to i64. */
  read(i: number): Expr {
    const { kind, text } = this.operand(i);
    if (kind === 'I') return this.immediate(this.size >= 128 ? 32 : (this.size as GprSize));
    const size = this.#gprSize(i);
    if (this.isMemory(i)) {
      this.#readFrom.add(i);
      return this.load(this.address(i), size);
    }
    if (text === '1') return i64.const(1);
    return this.body.let(LOADS[size](this.registerAddress(i)));
  }

  /** The operand's value, sign-extended to i64. */
  readSigned(i: number): Expr {
    return this.signed(this.read(i), this.#gprSize(i));
  }

  /** Reads an operand that will be written: memory is translated for writing, once. */
  update(i: number): Expr {
    if (!this.isMemory(i)) return this.read(i);
    const size = this.#gprSize(i);
    return this.body.let(LOADS[size](this.#hostForWrite(i, size / 8, 'modify')));
  }

  write(i: number, value: Expr): void {
    if (this.form.row.nondestructive) return this.#merge(i, value);
    const size = this.#gprSize(i);
    if (!this.isMemory(i)) {
      const address = this.registerAddress(i);
      if (size === 32 && !this.#isVector(i)) this.body.do(i64.store(address, this.trim(value, 32)));
      else this.body.do(STORES[size](address, value));
      return;
    }
    if (this.#readFrom.has(i))
      throw new Error(`${this.form.row.name}: use update() for an operand that is written`);
    this.#toHost(i, size / 8, (host) => STORES[size](host, value));
  }

  /** A 16-byte operand, or the half of a 32-byte operand that is its turn. */
  readVector(i: number): Expr {
    return this.parts ? this.parts.read(i) : this.readParts(i)[0]!;
  }

  writeVector(i: number, value: Expr): void {
    if (!this.isMemory(i)) this.writeRegister(i, value);
    else this.#toHost(i, 16, (host) => v128.store(host, value));
  }

  /** All 16 bytes of a vector register, whatever the operand's code says. */
  readRegister(i: number): Expr {
    const isHigh = this.parts?.isHigh && this.sizeOf(i) === 256;
    return this.body.let(v128.load(this.registerAddress(i), isHigh ? UPPER_HALF : 0));
  }

  /** The same; with VEX the upper half is cleared. */
  writeRegister(i: number, value: Expr): void {
    if (this.parts) this.parts.keep(value);
    else if (this.form.row.opcode.isVex) this.writeParts(i, [value]);
    else this.body.do(v128.store(this.#registerAddress(this.destination(i)), value));
  }

  /** A vector operand, 16 bytes after 16 bytes; what memory does not fill is zero. */
  readParts(i: number, bytes = this.sizeOf(i) / 8): Expr[] {
    if (bytes < 16 && this.isMemory(i)) return [this.let(i64x2.replace(v128.const64(0n), 0, this.read(i)))];
    const from = this.isMemory(i) ? this.translate(this.address(i), bytes, 'read') : this.registerAddress(i);
    const places = bytes > UPPER_HALF ? [0, UPPER_HALF] : [0];
    return places.map((at) => this.let(v128.load(from, at)));
  }

  /** Into memory, or into a register, whose upper half is cleared when there is no part for it. */
  writeParts(i: number, parts: readonly Expr[]): void {
    const storeTo = (to: Expr, all: readonly Expr[]) =>
      all.forEach((part, at) => this.body.do(v128.store(to, part, at * UPPER_HALF)));
    if (this.destination(i).kind === 'M' || this.isMemory(i)) {
      const host = this.#hostForWrite(i, parts.length * UPPER_HALF, 'write');
      storeTo(host, parts);
      this.commit(host);
    } else {
      const clears = parts.length === 1 && this.form.row.opcode.isVex;
      const all = clears ? [...parts, v128.const64(0n)] : parts;
      storeTo(this.#registerAddress(this.destination(i)), all);
    }
  }

  /** The vector register that is the index of a memory operand, 16 bytes after 16 bytes. */
  readIndexes(): Expr[] {
    const register = i32.add(i32.shl(this.field8(Field.index), i32.const(1)), i32.const(State.vector));
    const places = this.size === 256 && this.form.row.vectorIndex === 256 ? [0, UPPER_HALF] : [0];
    return places.map((at) => this.let(v128.load(register, at)));
  }

  /** Linear address of a memory operand whose index is `index`. */
  indexedAddress(index: Expr): Expr {
    const packed = this.let(this.field8(Field.scaleSegment));
    const scaled = i64.shl(index, i64.extendU(i32.and(packed, i32.const(3))));
    const based = i64.add(i64.load(this.field8(Field.rm)), this.field32Signed64(Field.displacement));
    return this.let(i64.add(i64.and(i64.add(based, scaled), this.addressMask()), segmentBase(packed)));
  }

  /** Address in the WebAssembly memory of a register operand: general, vector (16 bytes) or MMX. */
  registerAddress(i: number): Expr {
    return this.#registerAddress(this.operand(i));
  }

  /** The first source with its low lane replaced. */
  #merge(i: number, value: Expr): void {
    const kept = this.let(value);
    const whole = this.readRegister(0);
    const isDword = sizeIn(this.destination(i), this.size) === 32;
    const merged = isDword ? i32x4.replace(whole, 0, i32.wrap(kept)) : i64x2.replace(whole, 0, kept);
    this.writeRegister(i, merged);
  }

  immediate(size: GprSize): Expr {
    if (this.form.row.opcode.isVex) return i64.extendU(this.field8(Field.immediate));
    return size === 64 ? this.field32Signed64(Field.immediate) : i64.extendU(this.field32(Field.immediate));
  }

  /** Linear address of a memory operand (without a segment base when the row is `addressOnly`). */
  address(i: number): Expr {
    if (!this.isMemory(i)) throw new Error(`${this.form.row.name}: operand ${i} is not memory`);
    const linear = this.operand(i).kind === 'O' ? this.#offsetAddress() : this.effectiveAddress();
    if (this.form.row.aligned) this.requireAligned(linear, Math.max(16, this.sizeOf(i) / 8));
    return linear;
  }

  /** The same, some bytes away. */
  addressAt(distance: Expr): Expr {
    return this.effectiveAddress(distance);
  }

  /** All ones in as many bits as addresses have here. */
  addressMask(): Expr {
    const size = i32.and(this.field8(Field.scaleSegment), i32.const(ADDRESS_16 | ADDRESS_32));
    return i64.load(i32.shl(size, i32.const(1)), State.masks);
  }

  /** Adds the base of the segment that applies. */
  withSegment(offset: Expr): Expr {
    return i64.add(offset, segmentBase(this.field8(Field.scaleSegment)));
  }

  /** Adds the base of ES, which string instructions write to. */
  inExtraSegment(offset: Expr): Expr {
    return i64.add(offset, state64(segmentBaseAt(SegmentCode.legacyEs)));
  }

  /** Writes as much of a general register as addresses have bits; `value` has no more. */
  setAddressed(register: number, value: Expr): void {
    const short = i32.and(this.field8(Field.scaleSegment), i32.const(ADDRESS_16));
    const kept = select(short, i64.and(this.gpr(register), i64.const(~0xffff)), i64.const(0));
    this.setGpr(register, i64.or(kept, value));
  }

  /** `value` when the base of the memory operand is general register `register`, else 0. */
  baseIs(register: number, value: number): Expr {
    return select(i32.eq(this.field8(Field.rm), i32.const(register * 8)), i64.const(value), i64.const(0));
  }

  requireAligned(linear: Expr, bytes: number): void {
    const misaligned = i64.ne(i64.and(linear, i64.const(bytes - 1)), i64.const(0));
    this.body.if(misaligned, () => this.fault(GP));
  }

  #hostForWrite(i: number, bytes: number, access: Access): Expr {
    let host = this.#hosts.get(i);
    if (!host) {
      host = this.reach(this.body.let(this.address(i)), bytes, access);
      this.#hosts.set(i, host);
    }
    return host;
  }

  #toHost(i: number, bytes: number, storeTo: (host: Expr) => Expr): void {
    const host = this.#hostForWrite(i, bytes, 'write');
    this.body.do(storeTo(host));
    this.commit(host);
  }

  #offsetAddress(): Expr {
    return this.body.let(this.withSegment(i64.and(this.field64(Field.displacement), this.addressMask())));
  }

  #gprSize(i: number): GprSize {
    const size = this.sizeOf(i);
    if (size >= 128) throw new Error(`${this.form.row.name}: operand ${i} is a vector, use readVector`);
    return size as GprSize;
  }

  #isVector(i: number): boolean {
    const { kind } = this.operand(i);
    return VECTOR_KINDS.has(kind) || MMX_KINDS.has(kind);
  }

  #registerAddress({ kind, register }: OperandCode): Expr {
    if (kind === 'fixed') return i32.const(State.gpr + register! * 8);
    const field = this.field8(REGISTER_FIELD[kind] ?? Field.rm);
    if (VECTOR_KINDS.has(kind)) return i32.add(i32.shl(field, i32.const(1)), i32.const(State.vector));
    if (MMX_KINDS.has(kind)) return i32.add(field, i32.const(State.x87));
    return field;
  }
}

/** base + (index << scale) + displacement, cut to the address size, plus the segment base. */
export function fullAddress(e: Emitter, mask: Expr, distance?: Expr): Expr {
  const scaleSegment = e.body.let(e.field8(Field.scaleSegment));
  const scale = i64.extendU(i32.and(scaleSegment, i32.const(3)));
  const index = i64.shl(i64.load(e.field8(Field.index)), scale);
  const based = i64.add(i64.load(e.field8(Field.rm)), e.field32Signed64(Field.displacement));
  const offset = i64.add(based, index);
  const moved = distance ? i64.add(offset, distance) : offset;
  return i64.add(i64.and(moved, mask), segmentBase(scaleSegment));
}

const segmentBase = (scaleSegment: Expr) =>
  i64.load(i32.and(scaleSegment, i32.const(SEGMENT_BITS)), State.segmentBases);
