import { State } from '../layout.js';
import type { CpuState } from '../state.js';

/** What control bits and flags of MXCSR have to be: exceptions masked, to nearest, denormals as they are, and inexact noted already. */
export const PLAIN = { mask: 0xffe0, value: 0x1fa0 } as const;

export const isPlain = (state: CpuState): boolean => (state.get32(State.mxcsr) & PLAIN.mask) === PLAIN.value;
