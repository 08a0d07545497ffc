import { i32, i64, select } from '../wasm/expr.js';
import { invalid, isClass, setResult } from './arithmetic.js';
import type { FunctionBuilder, Library } from './library.js';
import { nonzero, one32, TOP_BIT, zero32, zero64 } from './library.js';
import { a, Class, r } from './scratch.js';

/** A digit-by-digit root: 64 steps, each one bit. */
export function defineSquareRoot(library: Library): void {
  library.define('squareRoot', [], [], (f) => {
    f.if(isClass(a, Class.zero), () => {
      setResult(f, Class.zero, a.sign.get());
      f.return();
    });
    f.if(a.sign.get(), () => {
      invalid(f);
      f.return();
    });
    f.if(isClass(a, Class.infinity), () => {
      setResult(f, Class.infinity, zero32);
      f.return();
    });
    rootOfFinite(f);
  });
}

function rootOfFinite(f: FunctionBuilder): void {
  const odd = f.let(i32.and(a.exponent.get(), one32));
  const high = f.variable(select(odd, a.high.get(), i64.shrU(a.high.get(), one64)));
  const low = f.variable(select(odd, zero64, i64.shl(a.high.get(), i64.const(63))));
  const root = f.variable(zero64);
  const [restHigh, rest] = [f.variable(zero64), f.variable(zero64)];
  f.times(64, () => {
    // rest = rest * 4 + next two bits; try 4 * root + 1, which may need 66 bits.
    restHigh.set(i64.or(i64.shl(restHigh.get(), two64), i64.shrU(rest.get(), i64.const(62))));
    rest.set(i64.or(i64.shl(rest.get(), two64), i64.shrU(high.get(), i64.const(62))));
    high.set(i64.or(i64.shl(high.get(), two64), i64.shrU(low.get(), i64.const(62))));
    low.set(i64.shl(low.get(), two64));
    const trialHigh = f.let(i64.shrU(root.get(), i64.const(62)));
    const trial = f.let(i64.or(i64.shl(root.get(), two64), one64));
    const fits = f.let(
      i32.or(
        i64.gtU(restHigh.get(), trialHigh),
        i32.and(i64.eq(restHigh.get(), trialHigh), i64.geU(rest.get(), trial)),
      ),
    );
    root.set(i64.or(i64.shl(root.get(), one64), i64.extendU(fits)));
    f.if(fits, () => {
      const borrow = i64.extendU(i64.ltU(rest.get(), trial));
      restHigh.set(i64.sub(i64.sub(restHigh.get(), trialHigh), borrow));
      rest.set(i64.sub(rest.get(), trial));
    });
  });
  setResult(f, Class.finite, zero32);
  f.do(r.exponent.set(i32.shrS(i32.sub(a.exponent.get(), odd), one32)));
  f.do(r.high.set(root.get()));
  // The root is never exactly half way between two numbers of 64 bits: rest > root means above the middle.
  const aboveMiddle = i32.or(nonzero(restHigh.get()), i64.gtU(rest.get(), root.get()));
  const inexact = i64.extendU(nonzero(i64.or(restHigh.get(), rest.get())));
  f.do(r.low.set(i64.or(select(aboveMiddle, TOP_BIT, zero64), inexact)));
}

const one64 = i64.const(1);
const two64 = i64.const(2);
