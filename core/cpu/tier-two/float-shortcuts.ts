import type { Emitter } from '../emitter/emitter.js';
import { State, VECTOR_STRIDE } from '../layout.js';
import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { f32, f64 } from '../wasm/float-expr.js';
import { KnownNumbers } from './known-numbers.js';
import type { RegionBody } from './region-body.js';

type Operation = 'add' | 'sub' | 'mul' | 'div' | 'sqrt';

interface Format {
  readonly name: 'single' | 'double';
  readonly bytes: 4 | 8;
}
const SINGLE: Format = { name: 'single', bytes: 4 };
const DOUBLE: Format = { name: 'double', bytes: 8 };

const SCALAR = /^(ADD|SUB|MUL|DIV|SQRT)(SS|SD)_V/;
const COPY = /^MOVAP[SD]_Vp[sd]_Wp[sd]$/;

const at = (register: number) => State.vector + register * VECTOR_STRIDE;
const zero = i32.const(0);

/**
 * Scalar arithmetic for a region that is entered only while MXCSR is plain. Then all there is to ask of a number is whether it is ordinary:
 * zero or normal. A result that has been found so need not be asked again as an operand.
 */
export class FloatShortcuts {
  /** Where ordinary numbers lie. */
  readonly known = new KnownNumbers();

  constructor(private readonly body: RegionBody) {}

  /** Emits the instruction, or says no where only its meaning will do. */
  emit(e: Emitter, exit: (condition: Expr) => void, reg: number, rm: number): boolean {
    const { row, variant } = e.form;
    if (COPY.test(row.name) && variant === 'r') {
      this.#copy(e, reg, rm);
      return true;
    }
    const match = SCALAR.exec(row.name);
    if (!match) return false;
    const format = match[2] === 'SS' ? SINGLE : DOUBLE;
    this.#operate(e, match[1]!.toLowerCase() as Operation, format, { exit, reg, rm });
    return true;
  }

  #copy(e: Emitter, reg: number, rm: number): void {
    e.form.row.does(e);
    for (const format of [DOUBLE, SINGLE]) if (this.#knows(format, rm)) this.#learn(format, reg);
  }

  #operate(
    e: Emitter,
    operation: Operation,
    format: Format,
    { exit, reg, rm }: { exit: (condition: Expr) => void; reg: number; rm: number },
  ): void {
    const b = e.isMemory(1) ? this.#fromMemory(e, format) : this.#fromRegister(format, rm);
    if (e.isMemory(1) || !this.#knows(format, rm)) this.#require(format, b, exit);
    if (operation === 'sqrt') {
      exit(floats(format).lt(b, constant(format)));
      this.#store(format, reg, floats(format).sqrt(b));
    } else {
      const a = this.#fromRegister(format, reg);
      if (!this.#knows(format, reg)) this.#require(format, a, exit);
      const result = this.body.let(floats(format)[operation](a, b));
      this.#requireResult(format, operation, { a, b, result }, exit);
      this.#store(format, reg, result);
    }
    if (!e.isMemory(1) && rm !== reg) this.#learn(format, rm);
    this.#learn(format, reg);
  }

  #knows({ name, bytes }: Format, register: number): boolean {
    return this.known.knows(register, name, bytes);
  }

  #learn({ name, bytes }: Format, register: number): void {
    this.known.learn(register, name, bytes);
  }

  #fromMemory(e: Emitter, format: Format): Expr {
    const bits = e.read(1);
    return this.body.let(format === SINGLE ? f32.reinterpret(i32.wrap(bits)) : f64.reinterpret(bits));
  }

  #fromRegister(format: Format, register: number): Expr {
    return this.body.let(floats(format).load(zero, at(register)));
  }

  #store(format: Format, register: number, value: Expr): void {
    this.body.do(floats(format).store(zero, value, at(register)));
  }

  /** Leaves unless the number is zero or normal. */
  #require(format: Format, value: Expr, exit: (condition: Expr) => void): void {
    const bits = this.body.let(withoutSign(format, value));
    this.body.if(i32.eqz(isNormal(format, bits, 0)), () => exit(isNonzero(format, bits)));
  }

  /** Leaves unless the result is normal, or a zero that does not come from underflow. */
  #requireResult(
    format: Format,
    operation: Operation,
    { a, b, result }: Readonly<Record<'a' | 'b' | 'result', Expr>>,
    exit: (condition: Expr) => void,
  ): void {
    const bits = this.body.let(withoutSign(format, result));
    const { ne } = floats(format);
    const none = constant(format);
    this.body.if(i32.eqz(isNormal(format, bits, 1)), () => {
      exit(isNonzero(format, bits));
      if (operation === 'mul') exit(i32.and(ne(a, none), ne(b, none)));
      if (operation === 'div') exit(ne(a, none));
    });
  }
}

const floats = ({ name }: Format) => (name === 'single' ? f32 : f64);
const constant = ({ name }: Format) => (name === 'single' ? f32.reinterpret(zero) : f64.const(0));

/** The bits of a number, shifted left by one. */
const withoutSign = ({ name }: Format, value: Expr): Expr =>
  name === 'single'
    ? i32.shl(i32.reinterpretF32(value), i32.const(1))
    : i64.shl(i64.reinterpretF64(value), i64.const(1));

/** `tiny`: how many of the smallest normal numbers do not count, because they may have been tiny before rounding. */
function isNormal({ name }: Format, shifted: Expr, tiny: 0 | 1): Expr {
  if (name === 'single')
    return i32.ltU(i32.sub(shifted, i32.const(0x100_0000 + tiny)), i32.const((0xfe00_0000 - tiny) | 0));
  const first = (1n << 53n) + BigInt(tiny);
  return i64.ltU(i64.sub(shifted, i64.const(first)), i64.const((0x7fen << 53n) - BigInt(tiny)));
}

const isNonzero = ({ name }: Format, shifted: Expr): Expr =>
  name === 'single' ? i32.ne(shifted, zero) : i64.ne(shifted, i64.const(0));
