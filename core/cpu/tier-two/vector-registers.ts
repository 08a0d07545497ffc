import type { Emitter } from '../emitter/emitter.js';
import { Field } from '../layout.js';

/** The vector register that is operand `i`, or the destination. */
export function registerOf(e: Emitter, i: number): number {
  const { kind } = i < 0 ? e.destination(0) : e.operand(i);
  const field = kind === 'V' ? Field.reg : kind === 'H' ? Field.vvvv : Field.rm;
  return (e.field8(field).constant as number) >> 4;
}
