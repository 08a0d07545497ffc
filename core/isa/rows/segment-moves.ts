import type { GprSize } from '../../cpu/emitter/emitter.js';
import { state32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import { i64 } from '../../cpu/wasm/expr.js';
import type { Meaning } from '../row.js';

export const pushSelector =
  (index: number): Meaning =>
  (e) =>
    e.push(i64.extendU(state32(State.segments + index * 24 + 8)));

export const popSelector =
  (index: number): Meaning =>
  (e) => {
    e.ask('loadSegment', i64.const(index), e.top());
    e.release(e.size / 8);
  };

/** Offset into the register, then the selector behind it into a segment register. */
export const loadFarPointer =
  (index: number): Meaning =>
  (e) => {
    const size = e.size as GprSize;
    const offset = e.load(e.address(1), size);
    const selector = e.load(e.addressAt(i64.const(size / 8)), 16);
    e.ask('loadSegment', i64.const(index), selector);
    e.write(0, offset);
  };
