import { HostError } from '../../core/errors/host-error.js';
import type { BootOptions } from '../cli/options.js';
import type { MachineEnd } from '../cli/launched.js';

/** Answers the exit status. */
export async function bootMachine(_options: BootOptions): Promise<MachineEnd> {
  throw new HostError('CONFIG', 'halfcell boot is not built yet', 'use a later version');
}
