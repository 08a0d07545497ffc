import { Mode } from '../../../core/abi/flags.js';

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** `1.5K`: at most three digits and a unit of 1024. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  const shown = unit > 0 && value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value));
  return shown + (UNITS[unit] ?? '');
}

const TYPE_LETTERS: Readonly<Record<number, string>> = {
  [Mode.DIR]: 'd',
  [Mode.SYMLINK]: 'l',
  [Mode.CHR]: 'c',
  [Mode.FIFO]: 'p',
  [Mode.SOCK]: 's',
};

/** `-rwxr-xr-x` */
export function modeText(mode: number): string {
  const bits = [...'rwxrwxrwx'].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'));
  const special = (bit: number, at: number, letter: string) => {
    if ((mode & bit) !== 0) bits[at] = bits[at] === 'x' ? letter : letter.toUpperCase();
  };
  special(0o4000, 2, 's');
  special(0o2000, 5, 's');
  special(0o1000, 8, 't');
  return (TYPE_LETTERS[mode & Mode.TYPE] ?? '-') + bits.join('');
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const DAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ');
const LONG_MONTHS =
  'January February March April May June July August September October November December'.split(' ');
const LONG_DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const HALF_YEAR_MS = 182 * 86_400_000;

const two = (value: number): string => String(value).padStart(2, '0');

/** As ls shows it: the time of day within half a year, else the year. UTC. */
export function listTime(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  const recent = Math.abs(nowMs - ms) < HALF_YEAR_MS;
  const tail = recent
    ? `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`
    : ` ${date.getUTCFullYear()}`;
  return `${day} ${tail}`;
}

type Directive = (date: Date) => string | number;

const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;
const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  a: (d) => DAYS[d.getUTCDay()] ?? '',
  A: (d) => LONG_DAYS[d.getUTCDay()] ?? '',
  b: (d) => MONTHS[d.getUTCMonth()] ?? '',
  h: (d) => MONTHS[d.getUTCMonth()] ?? '',
  B: (d) => LONG_MONTHS[d.getUTCMonth()] ?? '',
  C: (d) => two(Math.floor(d.getUTCFullYear() / 100)),
  d: (d) => two(d.getUTCDate()),
  e: (d) => String(d.getUTCDate()).padStart(2),
  H: (d) => two(d.getUTCHours()),
  I: (d) => two(hour12(d)),
  j: (d) => String(dayOfYear(d)).padStart(3, '0'),
  m: (d) => two(d.getUTCMonth() + 1),
  M: (d) => two(d.getUTCMinutes()),
  N: (d) => String(d.getUTCMilliseconds() * 1_000_000).padStart(9, '0'),
  p: (d) => (d.getUTCHours() < 12 ? 'AM' : 'PM'),
  s: (d) => Math.floor(d.getTime() / 1000),
  S: (d) => two(d.getUTCSeconds()),
  u: (d) => d.getUTCDay() || 7,
  w: (d) => d.getUTCDay(),
  y: (d) => two(d.getUTCFullYear() % 100),
  Y: (d) => d.getUTCFullYear(),
  z: () => '+0000',
  Z: () => 'UTC',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

const COMPOSED: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

/** strftime in UTC. Unknown directives stay as they are. */
export function formatDate(format: string, ms: number): string {
  const date = new Date(ms);
  return format
    .replace(/%([cDFRrTxX])/g, (_, letter: string) => COMPOSED[letter] ?? '')
    .replace(/%([a-zA-Z%])/g, (whole, letter: string) => String(DIRECTIVES[letter]?.(date) ?? whole));
}

/** Columns as wide as their widest cell; `right` names those that are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number>): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join(' ')
      .trimEnd(),
  );
}
