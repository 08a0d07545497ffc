import { GP, state32 } from '../../cpu/emitter/emitter.js';
import { State } from '../../cpu/layout.js';
import type { SystemOperation } from '../../cpu/system-operations.js';
import { i32 } from '../../cpu/wasm/expr.js';
import type { Meaning } from '../row.js';

export const RING0 = { privileged: true, sizes: 64, untestable: true } as const;
export const FIXED = { sizes: 64, untestable: true } as const;

export const asks =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation);

export const asksWithAddress =
  (operation: SystemOperation): Meaning =>
  (e) =>
    e.system(operation, e.address(0));

/** #GP(0) outside ring 0 while a bit of CR4 says so. */
export const privilegedBy =
  (bit: number, meaning: Meaning): Meaning =>
  (e) => {
    const restricted = i32.and(state32(State.cr4), i32.const(bit));
    e.body.if(i32.and(i32.ne(state32(State.cpl), i32.const(0)), i32.ne(restricted, i32.const(0))), () =>
      e.fault(GP),
    );
    meaning(e);
  };
