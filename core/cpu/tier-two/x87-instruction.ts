import { Field } from '../layout.js';
import { call } from '../wasm/body.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { BIAS, exponentOf, Head } from '../x87/quick.js';
import { NotPromotable } from './promoted-state.js';
import type { RegionBody } from './region-body.js';
import type { RegionEmitter, RegionFrame } from './region-emitter.js';
import type { X87Stack } from './x87-stack.js';

/** A number in two values: significand, and sign and exponent. */
export interface Value {
  readonly high: Expr;
  readonly head: Expr;
}

const zero32 = i32.const(0);
const zero64 = i64.const(0);
const TOP_BIT = i64.const(-(2n ** 63n));

/** An x87 instruction in a region that has the stack in locals. Whatever is not the ordinary case leaves in front of it. */
export class X87Instruction {
  readonly body: RegionBody;

  constructor(
    readonly e: RegionEmitter,
    readonly stack: X87Stack,
    private readonly frame: RegionFrame,
  ) {
    this.body = e.body;
  }

  /** The number of the STi operand. */
  get st(): number {
    return this.e.field8(Field.rm).constant as number & 7;
  }

  leaveIf(condition: Expr): void {
    this.frame.exitBefore(condition);
  }

  /** Nothing may leave from here on. */
  change(): void {
    this.body.changed = true;
  }

  requireFull(...registers: number[]): void {
    if (!registers.every((st) => this.stack.isFull(st))) throw new NotPromotable();
  }

  /** Rounding and precision are as on entry. */
  requirePlain(): void {
    if (this.stack.isPlain) return;
    this.leaveIf(this.stack.controlDiffers());
    this.stack.isPlain = true;
  }

  get(st: number): Value {
    const { high, head } = this.stack.register(st);
    return { high: this.body.get(high), head: this.body.get(head) };
  }

  set(st: number, { high, head }: Value): void {
    const register = this.stack.register(st);
    this.change();
    this.body.set(register.high, high);
    this.body.set(register.head, head);
    this.stack.fill(st);
  }

  push(value: Value): void {
    if (this.stack.isFull(-1)) throw new NotPromotable();
    this.stack.moveTop(-1);
    this.set(0, value);
    this.stack.clearC1();
  }

  pop(count: number): void {
    if (count > 0) this.change();
    for (let i = 0; i < count; i++) {
      this.stack.empty(0);
      this.stack.moveTop(1);
    }
  }

  /** A library function that answers a value, and what happened above the head; it may refuse. */
  quick(name: string, ...args: Expr[]): Value {
    const { index } = this.frame.helpers.function(name);
    const [high, head] = [this.body.temporary('i64'), this.body.temporary('i32')];
    this.body.do(call(index, 'i64', ...args));
    this.body.popInto(head);
    this.body.popInto(high);
    return { high: this.body.get(high), head: this.body.get(head) };
  }

  /** One that answers an i32. */
  ask(name: string, ...args: Expr[]): Expr {
    return this.body.let(call(this.frame.helpers.function(name).index, 'i32', ...args));
  }

  accepted(value: Value): Value {
    this.leaveIf(i32.ltS(value.head, zero32));
    return value;
  }
}

/** A single or double, as `exponentBits` says, whose bits are left-justified. */
function fromFloat(x: X87Instruction, bits: Expr, exponentBits: number): Value {
  const { body } = x;
  const [high, head] = [body.temporary('i64'), body.temporary('i32')];
  const unsigned = body.let(i64.shl(bits, i64.const(1)));
  const infinite = 2 ** exponentBits - 1;
  const exponent = body.let(i32.wrap(i64.shrU(unsigned, i64.const(64 - exponentBits))));
  const sign = body.let(i32.wrap(i64.shl(i64.shrU(bits, i64.const(63)), i64.const(15))));
  body.set(high, zero64);
  body.set(head, sign);
  body.if(
    i32.ltU(i32.sub(exponent, i32.const(1)), i32.const(infinite - 1)),
    () => {
      const fraction = i64.shrU(i64.shl(unsigned, i64.const(exponentBits)), i64.const(1));
      body.set(high, i64.or(fraction, TOP_BIT));
      body.set(head, i32.or(sign, i32.add(exponent, i32.const(BIAS - (infinite >> 1)))));
    },
    () => x.leaveIf(i32.eqz(i64.eqz(unsigned))),
  );
  return { high: body.get(high), head: body.get(head) };
}

export type MemoryKind = 'Md' | 'Mq' | 'Iw' | 'Id' | 'Iq' | 'Mt';

export function fromMemory(x: X87Instruction, kind: MemoryKind): Value {
  const { e } = x;
  if (kind === 'Mq') return fromFloat(x, e.read(0), 11);
  if (kind === 'Md') return fromFloat(x, e.let(i64.shl(e.read(0), i64.const(32))), 8);
  if (kind !== 'Mt') return x.quick('quick.fromInteger', e.readSigned(0));
  const host = e.translate(e.address(0), 10, 'read');
  const high = e.let(i64.load(host));
  const head = e.let(i32.load16u(host, 8));
  const exponent = e.let(exponentOf(head));
  const inside = i32.ltU(i32.sub(exponent, i32.const(1)), i32.const(Head.exponent - 1));
  const normal = i32.and(i64.ltS(high, zero64), inside);
  const isZero = i64.eqz(i64.or(high, i64.extendU(exponent)));
  x.leaveIf(i32.eqz(i32.or(normal, isZero)));
  return { high, head };
}
