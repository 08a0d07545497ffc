import { loadRows } from '../../core/isa/rows/index.js';
import type { ParsedRow } from '../../core/isa/row.js';
import type { Difference } from './compare.js';
import { differences } from './compare.js';
import { randomInstance } from './instance.js';
import { isOnHost } from './native/host-features.js';
import { nativeCpu } from './native/native-cpu.js';
import { OurCpu } from './our-cpu.js';
import { runsAs32Bit } from './short-instance.js';
import { Random } from './random.js';
import type { TestCase } from './test-case.js';

export interface Mismatch {
  readonly row: ParsedRow;
  readonly testCase: TestCase;
  readonly differences: readonly Difference[];
}

/** Rows that the host has, and whose outcome is the same on every processor and kernel. */
export function testableRows(pattern = /./, mode: 32 | 64 = 64): ParsedRow[] {
  const exists = mode === 64 ? ({ modes }: ParsedRow) => modes !== 'legacy' : runsAs32Bit;
  const { rows, families } = loadRows();
  return rows.filter(
    (row) => !row.untestable && exists(row) && pattern.test(row.name) && isOnHost(row, families.get(row)!),
  );
}

/** Random instances of rows on the host's processor and on ours. */
export class Fuzzer {
  readonly #ours = new OurCpu();
  readonly #random: Random;

  constructor(
    private readonly rows: readonly ParsedRow[],
    seed: number,
    private readonly draw = randomInstance,
  ) {
    this.#random = new Random(seed);
  }

  /** `perRow` instances of each row. */
  run(perRow: number): Mismatch[] {
    const drawn = this.rows.flatMap((row) =>
      Array.from({ length: perRow }, () => ({ row, testCase: this.draw(row, this.#random) })),
    );
    const cases = drawn.map(({ testCase }) => testCase);
    const expected = nativeCpu.run(cases);
    const actual = this.#ours.run(cases);
    return drawn.flatMap(({ row, testCase }, i) => {
      const found = differences(row, expected[i]!, actual[i]!);
      return found.length === 0 ? [] : [{ row, testCase, differences: found }];
    });
  }

  /** The mismatch again, if it is still there in a changed case. */
  again(row: ParsedRow, testCase: TestCase): Mismatch | undefined {
    const [expected] = nativeCpu.run([testCase]);
    const [actual] = this.#ours.run([testCase]);
    const found = differences(row, expected!, actual!);
    return found.length === 0 ? undefined : { row, testCase, differences: found };
  }
}
