import { i32, select } from '../wasm/expr.js';
import { isClass } from './arithmetic.js';
import type { FunctionBuilder, Library } from './library.js';
import { zero32 } from './library.js';
import { a, b, Class, control, Exception, laneFlags, OPERAND_A } from './scratch.js';
import { raise } from './unpack.js';
import { Format } from './vector.js';

/** Half precision: 11 bits of significand, exponents -14..15. */
const HALF = { precision: 11, minExponent: -14, maxExponent: 15 } as const;

/** Processors note inexact, too, for a denormal single whose underflow is not masked. */
function roundToHalf(f: FunctionBuilder): void {
  f.do(f.call('operandToResult'), f.call('round'));
  const denormal = i32.and(
    isClass(a, Class.finite),
    i32.ltS(a.exponent.get(), i32.const(Format.single.minExponent)),
  );
  const open = i32.ne(i32.and(control.unmasked.get(), i32.const(Exception.UE)), zero32);
  f.do(raise(select(i32.and(denormal, open), i32.const(Exception.PE), zero32)));
}

/** widenHalf (bits i64) => f32 bits; narrowToHalf (f32 bits i64, rounding i32) => f16 bits. Exceptions are noted. */
export function defineHalf(library: Library): void {
  library.define('widenHalf', ['i64'], ['i64'], (f) => {
    const ignores = f.let(control.denormalsAreZero.get());
    f.do(control.flags.set(zero32), f.call('format.single'));
    // Denormals are ordinary numbers to this conversion, whatever MXCSR says.
    f.do(control.denormalsAreZero.set(zero32));
    f.do(f.call('unpack16', i32.const(OPERAND_A), f.argument(0)));
    f.do(control.denormalsAreZero.set(ignores), control.flags.set(zero32));
    f.do(b.class.set(i32.const(Class.zero)));
    f.if(i32.eqz(f.call('nan')), () => f.do(f.call('operandToResult'), f.call('round')));
    f.do(laneFlags.set(i32.or(laneFlags.get(), control.flags.get())));
    return f.call('pack32');
  });
  library.define('narrowToHalf', ['i64', 'i32'], ['i64'], (f) => {
    const [rounding, flushes] = [f.let(control.rounding.get()), f.let(control.flushToZero.get())];
    f.do(control.flags.set(zero32), control.rounding.set(f.argument(1)), control.flushToZero.set(zero32));
    f.do(control.precision.set(i32.const(HALF.precision)));
    f.do(control.minExponent.set(i32.const(HALF.minExponent)));
    f.do(control.maxExponent.set(i32.const(HALF.maxExponent)));
    f.do(f.call('unpack32', i32.const(OPERAND_A), f.argument(0)));
    f.do(b.class.set(i32.const(Class.zero)));
    f.if(i32.eqz(f.call('nan')), () => roundToHalf(f));
    f.do(control.rounding.set(rounding), control.flushToZero.set(flushes));
    f.do(laneFlags.set(i32.or(laneFlags.get(), control.flags.get())));
    return f.call('pack16');
  });
}
