import { ControlBit } from './control-bits.js';
import { State } from './layout.js';
import type { CpuState } from './state.js';

/** SSE and AVX registers, in XCR0. */
const AVX_STATE = 6;
const EM = 4;
const TS = 8;

/** Which units trap, and how, by CR0, CR4 and XCR0: the bits of `State.fpuTrap`. */
export function unitTraps(state: CpuState): number {
  const [cr0, cr4] = [state.get32(State.cr0), state.get32(State.cr4)];
  const [emulated, switched] = [(cr0 & EM) !== 0, (cr0 & TS) !== 0];
  const undefinedSse = emulated || (cr4 & ControlBit.OSFXSR) === 0;
  const undefinedAvx =
    (cr4 & ControlBit.OSXSAVE) === 0 || (state.get32(State.xcr0) & AVX_STATE) !== AVX_STATE;
  return (
    (undefinedSse || switched ? 1 : 0) |
    (emulated || switched ? 2 : 0) |
    (undefinedSse ? 4 : 0) |
    (undefinedAvx || switched ? 8 : 0) |
    (undefinedAvx ? 16 : 0)
  );
}
