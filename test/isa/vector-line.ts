import { beforeText } from './describe-state.js';
import type { Mismatch } from './fuzz.js';

/** A mismatch as a line for a vector file: what the host did, and behind it what we did instead. */
export function vectorLine({ row, testCase, differences }: Mismatch): string {
  const bytes = Buffer.from(testCase.code).toString('hex').replace(/../g, '$& ').trim();
  const after = differences.map(([name, expected]) => `${name}=${expected}`).join(' ');
  const ours = differences.map(([name, , actual]) => `${name}=${actual}`).join(' ');
  return `${row.name} | ${bytes} | | ${beforeText(testCase)} | ${after} # ours: ${ours}`;
}
