import { setFlagsFromString } from 'node:v8';

const HELD_MS = 150;
// Not `opt`: V8 12 does not find back to its old set of flags from there, and then takes nothing that it compiled before.
const LARGEST = 'max-optimized-bytecode-size';
const DEFAULT_LARGEST_BYTES = 61_440;

/**
 * Keeps V8 from optimising what it runs for as long as a small program takes: its threads would spend more time on that than the
 * program ever gets back.
 */
export function holdOptimiser(): void {
  setFlagsFromString(`--${LARGEST}=0`);
  setTimeout(releaseOptimiser, HELD_MS).unref();
}

/** What V8 has compiled is only good for processes with the same flags. */
export function releaseOptimiser(): void {
  setFlagsFromString(`--${LARGEST}=${DEFAULT_LARGEST_BYTES}`);
}
