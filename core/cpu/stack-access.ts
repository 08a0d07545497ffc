import type { Instruction } from '../isa/instruction.js';
import type { CpuState } from './state.js';

const RSP = 4;
const RBP = 5;
const STACK_ROWS = /^(PUSH|POP|CALL|RET)/;
/** Rows whose every access is one of the stack. */
const FRAME_ROWS = /^(ENTER|LEAVE)/;
/** How far from rsp an implicit stack access may lie. */
const REACH = 64n;

/**
 * Whether an access belongs to the stack segment, so that a non-canonical address raises #SS and not #GP: through rsp or rbp as base
 * without a segment override, or implicitly.
 */
export function isStackAccess(
  { row, memory, segment }: Instruction,
  state: CpuState,
  linear: bigint,
): boolean {
  if (FRAME_ROWS.test(row.name)) return true;
  const throughBase =
    memory !== undefined && segment === undefined && (memory.base === RSP || memory.base === RBP);
  if (!STACK_ROWS.test(row.name)) return throughBase;
  const distance = BigInt.asIntN(64, linear - state.get64(RSP * 8));
  return throughBase || (distance >= -REACH && distance <= REACH);
}
