import type { ResetCause, StopReason } from '../hooks/machine-hooks.js';
import type { Dispose } from '../lifecycle/scope.js';

export type MachineState = 'off' | 'running' | 'paused' | 'failed' | 'poweredOff';

/** What plugins and debuggers may do with the machine as a whole. Safe to call from within a tap or handler. */
export interface MachineControl {
  readonly state: MachineState;
  /** Resolves once the CPU is held. */
  pause(): Promise<void>;
  resume(): void;
  /** One instruction of a held machine; answers why it stopped. */
  step(): Promise<StopReason>;
  /** At the next slice border: the CPU's power-on state, then the reset hook. */
  reset(cause?: ResetCause): Promise<void>;
  /** At the next slice border; `finished` resolves with the status. */
  powerOff(status?: number): void;
  /** Ends the sleep of an idle machine. */
  wake(): void;
  /**
   * Runs `action` between two slices with the CPU held; the way in for everything that happens outside the machine.
   * Asked from within an action, it runs at once.
   */
  atBorder<T>(action: () => T | Promise<T>): Promise<T>;
  /** Calls `ring` between slices whenever element 0 is not zero; `ring` clears it. Wakes from sleep by Atomics.notify. */
  doorbell(view: Int32Array<SharedArrayBuffer>, ring: () => void): Dispose;
}
