import { State } from '../layout.js';
import { i32 } from '../wasm/expr.js';
import type { Emitter } from './emitter.js';
import { GP, state32, UD } from './emitter.js';

const NM = 7;
const SSE_OFF = 1;
const X87_OFF = 2;

/** The whole of a form: what its row demands first, then its meaning. */
export function emitForm(e: Emitter): void {
  const { row } = e.form;
  if (row.privileged) e.body.if(state32(State.cpl), () => e.fault(GP));
  if (row.unit === 'sse') requireSse(e);
  if (row.unit === 'x87') e.body.if(i32.and(state32(State.fpuTrap), i32.const(X87_OFF)), () => e.fault(NM));
  row.does(e);
}

/** CR0.EM or a clear CR4.OSFXSR is #UD (bit 2), CR0.TS alone is #NM. */
function requireSse(e: Emitter): void {
  e.body.if(i32.and(state32(State.fpuTrap), i32.const(SSE_OFF)), () => {
    e.body.if(i32.and(state32(State.fpuTrap), i32.const(4)), () => e.fault(UD));
    e.fault(NM);
  });
}
