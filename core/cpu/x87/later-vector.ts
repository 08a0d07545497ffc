import type { Expr } from '../wasm/expr.js';
import { i32, i64, select } from '../wasm/expr.js';
import { f32, f64 } from '../wasm/float-expr.js';
import type { FunctionBuilder, Library } from './library.js';
import { one32, zero32 } from './library.js';
import {
  a,
  b,
  Class,
  control,
  Exception,
  laneFlags,
  LANES_A,
  LANES_B,
  LANES_RESULT,
  OPERAND_A,
} from './scratch.js';
import { raise } from './unpack.js';
import { Format, LaneOperation, roundToInteger } from './vector.js';
import type { FormatName } from './vector.js';

/** What SSE4.1 and SSE4.2 add: rounding to integers as floats, dot products, string comparison. */
export function defineLaterVector(library: Library): void {
  for (const name of ['single', 'double'] as const) defineRoundLane(library, name);
  defineDot(library, 'single', 4);
  defineDot(library, 'double', 2);
  defineStrings(library);
}

/** roundLane.* (bits i64, rounding i32, inexact is silent i32) => bits of the float rounded to an integer. */
function defineRoundLane(library: Library, name: FormatName): void {
  const { bits } = Format[name];
  const signBit = i64.const(-(2n ** BigInt(bits - 1)));
  library.define(`roundLane.${name}`, ['i64', 'i32', 'i32'], ['i64'], (f) => {
    f.do(control.flags.set(zero32), b.class.set(i32.const(Class.zero)));
    f.do(f.call(`unpack${bits}`, i32.const(OPERAND_A), f.argument(0)));
    f.do(control.flags.set(zero32));
    f.if(f.call('nan'), () => {
      f.do(laneFlags.set(i32.or(laneFlags.get(), control.flags.get())));
      f.return(f.call(`pack${bits}`));
    });
    f.if(i32.eqz(a.class.get()), () => f.return(i64.and(f.argument(0), signBit)));
    const value = f.let(
      name === 'single'
        ? f64.promote(f32.reinterpret(i32.wrap(f.argument(0))))
        : f64.reinterpret(f.argument(0)),
    );
    const rounded = f.let(roundToInteger(value, f.argument(1)));
    const noted = i32.and(f64.ne(rounded, value), i32.eqz(f.argument(2)));
    f.if(noted, () => f.do(raise(Exception.PE)));
    f.do(laneFlags.set(i32.or(laneFlags.get(), control.flags.get())));
    if (name === 'double') return i64.reinterpretF64(rounded);
    return i64.extendU(i32.reinterpretF32(f32.demote(rounded)));
  });
}

/**
 * dot.* (immediate i32): sums of the chosen products of the lane buffers into every lane of the result buffer. The lanes differ in
 * which NaN comes first.
 */
function defineDot(library: Library, name: FormatName, lanes: 2 | 4): void {
  const bytes = Format[name].bits / 8;
  const load = name === 'single' ? i64.load32u : i64.load;
  const store = name === 'single' ? i64.store32 : i64.store;
  library.define(`dot.${name}`, ['i32'], [], (f) => {
    const lane = (operation: number, x: Expr, y: Expr) =>
      f.let(f.call(`lane.${name}`, i32.const(operation), x, y));
    const stop = () => f.if(i32.and(laneFlags.get(), control.unmasked.get()), () => f.return());
    const sums = (first: (i: number) => Expr, second: (i: number) => Expr) => {
      stop();
      return Array.from({ length: lanes }, (_, i) => lane(LaneOperation.add, first(i), second(i)));
    };
    f.do(f.call('vectorControl'), f.call(`format.${name}`));
    const products = Array.from({ length: lanes }, (_, i) => {
      const product = f.variable(i64.const(0));
      const chosen = i32.and(f.argument(0), i32.const(1 << (4 + i)));
      const at = i32.const(i * bytes);
      f.if(chosen, () => product.set(lane(LaneOperation.multiply, load(at, LANES_A), load(at, LANES_B))));
      return product.get();
    });
    const here = (of: readonly Expr[]) => (i: number) => of[i]!;
    const beside = (of: readonly Expr[], distance: number) => (i: number) => of[i ^ distance]!;
    const pairs = lanes === 2 ? products : sums(beside(products, 1), here(products));
    const results = sums(here(pairs), beside(pairs, lanes / 2));
    results.forEach((result, i) => f.do(store(i32.const(i * bytes), result, LANES_RESULT)));
  });
}

/**
 * compareStrings(immediate i32, length of A i32, length of B i32) => the result bits (IntRes2), one for each element of B.
 * A and B are in the lane buffers; manual volume 2, section 4.1.
 */
function defineStrings(library: Library): void {
  const words = (f: FunctionBuilder) => i32.and(f.argument(0), one32);
  library.define('element', ['i32', 'i32', 'i32'], ['i32'], (f) => {
    // (immediate, buffer, index): sign-extended where the immediate says so.
    const at = (shift: number) => i32.add(f.argument(1), i32.shl(f.argument(2), i32.const(shift)));
    const signed = f.let(i32.and(f.argument(0), i32.const(2)));
    f.if(words(f), () => f.return(select(signed, i32.load16s(at(1)), i32.load16u(at(1)))));
    return select(signed, i32.load8s(at(0)), i32.load8u(at(0)));
  });
  library.define('compareStrings', ['i32', 'i32', 'i32'], ['i32'], (f) => {
    const count = f.let(select(words(f), i32.const(8), i32.const(16)));
    const mode = f.let(i32.and(i32.shrU(f.argument(0), i32.const(2)), i32.const(3)));
    const result = f.variable(zero32);
    const [i, j] = [f.variable(zero32), f.variable(zero32)];
    const bit = f.variable(zero32);
    const is = (wanted: number) => i32.eq(mode, i32.const(wanted));
    const elementA = (index: Expr) => f.call('element', f.argument(0), i32.const(LANES_A), index);
    const elementB = (index: Expr) => f.call('element', f.argument(0), i32.const(LANES_B), index);
    const validA = (index: Expr) => i32.ltS(index, f.argument(1));
    const validB = (index: Expr) => i32.ltS(index, f.argument(2));
    const loop = (counter: typeof i, step: number, body: () => void) => {
      counter.set(zero32);
      f.body.loop((again) => {
        body();
        counter.set(i32.add(counter.get(), i32.const(step)));
        f.body.brIf(again, i32.ltS(counter.get(), count));
      });
    };
    const setIf = (condition: Expr) => f.if(condition, () => bit.set(one32));
    const clearIf = (condition: Expr) => f.if(condition, () => bit.set(zero32));
    loop(j, 1, () => {
      bit.set(i32.or(is(3), is(2)));
      f.if(is(0), () =>
        loop(i, 1, () =>
          setIf(
            i32.and(i32.and(validA(i.get()), validB(j.get())), i32.eq(elementA(i.get()), elementB(j.get()))),
          ),
        ),
      );
      f.if(is(1), () =>
        loop(i, 2, () => {
          const next = i32.add(i.get(), one32);
          const inside = i32.and(
            i32.geS(elementB(j.get()), elementA(i.get())),
            i32.leS(elementB(j.get()), elementA(next)),
          );
          setIf(i32.and(i32.and(validA(next), validB(j.get())), inside));
        }),
      );
      f.if(is(2), () => {
        const [x, y] = [validA(j.get()), validB(j.get())];
        const equal = i32.eq(elementA(j.get()), elementB(j.get()));
        bit.set(i32.or(i32.and(i32.and(x, y), equal), i32.eqz(i32.or(x, y))));
      });
      f.if(is(3), () =>
        loop(i, 1, () => {
          const place = i32.add(i.get(), j.get());
          const inRange = i32.and(i32.ltS(place, count), validA(i.get()));
          const equal = i32.and(validB(place), i32.eq(elementA(i.get()), elementB(place)));
          clearIf(i32.and(inRange, i32.eqz(equal)));
        }),
      );
      result.set(i32.or(result.get(), i32.shl(bit.get(), j.get())));
    });
    const all = i32.sub(i32.shl(one32, count), one32);
    const polarity = f.let(i32.and(i32.shrU(f.argument(0), i32.const(4)), i32.const(3)));
    f.if(i32.eq(polarity, one32), () => result.set(i32.xor(result.get(), all)));
    f.if(i32.eq(polarity, i32.const(3)), () => {
      const length = select(i32.ltS(f.argument(2), count), f.argument(2), count);
      result.set(i32.xor(result.get(), i32.sub(i32.shl(one32, length), one32)));
    });
    return result.get();
  });
  /** impliedLength(words i32, buffer i32) => index of the first zero element. */
  library.define('impliedLength', ['i32', 'i32'], ['i32'], (f) => {
    const count = f.let(select(f.argument(0), i32.const(8), i32.const(16)));
    const i = f.variable(zero32);
    f.body.block((done) => {
      f.body.loop((again) => {
        f.body.brIf(done, i32.geS(i.get(), count));
        f.body.brIf(done, i32.eqz(f.call('element', f.argument(0), f.argument(1), i.get())));
        i.set(i32.add(i.get(), one32));
        f.body.br(again);
      });
    });
    return i.get();
  });
}
