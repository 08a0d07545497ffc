import { RAM, STATE_BYTES } from './layout.js';
import type { CpuState } from './state.js';
import type { CpuSnapshot } from './types.js';

export function takeSnapshot({ u8, ramBytes }: CpuState, retired: number): CpuSnapshot {
  return {
    version: 1,
    state: u8.slice(0, STATE_BYTES),
    ram: u8.slice(RAM, RAM + ramBytes),
    retired,
  };
}

/** Everything that is derived from state or RAM has to be made again afterwards. */
export function putSnapshot({ u8 }: CpuState, { state, ram }: CpuSnapshot): void {
  u8.set(state, 0);
  u8.set(ram, RAM);
}
