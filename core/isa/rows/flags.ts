import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state64, toState64 } from '../../cpu/emitter/emitter.js';
import { cf, lowFlags, overflowFlag, setCarry, setStatusFlags } from '../../cpu/emitter/flags.js';
import { State } from '../../cpu/layout.js';
import { i32, i64 } from '../../cpu/wasm/expr.js';
import type { Row } from '../row.js';

const DF = 0x400;
const AH = 1;
const BYTE = { sizes: 8 } as const;

function direction(e: Emitter, down: boolean): void {
  const cleared = i64.and(state64(State.systemFlags), i64.const(~DF));
  e.body.do(toState64(State.systemFlags, i64.or(cleared, i64.const(down ? DF : 0))));
}

export const flagRows: readonly Row[] = [
  { ...BYTE, name: 'CMC', encoding: 'f5', flags: 'c', does: (e) => setCarry(e, i64.eqz(cf())) },
  { ...BYTE, name: 'CLC', encoding: 'f8', flags: 'c', does: (e) => setCarry(e, i32.const(0)) },
  { ...BYTE, name: 'STC', encoding: 'f9', flags: 'c', does: (e) => setCarry(e, i32.const(1)) },
  { ...BYTE, name: 'CLD', encoding: 'fc', does: (e) => direction(e, false) },
  { ...BYTE, name: 'STD', encoding: 'fd', does: (e) => direction(e, true) },
  {
    ...BYTE,
    name: 'LAHF',
    encoding: '9f',
    does: (e) => e.body.do(i32.store8(i32.const(0), i32.or(lowFlags(e), i32.const(2)), State.gpr + AH)),
  },
  {
    ...BYTE,
    name: 'SAHF',
    encoding: '9e',
    flags: 'szapc',
    does: (e) => setStatusFlags(e, e.let(i32.load8u(i32.const(0), State.gpr + AH)), overflowFlag(e)),
  },
];
