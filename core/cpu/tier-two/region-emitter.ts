import type { Access } from '../emitter/emitter.js';
import { Emitter } from '../emitter/emitter.js';
import type { DeferredFlags } from '../emitter/flags.js';
import { accessCode } from '../emitter/record-emitter.js';
import type { HelperImports } from '../emitter/record-emitter.js';
import {
  ADDRESS_32,
  Field,
  PAGE_BYTES,
  SEGMENT_BITS,
  Slot,
  State,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_WRITE,
} from '../layout.js';
import type { Local } from '../wasm/body.js';
import { call } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { beyond, i32, i64 } from '../wasm/expr.js';
import type { KnownPage } from './known-addresses.js';
import { NotPromotable } from './promoted-state.js';
import type { RegionBody } from './region-body.js';
import type { RegionInstruction } from './region.js';

interface Near {
  readonly page: KnownPage;
  readonly away: number;
}

/** Number of the page walk among what the module of a region imports. */
export const PAGE_WALK = 0;

/** What a region lends to its instructions. */
export interface RegionFrame {
  /** Linear address of the head's page, i64. */
  readonly base: Local;
  readonly helpers: HelperImports;
  /** Address of the data TLB. */
  readonly tlb: number;
  /** Whether the TLB is missed often. */
  readonly walks: boolean;
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
      parts.push(this.body.pageBase(this.frame.base));
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

  protected override reach(address: Expr, bytes: number, access: Access): Expr {
    const { addresses } = this.body;
    const writes = access !== 'read';
    const sum = address.numbered ?? addresses.fresh();
    const near = addresses.near(sum, writes);
    if (near) return this.#reachNear(address, bytes, writes, near);
    const page = addresses.learn(sum, writes);
    this.#lookUp(address, bytes, writes, page, 0);
    return this.body.let(this.body.get(page.host));
  }

  /** Goes by a page that has been looked up, unless the access leaves it. */
  #reachNear(address: Expr, bytes: number, writes: boolean, { page, away }: Near): Expr {
    const { body } = this;
    const offset = i32.add(body.get(page.offset), i32.const(away));
    const isElsewhere = i32.gtU(offset, i32.const(PAGE_BYTES - bytes));
    body.ifRarely(isElsewhere, () => this.#lookUp(address, bytes, writes, page, away));
    const host = body.let(body.get(page.host));
    return away > 0 ? beyond(host, away) : body.let(i32.add(host, i32.const(away)));
  }

  /** Finds the page of an address, which has to hold all bytes of the access. */
  #lookUp(address: Expr, bytes: number, writes: boolean, page: KnownPage, away: number): void {
    const { body, frame } = this;
    // A walk for writing would say of a page that is read that it has been written.
    const walks = frame.walks && writes === page.isWritable;
    const table = frame.tlb + (page.isWritable ? TLB_WRITE : 0);
    const shifted = i32.wrap(i64.shrU(address, i64.const(8)));
    const entry = body.let(i32.and(shifted, i32.const((TLB_ENTRIES - 1) * TLB_ENTRY_BYTES)));
    const last = bytes === 1 ? address : i64.add(address, i64.const(bytes - 1));
    const misses = i64.ne(i64.load(entry, table), i64.and(last, i64.const(-PAGE_BYTES)));
    if (!walks) this.#exit(misses);
    const low = body.let(i32.sub(i32.wrap(address), i32.const(away)));
    body.set(page.host, i32.add(low, i32.load(entry, table + 8)));
    if (walks) body.ifRarely(misses, () => this.#walk(address, bytes, page, away));
    const inPage = i32.and(i32.wrap(address), i32.const(PAGE_BYTES - 1));
    body.set(page.offset, i32.sub(inPage, i32.const(away)));
  }

  /** Leaves where the walk declines, be it because the access crosses a page. */
  #walk(address: Expr, bytes: number, { host, isWritable }: KnownPage, away: number): void {
    const { body } = this;
    const code = i32.const(accessCode(bytes, isWritable ? 'write' : 'read'));
    body.set(host, call(PAGE_WALK, 'i32', address, code));
    this.#exit(i32.eqz(body.get(host)));
    body.set(host, i32.sub(body.get(host), i32.const(away)));
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
