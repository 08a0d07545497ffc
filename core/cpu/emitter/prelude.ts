import { State } from '../layout.js';
import { i32 } from '../wasm/expr.js';
import type { Emitter } from './emitter.js';
import { GP, state32, UD } from './emitter.js';

const NM = 7;
/** Bits of `fpuTrap`: the unit's instructions trap. */
export const UNIT_OFF = { sse: 1, x87: 2, avx: 8 } as const;
const SSE_UNDEFINED = 4;
const AVX_UNDEFINED = 16;

/** The whole of a form: what its row demands first, then its meaning. */
export function emitForm(e: Emitter): void {
  const { row } = e.form;
  if (row.privileged) e.body.if(state32(State.cpl), () => e.fault(GP));
  if (row.unit === 'sse') requireUnit(e, UNIT_OFF.sse, SSE_UNDEFINED);
  if (row.unit === 'avx') requireUnit(e, UNIT_OFF.avx, AVX_UNDEFINED);
  if (row.unit === 'x87')
    e.body.if(i32.and(state32(State.fpuTrap), i32.const(UNIT_OFF.x87)), () => e.fault(NM));
  row.does(e);
}

/** #UD where the unit is not switched on at all, #NM where CR0.TS alone stands against it. */
function requireUnit(e: Emitter, off: number, undefinedBit: number): void {
  e.body.if(i32.and(state32(State.fpuTrap), i32.const(off)), () => {
    e.body.if(i32.and(state32(State.fpuTrap), i32.const(undefinedBit)), () => e.fault(UD));
    e.fault(NM);
  });
}
