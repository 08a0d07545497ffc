import { allowsAccess } from './descriptors.js';
import { GuestFault, Vector } from './guest-fault.js';
import { SEGMENT_MARK_SHIFT } from './layout.js';
import type { CpuState } from './state.js';

const NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;

/**
 * Outside 64-bit mode an address in a segment that is not flat carries the segment's mark in its upper half. Answers the linear
 * address, 32 bits as a signed number; throws #GP(0) or #SS(0) where the segment does not allow the access.
 */
export function linearInSegment(
  state: CpuState,
  low: number,
  high: number,
  bytes: number,
  writes: boolean,
): number {
  const name = NAMES[(high >>> SEGMENT_MARK_SHIFT) - 1];
  if (name === undefined) return low;
  const segment = state.segment(name);
  const offset = (low - Number(BigInt.asUintN(32, segment.base))) >>> 0;
  if (!allowsAccess(segment, offset, bytes, writes))
    throw new GuestFault(name === 'ss' ? Vector.SS : Vector.GP);
  return low;
}
