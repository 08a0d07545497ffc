import type { ParsedRow } from '../../../core/isa/row.js';
import { loadRows } from '../../../core/isa/rows/index.js';
import type { Difference } from '../compare.js';
import { Random } from '../random.js';
import { departureOf } from './departures.js';
import type { SystemCase } from './instances.js';
import { systemInstance } from './instances.js';
import type { SystemOutcome } from './packing.js';
import { caseText, pack, unpack } from './packing.js';
import type { SystemUnderTest } from './system-under-test.js';
import { CASE_BYTES } from './layout.js';

/** Rows that are not compared, and why. */
export const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [/^HLT$/, 'in ring 0: nothing would wake it'],
  [/^CPUID$/, 'QEMU describes another processor'],
  [/^(RDRAND|RDSEED)_/, 'every number is different'],
  [/^VMCALL$/, 'answered by the machine'],
  [/^(XSAVE|XRSTOR|FXSAVE|FXRSTOR)/, 'the host has them'],
  [/^INVPCID/, 'QEMU 7.2 has it not'],
  [/^RDPID/, 'QEMU has it under another feature'],
];

/** Rows of the system, that exist in 64-bit mode. */
export function systemRows(pattern = /./): ParsedRow[] {
  const { rows, families } = loadRows();
  const isSystem = (row: ParsedRow) =>
    /^(system|processor)$/.test(families.get(row)!) || /^(REPN?E?_)?(INS|OUTS)_/.test(row.name);
  const isLeftOut = ({ name }: ParsedRow) => name !== 'HLT' && LEFT_OUT.some(([left]) => left.test(name));
  return rows.filter(
    (row) => isSystem(row) && row.modes !== 'legacy' && pattern.test(row.name) && !isLeftOut(row),
  );
}

export interface SystemMismatch {
  readonly row: ParsedRow;
  readonly systemCase: SystemCase;
  readonly differences: readonly Difference[];
}

export interface SystemRun {
  readonly mismatches: readonly SystemMismatch[];
  /** How often QEMU left the manual, by reason. */
  readonly departures: ReadonlyMap<string, number>;
}

/** Random instances of rows on QEMU and on ours. */
export class SystemFuzzer {
  readonly #random: Random;

  constructor(
    private readonly qemu: SystemUnderTest,
    private readonly ours: SystemUnderTest,
    private readonly rows: readonly ParsedRow[],
    seed: number,
  ) {
    this.#random = new Random(seed);
  }

  async run(perRow: number): Promise<SystemRun> {
    const drawn = this.rows.flatMap((row) => Array.from({ length: perRow }, () => this.#draw(row)));
    const cases = Buffer.concat(drawn.map(({ systemCase }) => pack(systemCase)));
    const [expected, actual] = [await this.qemu.run(cases), await this.ours.run(cases)];
    const departures = new Map<string, number>();
    const mismatches = drawn.flatMap((one, i) => {
      const at = i * CASE_BYTES;
      const [theirs, mine] = [expected, actual].map((bytes) => unpack(bytes.subarray(at, at + CASE_BYTES)));
      const differences = differencesOf(theirs!, mine!);
      const reasons = differences.map((each) => departureOf(each, { ...one, theirs: theirs!, mine: mine! }));
      if (reasons.includes(undefined)) return [{ ...one, differences }];
      for (const reason of new Set(reasons)) departures.set(reason!, (departures.get(reason!) ?? 0) + 1);
      return [];
    });
    return { mismatches, departures };
  }

  #draw(row: ParsedRow): { row: ParsedRow; systemCase: SystemCase } {
    for (;;) {
      const systemCase = systemInstance(row, this.#random);
      if (row.name !== 'HLT' || systemCase.fields.cs !== 8n) return { row, systemCase };
    }
  }
}

function differencesOf(expected: SystemOutcome, actual: SystemOutcome): Difference[] {
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [expected.get(name) ?? 'same', actual.get(name) ?? 'same'];
    return a === b ? [] : [[name, a, b] as const];
  });
}

/** In one line: the case, what QEMU did, and behind it what we did instead. */
export function systemLine({ row, systemCase, differences }: SystemMismatch): string {
  const after = differences.map(([name, theirs]) => `${name}=${theirs}`).join(' ');
  const ours = differences.map(([name, , mine]) => `${name}=${mine}`).join(' ');
  return `${row.name} | ${caseText(systemCase)} | ${after} # ours: ${ours}`;
}
