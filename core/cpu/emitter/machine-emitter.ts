import type { Form } from '../../isa/forms.js';
import type { OperandSize } from '../../isa/row.js';
import {
  SegmentCode,
  segmentBaseAt,
  State,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_WRITE,
  VECTOR_STRIDE,
} from '../layout.js';
import type { DeferredFlags } from './flags.js';
import type { SystemOperation } from '../system-operations.js';
import type { Body, Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { v128 } from '../wasm/simd-expr.js';

export type GprSize = 8 | 16 | 32 | 64;
/** `modify` reads what a later store replaces; `write` does not, which a device can tell. */
export type Access = 'read' | 'write' | 'modify';

const MASKS: Record<GprSize, bigint> = { 8: 0xffn, 16: 0xffffn, 32: 0xffff_ffffn, 64: -1n };
export const LOADS = { 8: i64.load8u, 16: i64.load16u, 32: i64.load32u, 64: i64.load };
export const STORES = { 8: i64.store8, 16: i64.store16, 32: i64.store32, 64: i64.store };
const SIGNED_LOADS = { 8: i64.load8s, 16: i64.load16s, 32: i64.load32s, 64: i64.load };

const TLB_INDEX_MASK = (TLB_ENTRIES - 1) * TLB_ENTRY_BYTES;
const RSP = 4;
/** Offset of the upper half of a vector register. */
export const UPPER_HALF = 16;

export const GP = 13;
export const UD = 6;

export const zero = i32.const(0);
/** The i64 at a fixed place of the state block. */
export const state64 = (offset: number) => i64.load(zero, offset);
export const state32 = (offset: number) => i32.load(zero, offset);
export const toState64 = (offset: number, value: Expr) => i64.store(zero, value, offset);
export const toState32 = (offset: number, value: Expr) => i32.store(zero, value, offset);

/** The processor as meanings see it, apart from the operands of the instruction: memory, stack, registers by number. */
export abstract class MachineEmitter {
  /** Operand size of the form in bits. */
  readonly size: OperandSize;

  constructor(
    readonly body: Body,
    readonly form: Form,
  ) {
    this.size = form.size;
  }

  // What tiers do differently.

  /** Where flags are computed only when somebody asks for them. */
  get deferredFlags(): DeferredFlags | undefined {
    return undefined;
  }

  /** A field of the instruction as an i32; tier 1 reads the record. */
  abstract field8(field: number): Expr;
  abstract field32(field: number): Expr;
  abstract field32Signed64(field: number): Expr;
  abstract field64(field: number): Expr;
  /** Raises an exception; nothing after it is executed. */
  abstract fault(vector: number, code?: Expr): void;
  /** #GP(0) for what no 64-bit address can be. */
  requireCanonical(linear: Expr): void {
    const canonical = i64.shrS(i64.shl(linear, i64.const(16)), i64.const(16));
    this.body.if(i64.ne(canonical, linear), () => this.fault(GP));
  }

  /** #GP(0) for a target that no address can be, or that is beyond the code segment, before anything has changed. */
  requireTarget(target: Expr): void {
    if (this.size === 64) this.requireCanonical(target);
    else this.body.if(i64.gtU(target, state64(State.codeLimit)), () => this.fault(GP));
  }

  /** For tiers that can leave an instruction only before something has changed: what `requireTarget` is going to ask. */
  foreseeTarget(_target: Expr): void {}

  /** `requireTarget` for the J operand. */
  requireRelative(): void {}

  /** Goes to an offset in the code segment, which outside 64-bit mode need not begin at 0. */
  branch(target: Expr): void {
    if (this.size === 64) this.jump(target);
    else this.jump(this.trim(i64.add(target, state64(State.codeBase)), 32));
  }

  /** Offset of the next instruction in the code segment. */
  returnAddress(): Expr {
    if (this.size === 64) return this.nextRip();
    return this.let(this.trim(i64.sub(this.nextRip(), state64(State.codeBase))));
  }

  /** Goes to a linear address; nothing after it is executed. */
  abstract jump(target: Expr): void;
  /** Goes to the J operand. */
  abstract jumpRelative(): void;
  /** The instruction is not finished: it starts again, after a look at what is pending. */
  abstract repeat(): void;
  /** Hands over to TypeScript, which says how to go on; nothing after it is executed. Arguments are i64. */
  abstract system(operation: SystemOperation, ...args: Expr[]): void;
  /** Asks TypeScript, which either lets the instruction go on or says how to end it. */
  abstract ask(operation: SystemOperation, ...args: Expr[]): void;
  /** The instruction has set rip itself; generated code is left, because something may be pending. */
  abstract leave(): void;
  /** Ends the instruction here. */
  abstract finish(): void;
  /** Linear address of the next instruction. */
  abstract nextRip(): Expr;
  /** Calls a library function (x87/) by name. */
  abstract helper(name: string, ...args: Expr[]): Expr;
  protected abstract slow(address: Expr, bytes: number, access: Access, host: Local): void;
  protected abstract committed(host: Local): void;

  // Registers by number.

  gpr(register: number, size: GprSize = 64): Expr {
    return this.body.let(LOADS[size](zero, State.gpr + register * 8));
  }

  /** A vector register by number; with VEX its upper half is cleared. */
  setVector(register: number, value: Expr): void {
    const at = State.vector + register * VECTOR_STRIDE;
    this.body.do(v128.store(zero, value, at));
    if (this.form.row.opcode.isVex) this.clearUpper(register);
  }

  clearUpper(register: number): void {
    const at = State.vector + register * VECTOR_STRIDE + UPPER_HALF;
    this.body.do(v128.store(zero, v128.const64(0n), at));
  }

  setGpr(register: number, value: Expr, size: GprSize = 64): void {
    if (size === 32) this.setGpr(register, this.trim(value, 32));
    else this.body.do(STORES[size](zero, value, State.gpr + register * 8));
  }

  // Values.

  /** Cuts to the operand size. */
  trim(value: Expr, size: OperandSize = this.size): Expr {
    return size === 64 ? value : i64.and(value, i64.const(MASKS[size as GprSize]));
  }

  signed(value: Expr, size: OperandSize = this.size): Expr {
    if (size === 8) return i64.extend8(value);
    if (size === 16) return i64.extend16(value);
    return size === 32 ? i64.extend32(value) : value;
  }

  let(value: Expr): Expr {
    return this.body.let(value);
  }

  // Memory.

  load(linear: Expr, size: GprSize): Expr {
    return this.body.let(LOADS[size](this.translate(linear, size / 8, 'read')));
  }

  loadSigned(linear: Expr, size: GprSize): Expr {
    return this.body.let(SIGNED_LOADS[size](this.translate(linear, size / 8, 'read')));
  }

  loadHost(host: Expr, size: GprSize): Expr {
    return this.body.let(LOADS[size](host));
  }

  storeHost(host: Expr, value: Expr, size: GprSize): void {
    this.body.do(STORES[size](host, value));
  }

  store(linear: Expr, value: Expr, size: GprSize): void {
    const host = this.translate(linear, size / 8, 'write');
    this.body.do(STORES[size](host, value));
    this.commit(host);
  }

  /**
   * Where the bytes at `linear` lie in the WebAssembly memory. After storing to it, `commit` it. At most one
   * translation may be in use at a time, unless the second is for plain RAM.
   */
  translate(linear: Expr, bytes: number, access: Access): Expr {
    return this.reach(this.body.let(linear), bytes, access);
  }

  /** Makes stores to a translated place take effect where it was no plain RAM. */
  commit(host: Expr): void {
    this.body.scope(() => {
      const place = this.body.temporary('i32');
      this.body.set(place, host);
      this.body.if(i32.eq(this.body.get(place), i32.const(State.bounce)), () => this.committed(place));
    });
  }

  /** Host address when a TLB holds the page of `linear`, else 0. */
  probe(linear: Expr, access: Access): Expr {
    const host = this.body.temporary('i32');
    const address = this.body.let(linear);
    const { hit, value } = this.lookup(address, 1, access);
    this.body.set(host, zero);
    this.body.if(hit, () => this.body.set(host, value));
    return this.body.get(host);
  }

  push(value: Expr, size: GprSize = this.size as GprSize): void {
    const kept = this.body.let(value);
    const top = this.stackOffset(i64.const(-size / 8));
    this.store(this.onStack(top), kept, size);
    this.setStack(top);
  }

  /** Reads the top of the stack; the caller moves rsp once nothing can fault any more. */
  top(size: GprSize = this.size as GprSize): Expr {
    return this.load(this.onStack(this.stackOffset()), size);
  }

  /** Moves rsp by a number of bytes. */
  release(bytes: number): void {
    this.setStack(this.stackOffset(i64.const(bytes)));
  }

  /** The top of the stack moved by a distance, as an offset in the stack segment. */
  stackOffset(distance?: Expr, from: Expr = this.gpr(RSP)): Expr {
    const moved = distance ? i64.add(from, distance) : from;
    return this.let(this.size === 64 ? moved : i64.and(moved, state64(State.stackMask)));
  }

  /** Linear address of an offset in the stack segment. */
  onStack(offset: Expr): Expr {
    return this.size === 64 ? offset : i64.add(offset, state64(segmentBaseAt(SegmentCode.legacySs)));
  }

  setStack(offset: Expr): void {
    this.setGpr(RSP, this.stackPointerAt(offset));
  }

  /** All of rsp, where the top of the stack lies at an offset. */
  stackPointerAt(offset: Expr): Expr {
    if (this.size === 64) return this.let(offset);
    return this.let(i64.or(i64.and(this.gpr(RSP), state64(State.stackKeep)), offset));
  }

  /** The same for an address that is computed once. */
  protected reach(address: Expr, bytes: number, access: Access): Expr {
    const host = this.body.temporary('i32');
    const { hit, value } = this.lookup(address, bytes, access);
    this.body.if(
      hit,
      () => this.body.set(host, value),
      () => this.slow(address, bytes, access, host),
    );
    return this.body.get(host);
  }

  protected lookup(address: Expr, bytes: number, access: Access): { hit: Expr; value: Expr } {
    const offset = access === 'read' ? 0 : TLB_WRITE;
    const index = i32.and(i32.wrap(i64.shrU(address, i64.const(8))), i32.const(TLB_INDEX_MASK));
    const entry = this.body.let(i32.add(state32(State.tlb), index));
    const last = bytes === 1 ? address : i64.add(address, i64.const(bytes - 1));
    return {
      hit: i64.eq(i64.load(entry, offset), i64.and(last, i64.const(-4096))),
      value: i32.add(i32.wrap(address), i32.load(entry, offset + 8)),
    };
  }
}
