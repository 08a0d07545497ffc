import type { Expr } from '../wasm/expr.js';
import { i32, i64 } from '../wasm/expr.js';
import { f32, f64 } from '../wasm/float-expr.js';
import type { Library } from './library.js';
import { zero32 } from './library.js';
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
  WIDE,
} from './scratch.js';
import { raise } from './unpack.js';
import { Format, LaneOperation, roundToInteger } from './vector.js';
import type { FormatName } from './vector.js';

/** What SSE4.1 adds: rounding to integers as floats, and dot products. */
export function defineLaterVector(library: Library): void {
  for (const name of ['single', 'double'] as const) defineRoundLane(library, name);
  const narrow = { a: LANES_A, b: LANES_B, result: LANES_RESULT, halves: 1 } as const;
  defineDot(library, 'single', 'dot.single', narrow);
  defineDot(library, 'double', 'dot.double', narrow);
  defineDot(library, 'single', 'dotWide.single', { a: WIDE.a, b: WIDE.b, result: WIDE.a, halves: 2 });
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

interface DotBuffers {
  readonly a: number;
  readonly b: number;
  readonly result: number;
  /** Of 128 bits, with sums of their own and exceptions in common. */
  readonly halves: 1 | 2;
}

/**
 * dot.*, dotWide.* (immediate i32): sums of the chosen products of the lane buffers into every lane of the result buffer. The lanes differ in
 * which NaN comes first.
 */
function defineDot(library: Library, name: FormatName, defined: string, buffers: DotBuffers): void {
  const bytes = Format[name].bits / 8;
  const perHalf = 16 / bytes;
  const lanes = perHalf * buffers.halves;
  const load = name === 'single' ? i64.load32u : i64.load;
  const store = name === 'single' ? i64.store32 : i64.store;
  library.define(defined, ['i32'], [], (f) => {
    const lane = (operation: number, x: Expr, y: Expr) =>
      f.let(f.call(`lane.${name}`, i32.const(operation), x, y));
    const before = f.variable(zero32);
    // Each step sees the exceptions of the steps before it, and its own only as far as an early one lets it.
    const endStep = () => {
      f.do(f.call('dropLateFlags'), laneFlags.set(i32.or(laneFlags.get(), before.get())));
      f.if(i32.and(laneFlags.get(), control.unmasked.get()), () => f.return());
      before.set(laneFlags.get());
      f.do(laneFlags.set(zero32));
    };
    const sums = (first: (i: number) => Expr, second: (i: number) => Expr) => {
      const results = Array.from({ length: lanes }, (_, i) => lane(LaneOperation.add, first(i), second(i)));
      endStep();
      return results;
    };
    f.do(f.call('vectorControl'), f.call(`format.${name}`));
    const products = Array.from({ length: lanes }, (_, i) => {
      const product = f.variable(i64.const(0));
      const chosen = i32.and(f.argument(0), i32.const(1 << (4 + (i % perHalf))));
      const at = i32.const(i * bytes);
      f.if(chosen, () => product.set(lane(LaneOperation.multiply, load(at, buffers.a), load(at, buffers.b))));
      return product.get();
    });
    endStep();
    const here = (of: readonly Expr[]) => (i: number) => of[i]!;
    const beside = (of: readonly Expr[], distance: number) => (i: number) => of[i ^ distance]!;
    const pairs = perHalf === 2 ? products : sums(beside(products, 1), here(products));
    const results = sums(here(pairs), beside(pairs, perHalf / 2));
    f.do(laneFlags.set(before.get()));
    results.forEach((result, i) => f.do(store(i32.const(i * bytes), result, buffers.result)));
  });
}
