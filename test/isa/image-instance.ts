import type { ParsedRow } from '../../core/isa/row.js';
import { loadRows } from '../../core/isa/rows/index.js';
import { borderInstance, randomInstance } from './instance.js';
import { isOnHost } from './native/host-features.js';
import type { Random } from './random.js';
import type { TestCase } from './test-case.js';
import { DATA_BYTES } from './test-case.js';

const [RAX, RDX] = [0, 2] as const;
const ADDRESS_SIZE = 0x67;
const HEADER = 512;
const HEADER_BYTES = 64;

/** Rows that save and restore the state of the units. */
export function imageRows(pattern = /./): ParsedRow[] {
  const { rows, families } = loadRows();
  return rows.filter(
    (row) =>
      /^(FX|X)(SAVE|SAVEOPT|SAVEC|RSTOR)_Ms$/.test(row.name) &&
      pattern.test(row.name) &&
      isOnHost(row, families.get(row)!),
  );
}

/** A random instance whose area is aligned mostly, and asks for no component that only the host has. */
export function imageInstance(row: ParsedRow, random: Random): TestCase {
  const testCase = inPlace(row, random);
  const { gpr } = testCase.before;
  if (row.name.startsWith('FX')) return testCase;
  gpr[RAX] = BigInt(random.below(8));
  gpr[RDX] = 0n;
  const area = testCase.memory.at(-1);
  if (!row.name.startsWith('XRSTOR') || !area || area.offset + HEADER + HEADER_BYTES > DATA_BYTES)
    return testCase;
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = random.below(8);
  return { ...testCase, memory: [...testCase.memory, { offset: area.offset + HEADER, bytes: header }] };
}

/** Whether an area goes on at 0 behind 4 GiB, for addresses of 32 bits, is left open. */
function inPlace(row: ParsedRow, random: Random): TestCase {
  const draw = random.oneIn(2) ? randomInstance : borderInstance;
  for (;;) {
    const testCase = draw({ ...row, aligned: true }, random);
    if (!testCase.code.includes(ADDRESS_SIZE)) return testCase;
  }
}
