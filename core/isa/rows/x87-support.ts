import type { Emitter } from '../../cpu/emitter/emitter.js';
import { state32 } from '../../cpu/emitter/emitter.js';
import { Field, State } from '../../cpu/layout.js';
import type { Expr } from '../../cpu/wasm/expr.js';
import { i32 } from '../../cpu/wasm/expr.js';
import type { Meaning, Row } from '../row.js';

const MF = 16;
const ES = 0x80;

export type X87Tuple = readonly [string, string, Meaning, (Partial<Row> | undefined)?];

const row = ([name, encoding, does, rest]: X87Tuple): Row => ({ name, encoding, does, unit: 'x87', ...rest });

/** Rows of instructions that first report a pending exception. */
export const waiting = (rows: readonly X87Tuple[]): Row[] =>
  rows.map(([name, encoding, does, rest]) => row([name, encoding, (e) => (reportPending(e), does(e)), rest]));

/** Rows of instructions that do not. */
export const notWaiting = (rows: readonly X87Tuple[]): Row[] => rows.map(row);

export const reportPending = (e: Emitter) =>
  e.body.if(i32.and(state32(State.fsw), i32.const(ES)), () => e.fault(MF));

/** Calls a library function for its effect. */
export const run = (e: Emitter, name: string, ...args: Expr[]) => e.body.do(e.helper(name, ...args));

/** The number of an STi operand. */
export const stackNumber = (e: Emitter) => e.let(i32.and(e.field8(Field.rm), i32.const(7)));

export const number = (value: number) => i32.const(value);
