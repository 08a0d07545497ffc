import { State } from '../layout.js';
import { i32 } from '../wasm/expr.js';
import type { Emitter } from './emitter.js';
import { GP, state32, UD } from './emitter.js';

const NM = 7;
const SSE_OFF = 1;
const X87_OFF = 2;
const SSE_UNDEFINED = 4;
const AVX_OFF = 8;
const AVX_UNDEFINED = 16;

/** The whole of a form: what its row demands first, then its meaning. */
export function emitForm(e: Emitter): void {
  const { row } = e.form;
  if (row.privileged) e.body.if(state32(State.cpl), () => e.fault(GP));
  if (row.unit === 'sse') requireUnit(e, SSE_OFF, SSE_UNDEFINED);
  if (row.unit === 'avx') requireUnit(e, AVX_OFF, AVX_UNDEFINED);
  if (row.unit === 'x87') e.body.if(i32.and(state32(State.fpuTrap), i32.const(X87_OFF)), () => e.fault(NM));
  row.does(e);
}

/** #UD where the unit is not switched on at all, #NM where CR0.TS alone stands against it. */
function requireUnit(e: Emitter, off: number, undefinedBit: number): void {
  e.body.if(i32.and(state32(State.fpuTrap), i32.const(off)), () => {
    e.body.if(i32.and(state32(State.fpuTrap), i32.const(undefinedBit)), () => e.fault(UD));
    e.fault(NM);
  });
}
