import { Field, State } from '../layout.js';
import type { CpuState } from '../state.js';

/** Arguments that a meaning handed over, by position. */
export const argument64 = (state: CpuState, i: number) => state.get64(State.scratch + i * 8);
export const argument32 = (state: CpuState, i: number) => state.get32(State.scratch + i * 8);

/** Moves rip behind the instruction of `record`. */
export function advance(state: CpuState, record: number): void {
  const { u32, u16 } = state;
  const at = State.rip >> 2;
  const low = u32[at]! + (u16[(record + Field.place) >> 1]! >> 12);
  u32[at] = low;
  if (low > 0xffff_ffff) u32[at + 1]!++;
}

export const gpr32 = (state: CpuState, register: number) => state.u32[register * 2]!;

/** Clears the upper half, as a 32-bit write does. */
export function setGpr32(state: CpuState, register: number, value: number): void {
  state.u32[register * 2] = value;
  state.u32[register * 2 + 1] = 0;
}
