import type { Benchmark, ContenderName, Medians } from './benchmark.js';

const TIME_UNITS = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;

const threeDigits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));

function time(seconds: number): string {
  const [size, name] = TIME_UNITS.find(([unit]) => seconds >= unit) ?? [1e-9, 'ns'];
  return `${threeDigits(seconds / size)} ${name}`;
}

const formats: Readonly<Record<Benchmark['unit'], (value: number) => string>> = {
  time,
  rate: (seconds) => `${threeDigits(1 / seconds)}/s`,
  share: (part) => `${threeDigits(part * 100)} %`,
};

/** One row of the table; speeds relative to the other contenders, whose own value stands in parentheses. */
export function row({ name, what, unit, goals }: Benchmark, medians: Medians) {
  const format = formats[unit];
  return {
    benchmark: name,
    what,
    halfcell: format(medians.halfcell),
    'of native': part(medians, 'native', format),
    'of QEMU': part(medians, 'qemu', format),
    'of node -e 0': part(medians, 'node', format),
    goal: goals.map(({ text, met }) => `${text} ${VERDICTS.get(met(medians))}`).join(', '),
  };
}

const VERDICTS = new Map([
  [true, '✓'],
  [false, '✗'],
  [undefined, '(not measured)'],
]);

/** `0.25 (4 ms)`: a quarter of its speed, and it took 4 ms. */
function part(medians: Medians, name: ContenderName, format: (value: number) => string): string {
  const other = medians[name];
  return other === undefined ? '' : `${threeDigits(other / medians.halfcell)} (${format(other)})`;
}

/** Without the columns that nobody filled. */
export function withoutEmptyColumns<Row extends Readonly<Record<string, string>>>(
  rows: readonly Row[],
): Record<string, string>[] {
  const used = Object.keys(rows[0] ?? {}).filter((column) => rows.some((cells) => cells[column] !== ''));
  return rows.map((cells) => Object.fromEntries(used.map((column) => [column, cells[column] ?? ''])));
}
