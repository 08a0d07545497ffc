import type { DebugRegisters } from './debug-registers.js';
import type { Delivery, EventKind } from './delivery.js';
import { Vector } from './guest-fault.js';
import { State } from './layout.js';
import type { CpuState } from './state.js';
import type { CpuBus } from './types.js';

/** Exceptions that instructions have ended with: for the bus where it answers them, else for the guest's handlers. */
export class Exceptions {
  constructor(
    private readonly state: CpuState,
    private readonly bus: CpuBus,
    private readonly delivery: Delivery,
    private readonly debug: DebugRegisters,
  ) {}

  /** What generated code, or the guard around TypeScript, has recorded in the state. */
  raiseRecorded(): void {
    const { state } = this;
    const vector = state.get32(State.exceptionVector);
    this.debug.forget();
    this.#raise(vector, state.get32(State.exceptionCode), state.get64(State.exceptionAddress), 'fault');
  }

  /** #DB behind an instruction. */
  raiseDebugTrap(): void {
    this.#raise(Vector.DB, 0, 0n, 'trap');
  }

  #raise(vector: number, code: number, address: bigint, kind: EventKind): void {
    if (vector === Vector.DB) this.debug.entered();
    if (this.bus.exception) {
      if (vector === Vector.PF) this.state.set64(State.cr2, address);
      if (this.bus.exception(vector, code, address)) return;
    }
    this.delivery.fault(vector, code, address, kind);
  }
}
