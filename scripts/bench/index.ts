import { HostError } from '../../core/errors/host-error.js';

/** Answers the exit status. */
export async function runBenchmarks(_names: readonly string[]): Promise<number> {
  throw new HostError('CONFIG', 'halfcell bench is not built yet', 'use a later version');
}
