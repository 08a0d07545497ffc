import { kinds } from './kinds.js';
import type { Os } from '../runtime/os.js';

const USAGE = `usage: callbench ${Object.keys(kinds).join('|')} COUNT`;
const NS_PER_MS = 1e6;

/** Prints the nanoseconds that COUNT operations of one kind took. */
export function main(os: Os): number {
  const [, name = '', given = ''] = os.argv;
  const kind = kinds[name];
  const count = Number(given);
  if (!kind || !Number.isInteger(count) || count < 1) {
    os.complain(USAGE);
    return 2;
  }
  const elapsedMs = kind(os, count, (work) => timed(os, work));
  os.out.line(String(Math.round(elapsedMs * NS_PER_MS)));
  return 0;
}

function timed(os: Os, work: () => void): number {
  const start = os.clock.monotonic();
  work();
  return os.clock.monotonic() - start;
}
