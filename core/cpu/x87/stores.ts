import { i32, i64, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { one32, zero32, zero64 } from './library.js';
import { a, b, Class, control, Exception, OPERAND_A } from './scratch.js';
import { isEmpty, Status, unmaskedOf, unpackSt } from './stack.js';

const ALL_BUT_PRECISION = 0x1f;

/**
 * Conversions of ST(0) for memory. `to*` answers the bits and leaves exceptions uncommitted, since the store may fault;
 * `storable` says whether an unmasked exception forbids the store; `stored` ends the instruction.
 */
export function defineStores(library: Library): void {
  library.define('storable', [], ['i32'], () => i32.eqz(unmaskedOf(ALL_BUT_PRECISION)));
  /** stored(pops i32) */
  library.define('stored', ['i32'], [], (f) => {
    f.if(f.call('storable'), () => f.do(f.call('pop', f.argument(0))));
    f.do(f.call('commit'));
  });
  defineToFloat(library);
  defineToInteger(library);
  defineToExtended(library);
  defineDecimal(library);
}

function stackEmpty(f: FunctionBuilder, answer: () => void): void {
  f.do(f.call('begin'));
  f.if(isEmpty(zero32), () => {
    f.do(control.flags.set(i32.const(Exception.IE | Status.SF)));
    answer();
  });
}

function defineToFloat(library: Library): void {
  for (const [name, format, pack, nan] of [
    ['toSingle', 'format.single', 'pack32', 0xffc0_0000n],
    ['toDouble', 'format.double', 'pack64', 0xfff8_0000_0000_0000n],
  ] as const) {
    library.define(name, [], ['i64'], (f) => {
      stackEmpty(f, () => f.return(i64.const(nan)));
      f.do(f.call(format));
      unpackSt(f, OPERAND_A, zero32);
      f.do(control.flags.set(zero32), b.class.set(i32.const(Class.zero)));
      f.if(i32.eqz(f.call('nan80')), () => f.do(f.call('operandToResult'), f.call('round')));
      f.if(unmaskedOf(Exception.OE | Exception.UE), () => {
        const kept = i32.and(control.flags.get(), i32.const(~Exception.PE));
        f.do(control.flags.set(kept), control.roundedUp.set(zero32));
      });
      return f.call(pack);
    });
  }
}

function defineToExtended(library: Library): void {
  /** toExtended(): exceptions only; the row copies the ten bytes, or the default NaN when the answer is 0. */
  library.define('toExtended', [], ['i32'], (f) => {
    stackEmpty(f, () => f.return(zero32));
    return one32;
  });
}

/** toInteger(bits i32, truncate i32) => what does not fit gives the smallest integer and IE. */
function defineToInteger(library: Library): void {
  library.define('toInteger', ['i32', 'i32'], ['i64'], (f) => {
    const highest = f.let(i64.extendU(i32.sub(f.argument(0), one32)));
    const indefinite = f.let(i64.shl(i64.const(-1), highest));
    const invalid = () => {
      f.do(control.flags.set(i32.const(Exception.IE)), control.roundedUp.set(zero32));
      f.return(indefinite);
    };
    stackEmpty(f, () => f.return(indefinite));
    f.if(f.argument(1), () => f.do(control.rounding.set(i32.const(3))));
    unpackSt(f, OPERAND_A, zero32);
    f.do(control.flags.set(zero32));
    f.if(i32.eqz(a.class.get()), () => f.return(zero64));
    f.if(i32.ne(a.class.get(), i32.const(Class.finite)), invalid);
    f.if(i32.gtS(a.exponent.get(), i32.const(63)), invalid);
    const whole = f.let(f.call('integerPart'));
    const limit = i64.sub(i64.shl(i64.const(1), highest), i64.extendU(i32.eqz(a.sign.get())));
    f.if(i64.gtU(whole, limit), invalid);
    return select(a.sign.get(), i64.sub(zero64, whole), whole);
  });
}

const DIGITS = 18;
const LARGEST_DECIMAL = i64.const(10n ** 18n - 1n);
/** The packed decimal indefinite: the low 8 bytes; the high two are ffff. */
const INDEFINITE_LOW = i64.const(0xc000_0000_0000_0000n);

/** Packed decimal: 18 digits and a sign byte. `toDecimal` answers the low 8 bytes, and the high two through `decimalHead`. */
function defineDecimal(library: Library): void {
  library.define('toDecimal', [], ['i64', 'i32'], (f) => {
    const indefinite = () => {
      f.do(INDEFINITE_LOW);
      f.return(i32.const(0xffff));
    };
    const invalid = () => {
      f.do(control.flags.set(i32.const(Exception.IE)), control.roundedUp.set(zero32));
      indefinite();
    };
    stackEmpty(f, indefinite);
    unpackSt(f, OPERAND_A, zero32);
    f.do(control.flags.set(zero32));
    const sign = f.let(i32.shl(a.sign.get(), i32.const(15)));
    f.if(i32.eqz(a.class.get()), () => {
      f.do(zero64);
      f.return(sign);
    });
    f.if(i32.ne(a.class.get(), i32.const(Class.finite)), invalid);
    f.if(i32.gtS(a.exponent.get(), i32.const(62)), invalid);
    const rest = f.variable(f.call('integerPart'));
    f.if(i64.gtU(rest.get(), LARGEST_DECIMAL), invalid);
    const digit = () => {
      const value = f.let(i64.remU(rest.get(), i64.const(10)));
      rest.set(i64.divU(rest.get(), i64.const(10)));
      return value;
    };
    const low = f.variable(zero64);
    f.times(16, (i) => {
      const place = i64.extendU(i32.shl(i, i32.const(2)));
      low.set(i64.or(low.get(), i64.shl(digit(), place)));
    });
    const [d16, d17] = [digit(), digit()];
    f.do(low.get());
    return i32.or(sign, i32.wrap(i64.or(d16, i64.shl(d17, i64.const(4)))));
  });
  /** loadDecimal(low i64, head i32) */
  library.define('loadDecimal', ['i64', 'i32'], [], (f) => {
    const value = f.variable(zero64);
    f.times(DIGITS, (i) => {
      const fromHead = i64.shrU(
        i64.extendU(f.argument(1)),
        i64.extendU(i32.shl(i32.sub(one32, i), i32.const(2))),
      );
      const fromLow = i64.shrU(f.argument(0), i64.extendU(i32.shl(i32.sub(i32.const(17), i), i32.const(2))));
      const digit = i64.and(select(i32.ltU(i, i32.const(2)), fromHead, fromLow), i64.const(15));
      value.set(i64.add(i64.mul(value.get(), i64.const(10)), digit));
    });
    f.do(f.call('begin'), f.call('unpackInteger', i32.const(OPERAND_A), value.get()));
    f.do(a.sign.set(i32.shrU(i32.and(f.argument(1), i32.const(0x8000)), i32.const(15))));
    f.do(f.call('pushOperand'));
  });
}
