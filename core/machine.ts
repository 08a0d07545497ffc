import { createCpu } from './cpu/index.js';
import { Machine } from './machine/machine.js';
import type { MachineOptions } from './machine/machine.js';

export { Machine } from './machine/machine.js';
export type { MachineEnd, MachineOptions } from './machine/machine.js';
export type { MachineControl, MachineState } from './machine/control.js';

/** A machine with this project's CPU. It does nothing until `start`. */
export function createMachine(options: MachineOptions): Machine {
  return new Machine(options, createCpu);
}
