import type { Form } from '../../isa/forms.js';
import {
  ACCESS_CODE,
  CODE_TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  Field,
  PAGE_BYTES,
  RECORD_BYTES,
  Slot,
  State,
  Status,
} from '../layout.js';
import type { SystemOperation } from '../system-operations.js';
import { systemNumber } from '../system-operations.js';
import type { Body, Label, Local } from '../wasm/body.js';
import { call } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { expr, i32, i64 } from '../wasm/expr.js';
import type { ModuleBuilder, Signature } from '../wasm/module.js';
import type { Access } from './emitter.js';
import { Emitter, fullAddress, state64, toState32, toState64 } from './emitter.js';

const RSP = 4;

/** Where the code TLB has the page of a linear address, if it has it; relative to `CODE_TLB`. */
export const codeTlbEntry = (linear: Expr) =>
  i32.and(i32.wrap(i64.shrU(linear, i64.const(8))), i32.const((CODE_TLB_ENTRIES - 1) * TLB_ENTRY_BYTES));

/** What the slow path is told: bytes, plus the kind of access. */
export const accessCode = (bytes: number, access: Access) => bytes + ACCESS_CODE[access];

const pageBase = () => i64.load(i32.const(0), Slot.pageBase);
const place = (record: Expr) => i32.load16u(record, Field.place);
const offsetOf = (record: Expr) => i32.and(place(record), i32.const(PAGE_BYTES - 1));

/** Linear address of the instruction of a record. */
export const ripOf = (record: Expr) => i64.add(pageBase(), i64.extendU(offsetOf(record)));

/** Tier 1: operands are fields of the decoded record. */
abstract class RecordEmitter extends Emitter {
  constructor(
    body: Body,
    form: Form,
    protected readonly record: Local,
  ) {
    super(body, form);
  }

  field8(field: number): Expr {
    return i32.load8u(this.body.get(this.record), field);
  }

  field32(field: number): Expr {
    return i32.load(this.body.get(this.record), field);
  }

  field32Signed64(field: number): Expr {
    return i64.load32s(this.body.get(this.record), field);
  }

  field64(field: number): Expr {
    return i64.load(this.body.get(this.record), field);
  }

  nextRip(): Expr {
    const record = this.body.get(this.record);
    const next = i32.add(offsetOf(record), i32.shrU(place(record), i32.const(12)));
    return this.body.let(i64.add(pageBase(), i64.extendU(next)));
  }

  /** `displacement` is the offset of the next instruction from the page base, `immediate` the distance from there. */
  protected relativeTarget(): Expr {
    const next = i64.add(pageBase(), this.field32Signed64(Field.displacement));
    return i64.add(next, this.field32Signed64(Field.immediate));
  }
}

/** Module name under which library functions are imported. */
export const LIBRARY = 'library';

/** The library is built when its signatures are first asked for. */
export type HelperSignatures = () => ReadonlyMap<string, Signature>;

/** Library functions that a module under construction imports, in the order of their first use. */
export class HelperImports {
  readonly #names: string[] = [];

  /** `first` is the index behind the fixed imports. */
  constructor(
    private readonly first: number,
    private readonly signatures: HelperSignatures,
  ) {}

  function(name: string): { index: number; result: Expr['type'] } {
    const signature = this.signatures().get(name);
    if (!signature) throw new Error(`no library function ${name}`);
    let at = this.#names.indexOf(name);
    if (at < 0) at = this.#names.push(name) - 1;
    return { index: this.first + at, result: signature.results[0] ?? 'none' };
  }

  /** After all bodies are built, before any is added. */
  import(module: ModuleBuilder): void {
    for (const name of this.#names) module.importFunction(name, this.signatures().get(name)!, LIBRARY);
  }
}

/** What the one big function lends to the forms inside it. */
export interface HotFrame {
  readonly record: Local;
  readonly address: Local;
  readonly target: Local;
  readonly main: Label;
  readonly jump: Label;
  /** Leaves the loop; the rare version of the form then does the instruction from its start. */
  readonly bail: Label;
  readonly signatures: HelperSignatures;
}

/**
 * A form inside the one big function. Nothing in there may call: a call makes the register allocator keep record and budget on the stack, which
 * halves the speed. So whatever is not the ordinary case is left to the rare version of the same form.
 */
export class HotEmitter extends RecordEmitter {
  constructor(
    body: Body,
    form: Form,
    private readonly frame: HotFrame,
  ) {
    super(body, form, frame.record);
  }

  /** A value that is never computed, because the loop is left here. */
  helper(name: string): Expr {
    this.fault();
    const result = this.frame.signatures().get(name)?.results[0] ?? 'none';
    return expr(result, [UNREACHABLE]);
  }

  fault(): void {
    this.body.br(this.frame.bail);
  }

  jump(target: Expr): void {
    this.body.set(this.frame.target, target);
    this.body.br(this.frame.jump);
  }

  jumpRelative(): void {
    if (this.form.variant === 'far') return this.jump(this.relativeTarget());
    const { record, main } = this.frame;
    this.body.set(record, i32.add(this.body.get(record), this.field32(Field.immediate)));
    this.body.br(main);
  }

  repeat(): void {
    this.body.br(this.frame.main);
  }

  finish(): void {
    const { record, main } = this.frame;
    this.body.set(record, i32.add(this.body.get(record), i32.const(RECORD_BYTES)));
    this.body.br(main);
  }

  /** Only in flat segments are jumps hot. */
  override requireTarget(target: Expr): void {
    if (this.size === 64) super.requireTarget(target);
  }

  override branch(target: Expr): void {
    this.jump(target);
  }

  override returnAddress(): Expr {
    return this.nextRip();
  }

  /** Where the stack is not one of 32 bits, its base is marked, so that the access was left to the rare version. */
  override stackOffset(distance?: Expr, from: Expr = this.gpr(RSP)): Expr {
    if (this.size !== 32) return super.stackOffset(distance, from);
    return this.let(this.trim(distance ? i64.add(from, distance) : from, 32));
  }

  override setStack(offset: Expr): void {
    this.setGpr(RSP, offset);
  }

  system(): void {
    this.fault();
  }

  ask(): void {
    this.fault();
  }

  leave(): void {
    this.fault();
  }

  /** What is in the TLB is plain RAM. */
  override commit(): void {}

  /** Hot forms have 64-bit addresses. */
  protected effectiveAddress(distance?: Expr): Expr {
    const address = this.body.get(this.frame.address);
    return distance ? i64.add(address, distance) : address;
  }

  protected override reach(address: Expr, bytes: number, access: Access): Expr {
    const { hit, value } = this.lookup(address, bytes, access);
    this.body.brIf(this.frame.bail, i32.eqz(hit));
    return this.body.let(value);
  }

  protected slow(): void {
    this.fault();
  }

  protected committed(): void {}
}

const UNREACHABLE = 0x00;

/** Imports of a module of rare forms, in this order. */
export interface RareFrame {
  /** (access i32) => host i32, address in state */
  readonly slowFunction: number;
  /** () => void */
  readonly commitFunction: number;
  /** (operation i32, record i32) => status i32 */
  readonly systemFunction: number;
  readonly helpers: HelperImports;
}

/** A form as a function of its own: (record) => status. */
export class RareEmitter extends RecordEmitter {
  constructor(
    body: Body,
    form: Form,
    private readonly frame: RareFrame,
  ) {
    super(body, form, body.parameter(0));
  }

  helper(name: string, ...args: Expr[]): Expr {
    const { index, result } = this.frame.helpers.function(name);
    return call(index, result, ...args);
  }

  fault(vector: number, code: Expr = i32.const(0)): void {
    this.body.do(toState32(State.exceptionVector, i32.const(vector)));
    this.body.do(toState32(State.exceptionCode, code));
    this.body.return(i32.const(Status.exception));
  }

  jump(target: Expr): void {
    this.body.do(toState64(State.rip, target));
    this.body.return(i32.const(Status.jumped));
  }

  override requireRelative(): void {
    if (this.size !== 64) this.requireTarget(this.#relativeOffset());
  }

  #relativeOffset(): Expr {
    return this.let(this.trim(i64.sub(this.relativeTarget(), state64(State.codeBase))));
  }

  jumpRelative(): void {
    if (this.form.variant === 'far' && this.size !== 64) {
      const target = this.#relativeOffset();
      this.requireTarget(target);
      return this.branch(target);
    }
    if (this.form.variant === 'far') return this.jump(this.relativeTarget());
    const target = i32.add(this.body.get(this.record), this.field32(Field.immediate));
    this.jump(ripOf(target));
  }

  repeat(): void {
    this.body.return(i32.const(Status.jumped));
  }

  finish(): void {
    this.body.return(i32.const(Status.next));
  }

  system(operation: SystemOperation, ...args: Expr[]): void {
    this.body.return(this.#callSystem(operation, args));
  }

  ask(operation: SystemOperation, ...args: Expr[]): void {
    const status = this.body.let(this.#callSystem(operation, args));
    this.body.if(status, () => this.body.return(status));
  }

  leave(): void {
    this.body.return(i32.const(Status.leave));
  }

  #callSystem(operation: SystemOperation, args: readonly Expr[]): Expr {
    args.forEach((arg, i) => this.body.do(toState64(State.scratch + i * 8, arg)));
    const number = i32.const(systemNumber(operation));
    return call(this.frame.systemFunction, 'i32', number, this.body.get(this.record));
  }

  protected effectiveAddress(distance?: Expr): Expr {
    return this.body.let(fullAddress(this, this.addressMask(), distance));
  }

  protected slow(address: Expr, bytes: number, access: Access, host: Local): void {
    this.body.do(toState64(State.address, address));
    this.body.set(host, call(this.frame.slowFunction, 'i32', i32.const(accessCode(bytes, access))));
    const raised = i32.eq(this.body.get(host), i32.const(-1));
    this.body.if(raised, () => this.body.return(i32.const(Status.exception)));
  }

  protected committed(): void {
    this.body.do(call(this.frame.commitFunction, 'none'));
  }
}
