import { State } from '../layout.js';
import type { Local } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import type { Precision } from '../x87/quick.js';
import { exponentOf, Head } from '../x87/quick.js';
import { Status } from '../x87/stack.js';
import type { RegionBody } from './region-body.js';

const REGISTERS = 8;
const ALL = 2 ** REGISTERS - 1;
const PRECISION_FLAG = 0x20;
/** Control bits that have to be as they were: exceptions masked, precision, to nearest. */
const CONTROL_MASK = 0xf3f;
const CONTROL: Record<Precision, number> = { 64: 0x33f, 53: 0x23f };

/** What a region takes for granted of the x87 unit on entry; its registers are counted from the top of the stack then. */
export interface X87Entry {
  /** Registers in use, a bit each. */
  readonly full: number;
  readonly precision: Precision;
}

/** The unit as it is, if regions can work with it. */
export function x87Entry(get32: (offset: number) => number): X87Entry | undefined {
  const control = get32(State.fcw) & CONTROL_MASK;
  const precision = ([64, 53] as const).find((bits) => CONTROL[bits] === control);
  const both = (get32(State.ftw) & ALL) * (2 ** REGISTERS + 1);
  return precision && { full: (both >>> (get32(State.top) & 7)) & ALL, precision };
}

/** Two locals that hold a register. */
export interface X87Register {
  readonly high: Local;
  readonly head: Local;
}

interface Shape {
  readonly top: number;
  readonly full: number;
}

/**
 * The x87 registers of a region in locals. Where the top of the stack is, seen from where it was on entry, and which registers are in use, is
 * known at every place; an edge between places that disagree leaves the region. Registers in use hold zeroes and normal numbers only.
 */
export class X87Stack {
  /** The top now, seen from that on entry. */
  top = 0;
  /** Registers in use now. */
  full: number;
  /** Whether the control word is known to be as on entry. */
  isPlain = true;
  readonly precision: Precision;
  readonly status: Local;
  readonly control: Local;
  /** C1 and inexact of the last instruction, and of all since entry, as `Head` has them. */
  readonly #last: Local;
  readonly #since: Local;
  readonly #exitTop: Local;
  readonly #exitFull: Local;
  readonly #registers: (X87Register | undefined)[] = [];
  /** By block; null where nothing is known to lead there. */
  readonly #shapes = new Map<number, Shape | null>();

  constructor(
    private readonly body: RegionBody,
    private readonly entry: X87Entry,
    /** The control word is loaded somewhere. */
    private readonly changesControl: boolean,
  ) {
    [this.status, this.control] = [body.local('i32'), body.local('i32')];
    [this.#last, this.#since] = [body.local('i32'), body.local('i32')];
    [this.#exitTop, this.#exitFull] = [body.local('i32'), body.local('i32')];
    this.full = entry.full;
    this.precision = entry.precision;
    this.#shapes.set(0, { top: 0, full: entry.full });
  }

  // Where the stack stands.

  /** False for a block that only places that disagree lead to. */
  begin(block: number): boolean {
    const shape = this.#shapes.get(block) ?? null;
    this.#shapes.set(block, shape);
    if (!shape) return false;
    [this.top, this.full] = [shape.top, shape.full];
    this.isPlain = !this.changesControl;
    return true;
  }

  /** Whether a block can be gone to with the stack as it is. */
  fits(block: number): boolean {
    const known = this.#shapes.get(block);
    if (known === undefined) this.#shapes.set(block, { top: this.top, full: this.full });
    return known === undefined || (known !== null && known.top === this.top && known.full === this.full);
  }

  /** What throws has not moved the stack. */
  orAsBefore(act: () => void): void {
    const { top, full, isPlain } = this;
    try {
      act();
    } catch (failure) {
      Object.assign(this, { top, full, isPlain });
      throw failure;
    }
  }

  isFull(st: number): boolean {
    return (this.full & this.#bit(st)) !== 0;
  }

  fill(st: number): void {
    this.full |= this.#bit(st);
  }

  empty(st: number): void {
    this.full &= ~this.#bit(st);
  }

  moveTop(by: number): void {
    this.top = (this.top + by) & 7;
  }

  #bit(st: number): number {
    return 1 << ((this.top + st) & 7);
  }

  register(st: number): X87Register {
    const { body } = this;
    const place = (this.top + st) & 7;
    return (this.#registers[place] ??= { high: body.local('i64'), head: body.local('i32') });
  }

  // What instructions have noted.

  /** C1 and inexact from the head of a result. */
  note(head: Expr): void {
    const { body } = this;
    body.set(this.#last, head);
    body.set(this.#since, i32.or(body.get(this.#since), head));
  }

  clearC1(): void {
    this.body.set(this.#last, i32.const(0));
  }

  setC1(up: Expr): void {
    this.body.set(this.#last, i32.shl(up, i32.const(16)));
  }

  clearExceptions(kept: number): void {
    const { body } = this;
    body.set(this.status, i32.and(body.get(this.status), i32.const(kept)));
    body.set(this.#since, i32.const(0));
  }

  /** As `State.fsw` has it. */
  statusWord(): Expr {
    const { body } = this;
    const rest = i32.and(body.get(this.status), i32.const(~Status.C1));
    const c1 = i32.and(i32.shrU(body.get(this.#last), i32.const(7)), i32.const(Status.C1));
    const inexact = i32.and(i32.shrU(body.get(this.#since), i32.const(12)), i32.const(PRECISION_FLAG));
    return i32.or(i32.or(rest, c1), inexact);
  }

  /** The top as the status word has it. */
  topNow(): Expr {
    const top = i32.load(zero, State.top);
    return this.top === 0 ? top : i32.and(i32.add(top, i32.const(this.top)), i32.const(7));
  }

  /** Whether the control word is not as on entry. */
  controlDiffers(): Expr {
    const control = i32.and(this.body.get(this.control), i32.const(CONTROL_MASK));
    return i32.ne(control, i32.const(CONTROL[this.precision]));
  }

  // The borders of the region.

  /** The region may be left by what comes next. */
  mayLeave(): void {
    this.body.set(this.#exitTop, i32.const(this.top));
    this.body.set(this.#exitFull, i32.const(this.full));
  }

  /** Loads what is used, and refuses where it is not as it was. */
  enter(refuse: (condition: Expr) => void): void {
    const { body, entry } = this;
    const both = i32.mul(i32.load(zero, State.ftw), i32.const(2 ** REGISTERS + 1));
    const full = i32.and(i32.shrU(both, i32.load(zero, State.top)), i32.const(ALL));
    refuse(i32.ne(full, i32.const(entry.full)));
    body.set(this.control, i32.load(zero, State.fcw));
    body.set(this.status, i32.load(zero, State.fsw));
    refuse(this.controlDiffers());
    refuse(i32.and(body.get(this.status), i32.const(Status.ES | Status.B)));
    const c1 = i32.and(body.get(this.status), i32.const(Status.C1));
    body.set(this.#last, i32.shl(c1, i32.const(7)));
    this.#eachRegister((register, address, place) => {
      body.set(register.high, i64.load(address));
      body.set(register.head, i32.load16u(address, 8));
      if (entry.full & (1 << place)) refuse(this.#isOdd(register));
    });
  }

  /** Neither zero nor normal. */
  #isOdd({ high, head }: X87Register): Expr {
    const { body } = this;
    const exponent = body.let(exponentOf(body.get(head)));
    const inside = i32.ltU(i32.sub(exponent, i32.const(1)), i32.const(Head.exponent - 1));
    const normal = i32.and(i64.ltS(body.get(high), i64.const(0)), inside);
    const isZero = i64.eqz(i64.or(body.get(high), i64.extendU(exponent)));
    return i32.eqz(i32.or(normal, isZero));
  }

  /** Puts everything back. */
  leave(): void {
    const { body } = this;
    this.#eachRegister(({ high, head }, address) => {
      body.do(i64.store(address, body.get(high)));
      body.do(i32.store16(address, body.get(head), 8));
    });
    const top = body.let(i32.and(i32.add(i32.load(zero, State.top), body.get(this.#exitTop)), i32.const(7)));
    const entryTop = i32.load(zero, State.top);
    const both = i32.mul(body.get(this.#exitFull), i32.const(2 ** REGISTERS + 1));
    const full = i32.shrU(both, i32.sub(i32.const(REGISTERS), entryTop));
    body.do(i32.store(zero, i32.and(full, i32.const(ALL)), State.ftw));
    body.do(i32.store(zero, this.statusWord(), State.fsw));
    if (this.changesControl) body.do(i32.store(zero, body.get(this.control), State.fcw));
    body.do(i32.store(zero, top, State.top));
  }

  #eachRegister(act: (register: X87Register, address: Expr, place: number) => void): void {
    this.#registers.forEach((register, place) => {
      if (!register) return;
      const moved = i32.and(i32.add(i32.load(zero, State.top), i32.const(place)), i32.const(7));
      act(register, this.body.let(i32.add(i32.shl(moved, i32.const(4)), i32.const(State.x87))), place);
    });
  }
}

const zero = i32.const(0);
