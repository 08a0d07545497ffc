import type { ParsedRow } from '../../core/isa/row.js';
import type { TestCase } from './test-case.js';

const BITS: Record<string, bigint> = { c: 1n, p: 4n, a: 0x10n, z: 0x40n, s: 0x80n, o: 0x800n };

/** Flags of rflags that the row leaves undefined. */
export function undefinedFlags(row: ParsedRow, _testCase: TestCase): bigint {
  return [...(row.undefined ?? '')].reduce((mask, letter) => mask | (BITS[letter] ?? 0n), 0n);
}
