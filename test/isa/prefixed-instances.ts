import { Decoder } from '../../core/isa/decoder.js';
import type { ParsedRow } from '../../core/isa/row.js';
import { loadRows } from '../../core/isa/rows/index.js';
import { differences } from './compare.js';
import type { Mismatch } from './fuzz.js';
import { randomInstance } from './instance.js';
import { nativeCpu } from './native/native-cpu.js';
import { OurCpu } from './our-cpu.js';
import type { Random } from './random.js';
import type { TestCase } from './test-case.js';
import { PAGE_BYTES } from './test-case.js';

const PREFIXES = [
  0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x40, 0x41, 0x44, 0x48, 0x4f,
];
const MOST_PREFIXES = 4;
/** What the harness can place; more than 15 are no instruction. */
const MOST_BYTES = 20;

/**
 * Instances of rows behind prefixes that mean nothing, mean another row, or forbid the instruction: which row it then is, both processors have to
 * agree on as well.
 */
export function prefixedMismatches(rows: readonly ParsedRow[], perRow: number, random: Random): Mismatch[] {
  // A repeated instruction is stepped through by the host, and recognised only as a reader would write it.
  const single = rows.filter(({ operands }) => !operands.some(({ kind }) => kind === 'X' || kind === 'Y'));
  const drawn = single.flatMap((row) => Array.from({ length: perRow }, () => prefixed(row, random)));
  const cases = drawn.filter((one) => one !== undefined);
  const [expected, actual] = [nativeCpu.run(cases), new OurCpu().run(cases)];
  const { rows: all } = loadRows();
  const decoder = new Decoder(all);
  return cases.flatMap((testCase, i) => {
    const decoded = decoder.decode(testCase.code, 0, testCase.code.length);
    const row = typeof decoded === 'string' ? all.find(({ name }) => name === 'INVALID')! : decoded.row;
    if (row.untestable && row.name !== 'INVALID') return [];
    const found = differences(row, expected[i]!, actual[i]!);
    return found.length === 0 ? [] : [{ row, testCase, differences: found }];
  });
}

function prefixed(row: ParsedRow, random: Random): TestCase | undefined {
  const instance = randomInstance(row, random);
  const prefixes = Array.from({ length: 1 + random.below(MOST_PREFIXES) }, () => random.pick(PREFIXES));
  const code = Uint8Array.from([...prefixes, ...instance.code]);
  const fits = code.length <= MOST_BYTES && instance.codeOffset + code.length <= PAGE_BYTES;
  return fits ? { ...instance, code } : undefined;
}
