import type { Expr } from '../wasm/expr.js';
import { i32, select } from '../wasm/expr.js';
import type { FunctionBuilder, Library, Variable } from './library.js';
import { one32, zero32 } from './library.js';
import { LANES_A, LANES_B } from './scratch.js';

/** Words instead of bytes, and signed elements. */
const WORDS = 1;
const SIGNED = 2;
const Aggregation = { equalAny: 0, ranges: 1, equalEach: 2, equalOrdered: 3 } as const;
const Polarity = { negative: 1, maskedNegative: 3 } as const;

/** Comparison of strings in the lane buffers (manual volume 2, section 4.1). */
export function defineStrings(library: Library): void {
  defineElement(library);
  defineImpliedLength(library);
  defineMatch(library);
  library.define('compareStrings', ['i32', 'i32', 'i32'], ['i32'], compareStrings);
}

/** element(immediate i32, buffer i32, index i32) => extended as the immediate says. */
function defineElement(library: Library): void {
  library.define('element', ['i32', 'i32', 'i32'], ['i32'], (f) => {
    const at = (shift: number) => i32.add(f.argument(1), i32.shl(f.argument(2), i32.const(shift)));
    const signed = f.let(i32.and(f.argument(0), i32.const(SIGNED)));
    const words = i32.and(f.argument(0), i32.const(WORDS));
    f.if(words, () => f.return(select(signed, i32.load16s(at(1)), i32.load16u(at(1)))));
    return select(signed, i32.load8s(at(0)), i32.load8u(at(0)));
  });
}

const elementCount = (f: FunctionBuilder) =>
  f.let(select(i32.and(f.argument(0), i32.const(WORDS)), i32.const(8), i32.const(16)));

/** impliedLength(words i32, buffer i32) => index of the first zero element. */
function defineImpliedLength(library: Library): void {
  library.define('impliedLength', ['i32', 'i32'], ['i32'], (f) => {
    const count = elementCount(f);
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

interface Count {
  readonly i: Variable;
  readonly end: Expr;
  readonly step: number;
}

function countUp(f: FunctionBuilder, { i, end, step }: Count, each: () => void): void {
  i.set(zero32);
  f.body.loop((again) => {
    each();
    i.set(i32.add(i.get(), i32.const(step)));
    f.body.brIf(again, i32.ltS(i.get(), end));
  });
}

/** match(immediate i32, length of A i32, length of B i32, j i32) => whether element j of B matches. */
function defineMatch(library: Library): void {
  library.define('match', ['i32', 'i32', 'i32', 'i32'], ['i32'], (f) => {
    const mode = f.let(i32.and(i32.shrU(f.argument(0), i32.const(2)), i32.const(3)));
    const is = (wanted: number) => i32.eq(mode, i32.const(wanted));
    const count = elementCount(f);
    f.if(is(Aggregation.equalAny), () => equalAny(f, count));
    f.if(is(Aggregation.ranges), () => inRanges(f, count));
    f.if(is(Aggregation.equalEach), () => equalEach(f));
    equalOrdered(f, count);
    return one32;
  });
}

const validA = (f: FunctionBuilder, i: Expr) => i32.ltS(i, f.argument(1));
const validB = (f: FunctionBuilder, j: Expr) => i32.ltS(j, f.argument(2));
const elementA = (f: FunctionBuilder, i: Expr) => f.call('element', f.argument(0), i32.const(LANES_A), i);
const elementB = (f: FunctionBuilder, j: Expr) => f.call('element', f.argument(0), i32.const(LANES_B), j);

function equalAny(f: FunctionBuilder, count: Expr): void {
  const [i, j] = [f.variable(zero32), f.argument(3)];
  f.if(i32.eqz(validB(f, j)), () => f.return(zero32));
  countUp(f, { i, end: count, step: 1 }, () => {
    const equal = i32.eq(elementA(f, i.get()), elementB(f, j));
    f.if(i32.and(validA(f, i.get()), equal), () => f.return(one32));
  });
  f.return(zero32);
}

function inRanges(f: FunctionBuilder, count: Expr): void {
  const [i, j] = [f.variable(zero32), f.argument(3)];
  f.if(i32.eqz(validB(f, j)), () => f.return(zero32));
  countUp(f, { i, end: count, step: 2 }, () => {
    const next = i32.add(i.get(), one32);
    const above = i32.geS(elementB(f, j), elementA(f, i.get()));
    const inside = i32.and(above, i32.leS(elementB(f, j), elementA(f, next)));
    f.if(i32.and(validA(f, next), inside), () => f.return(one32));
  });
  f.return(zero32);
}

/** Elements behind the ends of both strings match. */
function equalEach(f: FunctionBuilder): void {
  const j = f.argument(3);
  const [x, y] = [validA(f, j), validB(f, j)];
  const equal = i32.eq(elementA(f, j), elementB(f, j));
  f.return(i32.or(i32.and(i32.and(x, y), equal), i32.eqz(i32.or(x, y))));
}

/** The string A stands in B from j on, as far as B goes. */
function equalOrdered(f: FunctionBuilder, count: Expr): void {
  const i = f.variable(zero32);
  countUp(f, { i, end: count, step: 1 }, () => {
    const place = i32.add(i.get(), f.argument(3));
    const inRange = i32.and(i32.ltS(place, count), validA(f, i.get()));
    const equal = i32.and(validB(f, place), i32.eq(elementA(f, i.get()), elementB(f, place)));
    f.if(i32.and(inRange, i32.eqz(equal)), () => f.return(zero32));
  });
}

const firstBits = (count: Expr) => i32.sub(i32.shl(one32, count), one32);

/** compareStrings(immediate i32, length of A i32, length of B i32) => IntRes2, a bit for each element of B. */
function compareStrings(f: FunctionBuilder): Expr {
  const count = elementCount(f);
  const [result, j] = [f.variable(zero32), f.variable(zero32)];
  countUp(f, { i: j, end: count, step: 1 }, () => {
    const bit = f.call('match', f.argument(0), f.argument(1), f.argument(2), j.get());
    result.set(i32.or(result.get(), i32.shl(bit, j.get())));
  });
  const polarity = f.let(i32.and(i32.shrU(f.argument(0), i32.const(4)), i32.const(3)));
  const flip = (bits: Expr) => result.set(i32.xor(result.get(), bits));
  f.if(i32.eq(polarity, i32.const(Polarity.negative)), () => flip(firstBits(count)));
  f.if(i32.eq(polarity, i32.const(Polarity.maskedNegative)), () => flip(firstBits(f.argument(2))));
  return result.get();
}
