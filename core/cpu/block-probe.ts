import { decodedBlock } from './decoded-block.js';
import type { PlacedInstruction } from './decoded-block.js';
import { State } from './layout.js';
import type { CpuState } from './state.js';
import type { CpuBus } from './types.js';

/** Tells the bus of blocks as they are decoded, while it listens. */
export class BlockProbe {
  #isTold = false;

  constructor(
    private readonly state: CpuState,
    private readonly bus: CpuBus,
  ) {}

  /** Present while somebody listens. */
  get tell(): ((placed: readonly PlacedInstruction[]) => void) | undefined {
    const { bus, state } = this;
    return bus.translate && ((placed) => bus.translate?.(decodedBlock(state.get64(State.rip), placed)));
  }

  /** Whether somebody has begun to listen since the last call: what was decoded before has to be decoded again to be told. */
  begins(): boolean {
    const told = this.bus.translate !== undefined;
    const begins = told && !this.#isTold;
    this.#isTold = told;
    return begins;
  }
}
