import type { Benchmark, ContenderName, Medians } from './benchmark.js';

const TIME_UNITS = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;

export const threeDigits = (value: number): string =>
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

/** What each contender took, how many times as long halfcell took, and whether that is what it is to be. */
export function row({ name, what, unit, goals }: Benchmark, medians: Medians) {
  const of = (contender: ContenderName) => shown(medians[contender], formats[unit]);
  const times = (contender: ContenderName, seconds = medians.halfcell) =>
    shown(medians[contender], (other) => threeDigits(seconds / other));
  return {
    benchmark: name,
    what,
    halfcell: of('halfcell'),
    native: of('native'),
    QEMU: of('qemu'),
    'QEMU system': of('qemuSystem'),
    v86: of('v86'),
    'node -e 0': of('node'),
    '× native': times('native'),
    'cold × native': medians.cold === undefined ? '' : times('native', medians.cold),
    '× QEMU': times('qemu'),
    '× QEMU system': times('qemuSystem'),
    '× v86': times('v86'),
    '× node': times('node'),
    goal: goals.map(({ text, met }) => `${text} ${verdict(met(medians))}`).join(', '),
  };
}

const shown = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? '' : format(value);

export const verdict = (met: boolean | undefined): string =>
  met === undefined ? '(not measured)' : met ? '✓' : '✗';

/** Without the columns that nobody filled. */
export function withoutEmptyColumns<Row extends Readonly<Record<string, string>>>(
  rows: readonly Row[],
): Record<string, string>[] {
  const used = Object.keys(rows[0] ?? {}).filter((column) => rows.some((cells) => cells[column] !== ''));
  return rows.map((cells) => Object.fromEntries(used.map((column) => [column, cells[column] ?? ''])));
}
