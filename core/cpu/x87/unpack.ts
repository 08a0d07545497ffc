import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { nonzero, one32, TOP_BIT, zero64 } from './library.js';
import { Class, control, Exception, numberAt } from './scratch.js';

const INFINITE_EXPONENT_80 = 0x7fff;
const BIAS_80 = 16383;

interface Layout {
  readonly fractionBits: number;
  readonly exponentBits: number;
}

const F16: Layout = { fractionBits: 10, exponentBits: 5 };
const F32: Layout = { fractionBits: 23, exponentBits: 8 };
const F64: Layout = { fractionBits: 52, exponentBits: 11 };

export const raise = (exceptions: Expr | number) =>
  control.flags.set(
    i32.or(control.flags.get(), typeof exceptions === 'number' ? i32.const(exceptions) : exceptions),
  );

type Target = ReturnType<typeof numberAt>;

/** The leading bit moved to bit 63; `exponent` is that of bit 63 before. */
function setNormalized(f: FunctionBuilder, to: Target, significand: Expr, exponent: Expr): void {
  const shift = f.let(i64.clz(significand));
  f.do(to.class(i32.const(Class.finite)));
  f.do(to.high(i64.shl(significand, shift)));
  f.do(to.exponent(i32.sub(exponent, i32.wrap(shift))));
}

/** The fraction of a NaN or infinity, left-justified below bit 63. */
function setSpecial(f: FunctionBuilder, to: Target, fraction: Expr): void {
  const quiet = i64.ltS(i64.shl(fraction, i64.const(1)), zero64);
  const nan = select(quiet, i32.const(Class.quiet), i32.const(Class.signalling));
  f.do(to.class(select(i64.eqz(fraction), i32.const(Class.infinity), nan)));
  f.do(to.high(i64.or(fraction, TOP_BIT)));
}

function setSubnormal(f: FunctionBuilder, to: Target, significand: Expr, exponent: Expr): void {
  const ignored = i32.or(i64.eqz(significand), control.denormalsAreZero.get());
  f.if(
    ignored,
    () => f.do(to.class(i32.const(Class.zero))),
    () => {
      f.do(raise(Exception.DE));
      setNormalized(f, to, significand, exponent);
    },
  );
}

/** (to i32, bits i64) for a 32- or 64-bit float. */
function defineUnpack(library: Library, name: string, { fractionBits, exponentBits }: Layout): void {
  const infinite = 2 ** exponentBits - 1;
  const bias = infinite >> 1;
  library.define(name, ['i32', 'i64'], [], (f) => {
    const to = numberAt(f.argument(0));
    const bits = f.argument(1);
    const biased = f.let(i32.and(i32.wrap(i64.shrU(bits, i64.const(fractionBits))), i32.const(infinite)));
    const masked = i64.and(bits, i64.const(2n ** BigInt(fractionBits) - 1n));
    const fraction = f.let(i64.shl(masked, i64.const(63 - fractionBits)));
    const sign = i64.shrU(bits, i64.const(fractionBits + exponentBits));
    f.do(to.sign(i32.and(i32.wrap(sign), one32)));
    f.if(i32.eqz(biased), () => {
      setSubnormal(f, to, fraction, i32.const(1 - bias));
      f.return();
    });
    f.if(i32.eq(biased, i32.const(infinite)), () => {
      setSpecial(f, to, fraction);
      f.return();
    });
    f.do(to.class(i32.const(Class.finite)));
    f.do(to.high(i64.or(fraction, TOP_BIT)));
    f.do(to.exponent(i32.sub(biased, i32.const(bias))));
  });
}

/** (to i32, from i32): the 10 bytes of an extended real. */
function defineUnpack80(library: Library): void {
  library.define('unpack80', ['i32', 'i32'], [], (f) => {
    const to = numberAt(f.argument(0));
    const significand = f.let(i64.load(f.argument(1)));
    const head = f.let(i32.load16u(f.argument(1), 8));
    const biased = f.let(i32.and(head, i32.const(INFINITE_EXPONENT_80)));
    f.do(to.sign(i32.shrU(head, i32.const(15))));
    f.if(i32.eqz(biased), () => {
      setSubnormal(f, to, significand, i32.const(1 - BIAS_80));
      f.return();
    });
    f.if(i64.geS(significand, zero64), () => {
      f.do(to.class(i32.const(Class.unsupported)));
      f.return();
    });
    f.if(i32.eq(biased, i32.const(INFINITE_EXPONENT_80)), () => {
      setSpecial(f, to, i64.and(significand, i64.const(2n ** 63n - 1n)));
      f.return();
    });
    f.do(to.class(i32.const(Class.finite)));
    f.do(to.high(significand));
    f.do(to.exponent(i32.sub(biased, i32.const(BIAS_80))));
  });
}

/** (to i32, value i64): a signed integer. */
function defineUnpackInteger(library: Library): void {
  library.define('unpackInteger', ['i32', 'i64'], [], (f) => {
    const to = numberAt(f.argument(0));
    const value = f.argument(1);
    const negative = f.let(i64.ltS(value, zero64));
    f.do(to.sign(negative));
    f.if(
      nonzero(value),
      () => {
        const magnitude = f.let(select(negative, i64.sub(zero64, value), value));
        setNormalized(f, to, magnitude, i32.const(63));
      },
      () => f.do(to.class(i32.const(Class.zero))),
    );
  });
}

export function defineUnpacking(library: Library): void {
  defineUnpack(library, 'unpack16', F16);
  defineUnpack(library, 'unpack32', F32);
  defineUnpack(library, 'unpack64', F64);
  defineUnpack80(library);
  defineUnpackInteger(library);
}

export const isNan = (kind: Expr) => i32.geU(kind, i32.const(Class.quiet));
