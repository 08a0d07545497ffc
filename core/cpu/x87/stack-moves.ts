import { State } from '../layout.js';
import { i32, i64, select } from '../wasm/expr.js';
import { UNFINISHED } from './extended.js';
import type { Library } from './library.js';
import { one32, zero32, zero64 } from './library.js';
import { early, fsw, ftw, isEmpty, markFull, stAddress, Status } from './stack.js';

/** Copies, exchanges and questions about registers: nothing is rounded. */
export function defineStackMoves(library: Library): void {
  defineMoves(library);
  defineExamine(library);
}

/** Condition codes C3 C2 C0 from a relation, then pops unless it says that they must not happen. */
function defineMoves(library: Library): void {
  /** popAfter(relation i32, pops i32) */
  library.define('popAfter', ['i32', 'i32'], [], (f) => {
    const unfinished = i32.and(f.argument(0), i32.const(UNFINISHED));
    f.if(i32.eqz(unfinished), () => f.do(f.call('pop', f.argument(1))));
  });
  library.define('setConditions', ['i32', 'i32'], [], (f) => {
    const relation = f.argument(0);
    const has = (mask: number) => i32.ne(i32.and(relation, i32.const(mask)), zero32);
    const bits = [
      i32.mul(has(1 | 8), i32.const(Status.C0)),
      i32.mul(has(8), i32.const(Status.C2)),
      i32.mul(has(2 | 8), i32.const(Status.C3)),
    ].reduce(i32.or);
    const kept = i32.and(fsw.get(), i32.const(~(Status.C0 | Status.C2 | Status.C3)));
    f.do(fsw.set(i32.or(kept, bits)), f.call('popAfter', relation, f.argument(1)));
  });
  /** exchange(st i32) */
  library.define('exchange', ['i32'], [], (f) => {
    f.do(f.call('begin'));
    for (const st of [zero32, f.argument(0)]) {
      f.if(isEmpty(st), () => f.do(f.call('stackUnderflow', st, zero32)));
    }
    f.if(early(), () => f.return());
    f.do(fsw.set(i32.and(fsw.get(), i32.const(~Status.C1))));
    const [x, y] = [f.let(stAddress(zero32)), f.let(stAddress(f.argument(0)))];
    const low = f.let(i64.load(x));
    const head = f.let(i32.load16u(x, 8));
    f.do(i64.store(x, i64.load(y)), i32.store16(x, i32.load16u(y, 8), 8));
    f.do(i64.store(y, low), i32.store16(y, head, 8));
  });
  /** copyTo(from i32, to i32, pops i32) */
  library.define('copyTo', ['i32', 'i32', 'i32'], [], (f) => {
    f.do(f.call('begin'));
    f.if(isEmpty(f.argument(0)), () => {
      f.do(f.call('stackUnderflow', f.argument(1), f.argument(2)));
      f.return();
    });
    const [from, to] = [f.let(stAddress(f.argument(0))), f.let(stAddress(f.argument(1)))];
    f.do(i64.store(to, i64.load(from)), i32.store16(to, i32.load16u(from, 8), 8));
    f.do(markFull(f.argument(1)), f.call('commit'), f.call('pop', f.argument(2)));
  });
  /** moveIf(condition i32, st i32) */
  library.define('moveIf', ['i32', 'i32'], [], (f) => {
    f.do(f.call('begin'));
    f.if(i32.or(isEmpty(zero32), isEmpty(f.argument(1))), () => {
      f.do(f.call('stackUnderflow', zero32, zero32));
      f.return();
    });
    f.if(i32.eqz(f.argument(0)), () => f.return());
    const [from, to] = [f.let(stAddress(f.argument(1))), f.let(stAddress(zero32))];
    f.do(i64.store(to, i64.load(from)), i32.store16(to, i32.load16u(from, 8), 8));
  });
}

/** examine(): fxam. Also tag(physical register i32) => 0 valid, 1 zero, 2 special, for the full tag word. */
function defineExamine(library: Library): void {
  library.define('examine', [], [], (f) => {
    const at = f.let(stAddress(zero32));
    const head = f.let(i32.load16u(at, 8));
    const sign = i32.mul(i32.shrU(head, i32.const(15)), i32.const(Status.C1));
    const exponent = f.let(i32.and(head, i32.const(0x7fff)));
    const kept = i32.and(fsw.get(), i32.const(~(Status.C0 | Status.C1 | Status.C2 | Status.C3)));
    f.do(fsw.set(i32.or(kept, sign)));
    const answer = (bits: number) => {
      f.do(fsw.set(i32.or(fsw.get(), i32.const(bits))));
      f.return();
    };
    f.if(isEmpty(zero32), () => answer(Status.C3 | Status.C0));
    const significand = f.let(i64.load(at));
    f.if(i32.eqz(exponent), () => {
      f.if(i64.eqz(significand), () => answer(Status.C3));
      answer(Status.C3 | Status.C2);
    });
    f.if(i64.geS(significand, zero64), () => f.return());
    f.if(i32.ne(exponent, i32.const(0x7fff)), () => answer(Status.C2));
    f.if(i64.eqz(i64.shl(significand, i64.const(1))), () => answer(Status.C2 | Status.C0));
    answer(Status.C0);
  });
  library.define('tag', ['i32'], ['i32'], (f) => {
    const at = f.let(i32.add(i32.shl(f.argument(0), i32.const(4)), i32.const(State.x87)));
    const full = i32.and(i32.shrU(ftw.get(), f.argument(0)), one32);
    f.if(i32.eqz(full), () => f.return(i32.const(3)));
    const exponent = f.let(i32.and(i32.load16u(at, 8), i32.const(0x7fff)));
    const significand = f.let(i64.load(at));
    f.if(i64.eqz(i64.or(significand, i64.extendU(exponent))), () => f.return(one32));
    const border = i32.or(i32.eqz(exponent), i32.eq(exponent, i32.const(0x7fff)));
    return select(i32.or(border, i64.geS(significand, zero64)), i32.const(2), zero32);
  });
}
