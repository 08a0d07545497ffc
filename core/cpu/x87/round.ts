import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { nonzero, one32, TOP_BIT, zero32, zero64 } from './library.js';
import { Class, control, Exception, r } from './scratch.js';
import { raise } from './unpack.js';

const isResult = (kind: number) => i32.eq(r.class.get(), i32.const(kind));
const unmasked = (exception: number) => i32.and(control.unmasked.get(), i32.const(exception));

export function defineRounding(library: Library): void {
  defineIncrement(library);
  defineRoundSignificand(library);
  defineUnderflow(library);
  defineOverflow(library);
  defineRound(library);
  definePack(library);
  definePack80(library);
}

/** (rest i64, odd i32, sign i32) => 1 when rounding goes away from zero; `rest` holds what is cut off, bit 63 one half. */
function defineIncrement(library: Library): void {
  library.define('roundsAway', ['i64', 'i32', 'i32'], ['i32'], (f) => {
    const [rest, odd, sign] = [f.argument(0), f.argument(1), f.argument(2)];
    const mode = f.let(control.rounding.get());
    f.if(i64.eqz(rest), () => f.return(zero32));
    f.if(i32.eqz(mode), () => {
      const above = i64.gtU(rest, TOP_BIT);
      f.return(i32.or(above, i32.and(i64.eq(rest, TOP_BIT), odd)));
    });
    const down = i32.and(i32.eq(mode, i32.const(1)), sign);
    const up = i32.and(i32.eq(mode, i32.const(2)), i32.eqz(sign));
    return i32.or(down, up);
  });
}

/** Cuts the result to `precision` bits from bit 63 down; answers whether it is inexact. */
function defineRoundSignificand(library: Library): void {
  library.define('roundSignificand', [], ['i32'], (f) => {
    const precision = f.let(i64.extendU(control.precision.get()));
    const full = f.let(i64.eq(precision, i64.const(64)));
    const ulp = f.let(i64.shl(i64.const(1), i64.sub(i64.const(64), precision)));
    const sticky = i64.extendU(nonzero(r.low.get()));
    const cut = i64.or(i64.shl(r.high.get(), precision), sticky);
    const rest = f.let(select(full, r.low.get(), cut));
    const kept = f.let(i64.and(r.high.get(), i64.sub(zero64, ulp)));
    const odd = nonzero(i64.and(kept, ulp));
    const away = f.let(f.call('roundsAway', rest, odd, r.sign.get()));
    f.do(control.roundedUp.set(away), r.low.set(zero64));
    f.do(r.high.set(select(away, i64.add(kept, ulp), kept)));
    f.if(i32.and(away, i64.ltU(r.high.get(), ulp)), () => {
      f.do(r.high.set(TOP_BIT), r.exponent.set(i32.add(r.exponent.get(), one32)));
    });
    return nonzero(rest);
  });
}

function notePrecision(f: FunctionBuilder, inexact: Expr): void {
  f.if(inexact, () => f.do(raise(Exception.PE)));
}

function wrap(f: FunctionBuilder, by: Expr): void {
  f.do(r.exponent.set(i32.add(r.exponent.get(), by)));
}

/** The result is too small for a normal number even after rounding. */
function defineUnderflow(library: Library): void {
  library.define('underflow', [], [], (f) => {
    f.if(unmasked(Exception.UE), () => {
      f.do(raise(Exception.UE));
      wrap(f, control.wrapExponent.get());
      notePrecision(f, f.call('roundSignificand'));
      const stillTooSmall = i32.ltS(r.exponent.get(), control.minExponent.get());
      f.if(stillTooSmall, () => {
        f.do(raise(Exception.PE), control.roundedUp.set(zero32));
        f.do(r.class.set(i32.const(Class.zero)));
      });
      f.return();
    });
    f.if(control.flushToZero.get(), () => {
      f.do(raise(Exception.UE | Exception.PE), r.class.set(i32.const(Class.zero)));
      f.return();
    });
    const sticky = f.let(i64.extendU(nonzero(r.low.get())));
    f.do(f.call('align', r.high.get(), i32.sub(control.minExponent.get(), r.exponent.get())));
    const [high, low] = [f.variable(zero64), f.variable(zero64)];
    f.body.popInto(low.local);
    f.body.popInto(high.local);
    f.do(r.high.set(high.get()), r.low.set(i64.or(low.get(), sticky)));
    f.do(r.exponent.set(control.minExponent.get()));
    f.if(f.call('roundSignificand'), () => f.do(raise(Exception.UE | Exception.PE)));
    f.if(i64.eqz(r.high.get()), () => f.do(r.class.set(i32.const(Class.zero))));
  });
}

function defineOverflow(library: Library): void {
  library.define('overflow', ['i32'], [], (f) => {
    f.do(raise(Exception.OE));
    f.if(unmasked(Exception.OE), () => {
      wrap(f, i32.sub(zero32, control.wrapExponent.get()));
      notePrecision(f, f.argument(0));
      const stillTooBig = i32.gtS(r.exponent.get(), control.maxExponent.get());
      f.if(stillTooBig, () => {
        f.do(raise(Exception.PE), control.roundedUp.set(one32));
        f.do(r.class.set(i32.const(Class.infinity)));
      });
      f.return();
    });
    f.do(raise(Exception.PE));
    const away = f.let(f.call('roundsAway', i64.const(-1), one32, r.sign.get()));
    f.do(control.roundedUp.set(away));
    f.if(
      away,
      () => f.do(r.class.set(i32.const(Class.infinity))),
      () => {
        const ones = i64.shl(i64.const(-1), i64.extendU(i32.sub(i32.const(64), control.precision.get())));
        f.do(r.high.set(ones), r.exponent.set(control.maxExponent.get()));
      },
    );
  });
}

/** Rounds a finite result to the format in `control`, noting exceptions; does nothing to other results. */
function defineRound(library: Library): void {
  library.define('round', [], [], (f) => {
    f.do(control.roundedUp.set(zero32));
    f.if(i32.ne(r.class.get(), i32.const(Class.finite)), () => f.return());
    const [high, low, exponent] = [r.high, r.low, r.exponent].map((field) => f.let(field.get())) as [
      Expr,
      Expr,
      Expr,
    ];
    const inexact = f.let(f.call('roundSignificand'));
    f.if(i32.ltS(r.exponent.get(), control.minExponent.get()), () => {
      f.do(r.high.set(high), r.low.set(low), r.exponent.set(exponent));
      f.do(f.call('underflow'));
      f.return();
    });
    f.if(i32.gtS(r.exponent.get(), control.maxExponent.get()), () => {
      f.do(f.call('overflow', inexact));
      f.return();
    });
    notePrecision(f, inexact);
  });
}

/** pack16(), pack32(), pack64(): the rounded result as bits in an i64. */
function definePack(library: Library): void {
  for (const [name, fractionBits, exponentBits] of [
    ['pack16', 10, 5],
    ['pack32', 23, 8],
    ['pack64', 52, 11],
  ] as const) {
    const infinite = 2 ** exponentBits - 1;
    library.define(name, [], ['i64'], (f) => {
      const sign = f.let(i64.shl(i64.extendU(r.sign.get()), i64.const(fractionBits + exponentBits)));
      const place = (exponent: Expr) => i64.shl(i64.extendU(exponent), i64.const(fractionBits));
      const fraction = i64.shrU(i64.shl(r.high.get(), i64.const(1)), i64.const(64 - fractionBits));
      f.if(isResult(Class.zero), () => f.return(sign));
      const special = f.let(i64.or(sign, place(i32.const(infinite))));
      f.if(isResult(Class.infinity), () => f.return(special));
      f.if(isResult(Class.quiet), () => f.return(i64.or(special, fraction)));
      const normal = i64.ltS(r.high.get(), zero64);
      const biased = i32.add(r.exponent.get(), i32.const(infinite >> 1));
      return i64.or(sign, i64.or(fraction, place(select(normal, biased, zero32))));
    });
  }
}

/** (to i32): the rounded result as 10 bytes. */
function definePack80(library: Library): void {
  library.define('pack80', ['i32'], [], (f) => {
    const to = f.argument(0);
    const put = (significand: Expr, biased: Expr) => {
      f.do(i64.store(to, significand));
      f.do(i32.store16(to, i32.or(i32.shl(r.sign.get(), i32.const(15)), biased), 8));
    };
    f.if(isResult(Class.zero), () => {
      put(zero64, zero32);
      f.return();
    });
    f.if(i32.ne(r.class.get(), i32.const(Class.finite)), () => {
      put(select(isResult(Class.infinity), TOP_BIT, r.high.get()), i32.const(0x7fff));
      f.return();
    });
    const biased = i32.add(r.exponent.get(), i32.const(16383));
    put(r.high.get(), select(i64.ltS(r.high.get(), zero64), biased, zero32));
  });
}
