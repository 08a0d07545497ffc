import { HostError } from '../../core/errors/host-error.js';
import { table } from '../repl/table.js';
import type { Benchmark, Effort } from './benchmark.js';
import { benchmarks } from './catalogue.js';
import { means } from './means.js';
import type { Measured } from './means.js';
import { row, withoutEmptyColumns } from './report.js';

const USUAL: Effort = { rounds: 3, scale: 1, warmSeconds: 10 };
/** Less exact, and done in a fifth of the time. */
export const QUICK: Effort = { rounds: 1, scale: 0.2, warmSeconds: 2 };

export interface BenchmarkRun {
  readonly effort?: Effort;
  readonly print?: (text: string) => void;
  /** What is under way, for somebody who watches. */
  readonly progress?: (text: string) => void;
}

/** Measures what is named, by benchmark or group, or everything. Answers the exit status: 1 when one could not run. */
export async function runBenchmarks(names: readonly string[], run: BenchmarkRun = {}): Promise<number> {
  const { effort = USUAL, print = toOutput, progress = toTerminal } = run;
  const measured: Measured[] = [];
  const lacking: string[] = [];
  const failures: string[] = [];
  for (const benchmark of chosen(names)) {
    progress(`${benchmark.name}: ${benchmark.what}`);
    try {
      const result = await benchmark.measure(effort);
      if ('lacking' in result) lacking.push(`${benchmark.name}: not measured: ${result.lacking}`);
      else measured.push({ benchmark, medians: result });
    } catch (failure) {
      if (!(failure instanceof HostError)) throw failure;
      failures.push(`${benchmark.name}: ${failure.message}`);
    }
  }
  progress('');
  for (const text of [...report(measured), ...lacking, ...failures]) print(text);
  return failures.length > 0 ? 1 : 0;
}

function report(measured: readonly Measured[]): string[] {
  if (measured.length === 0) return [];
  const rows = measured.map(({ benchmark, medians }) => row(benchmark, medians));
  return [table(withoutEmptyColumns(rows)), ...means(measured)];
}

function chosen(names: readonly string[]): readonly Benchmark[] {
  for (const name of names) {
    if (benchmarks.some((benchmark) => isCalled(benchmark, name))) continue;
    throw new HostError('CONFIG', `there is no benchmark ${name}`, `use one of ${known().join(', ')}`);
  }
  if (names.length === 0) return benchmarks;
  return benchmarks.filter((benchmark) => names.some((name) => isCalled(benchmark, name)));
}

const isCalled = ({ name, groups }: Benchmark, asked: string): boolean =>
  asked === name || groups.some((group) => group === asked);

const known = (): string[] => [
  ...new Set(benchmarks.flatMap(({ groups }) => groups)),
  ...benchmarks.map(({ name }) => name),
];

const toOutput = (text: string): void => void process.stdout.write(`${text}\n`);

/** One line that the next one replaces. */
function toTerminal(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
