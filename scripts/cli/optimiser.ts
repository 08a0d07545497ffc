import { setFlagsFromString } from 'node:v8';

const HELD_MS = 150;

/**
 * Keeps V8 from optimising what it runs for as long as a small program takes: its threads would spend more time on that than the
 * program ever gets back.
 */
export function holdOptimiser(): void {
  setFlagsFromString('--no-opt');
  setTimeout(releaseOptimiser, HELD_MS).unref();
}

/** What V8 has compiled is only good for processes with the same flags. */
export function releaseOptimiser(): void {
  setFlagsFromString('--opt');
}
