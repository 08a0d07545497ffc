import { HostError } from '../../core/errors/host-error.js';
import type { RunOptions } from '../cli/options.js';

/** Answers the exit status. */
export async function runProgram(_options: RunOptions): Promise<number> {
  throw new HostError('CONFIG', 'halfcell run is not built yet', 'use a later version');
}
