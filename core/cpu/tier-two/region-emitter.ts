import type { Access } from '../emitter/emitter.js';
import { Emitter } from '../emitter/emitter.js';
import type { DeferredFlags } from '../emitter/flags.js';
import type { HelperImports } from '../emitter/record-emitter.js';
import { ADDRESS_32, Field, SEGMENT_BITS, Slot, State } from '../layout.js';
import type { Local } from '../wasm/body.js';
import { call } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { NotPromotable } from './promoted-state.js';
import type { RegionBody } from './region-body.js';
import type { RegionInstruction } from './region.js';

/** What a region lends to its instructions. */
export interface RegionFrame {
  /** Linear address of the head's page, i64. */
  readonly base: Local;
  readonly helpers: HelperImports;
  /** Leaves the region with nothing of the instruction done, when `condition` holds. */
  exitBefore(condition?: Expr): void;
  /** Goes on at a place, or leaves the region there. */
  goTo(place: number): void;
  /** Goes on at a linear address that is known only now. */
  jumpTo(target: Expr): void;
  /** Leaves the region at a linear address, with the instruction done. */
  leaveTo(target: Expr): void;
}

/** An instruction in a region: operand fields are known, registers are locals, and whatever is not the ordinary case leaves the region. */
export class RegionEmitter extends Emitter {
  #isForeseen = false;

  constructor(
    override readonly body: RegionBody,
    private readonly instruction: RegionInstruction,
    private readonly frame: RegionFrame,
  ) {
    super(body, instruction.form);
  }

  override get deferredFlags(): DeferredFlags {
    return this.body.state.flags;
  }

  field8(field: number): Expr {
    return i32.const(this.instruction.fields.getUint8(field));
  }

  field32(field: number): Expr {
    return i32.const(this.#field(field));
  }

  field32Signed64(field: number): Expr {
    return i64.const(this.#field(field));
  }

  field64(field: number): Expr {
    return i64.const(this.instruction.fields.getBigInt64(field, true));
  }

  #field(field: number): number {
    return this.instruction.fields.getInt32(field, true);
  }

  fault(): void {
    this.#exit();
  }

  override foreseeTarget(target: Expr): void {
    this.requireTarget(target);
    this.#isForeseen = true;
  }

  override requireTarget(target: Expr): void {
    if (!this.#isForeseen) super.requireTarget(target);
  }

  jump(target: Expr): void {
    const { flow } = this.instruction;
    if (flow === 'return' || flow === 'indirect') this.frame.jumpTo(target);
    else this.frame.leaveTo(target);
  }

  jumpRelative(): void {
    this.frame.goTo(this.instruction.target!);
  }

  repeat(): void {
    throw new NotPromotable();
  }

  finish(): void {
    throw new NotPromotable();
  }

  system(): void {
    throw new NotPromotable();
  }

  ask(): void {
    throw new NotPromotable();
  }

  leave(): void {
    throw new NotPromotable();
  }

  nextRip(): Expr {
    return this.#at(this.instruction.next);
  }

  #at(place: number): Expr {
    return i64.add(this.body.get(this.frame.base), i64.const(place));
  }

  /** x87 instructions are such functions; elsewhere they are the way out of the ordinary. */
  helper(name: string, ...args: Expr[]): Expr {
    if (this.form.row.unit !== 'x87') {
      this.#exit();
      return i32.const(0);
    }
    const { index, result } = this.frame.helpers.function(name);
    return call(index, result, ...args);
  }

  override commit(): void {}

  protected effectiveAddress(distance?: Expr): Expr {
    const parts = this.#addressParts();
    if (distance) parts.push(distance);
    const sum = parts.length === 0 ? i64.const(0) : parts.reduce(i64.add);
    const packed = this.instruction.fields.getUint8(Field.scaleSegment);
    const cut = packed & ADDRESS_32 ? i64.and(sum, i64.const(0xffff_ffff)) : sum;
    const segment = packed & SEGMENT_BITS;
    const linear = segment === 0 ? cut : i64.add(cut, i64.load(i32.const(segment), State.segmentBases));
    return this.body.let(linear);
  }

  #addressParts(): Expr[] {
    const { fields, place } = this.instruction;
    const [base, index] = [fields.getUint8(Field.rm), fields.getUint8(Field.index)];
    const parts: Expr[] = [];
    let displacement = this.#field(Field.displacement);
    if (base === Slot.pageBase) {
      parts.push(this.body.get(this.frame.base));
      displacement += place & -4096;
    } else if (base !== Slot.zero) parts.push(i64.load(i32.const(base)));
    if (index === Slot.big) displacement += 0x8000_0000;
    else if (index !== Slot.zero) parts.push(this.#scaled(i64.load(i32.const(index))));
    if (displacement !== 0) parts.push(i64.const(displacement));
    return parts;
  }

  #scaled(index: Expr): Expr {
    const scale = this.instruction.fields.getUint8(Field.scaleSegment) & 3;
    return scale === 0 ? index : i64.shl(index, i64.const(scale));
  }

  protected override slowUnlessCached(address: Expr, bytes: number, access: Access, host: Local): void {
    const { hit, value } = this.lookup(address, bytes, access);
    this.#exit(i32.eqz(hit));
    this.body.set(host, value);
  }

  protected slow(): void {
    throw new NotPromotable();
  }

  protected committed(): void {
    throw new NotPromotable();
  }

  #exit(condition?: Expr): void {
    if (this.body.hasLeft) return;
    if (this.body.changed) throw new NotPromotable();
    this.frame.exitBefore(condition);
    if (!condition) this.body.hasLeft = true;
  }
}
