import { encodeUtf8 } from '../runtime/utf8.js';
import { allLines } from './inputs.js';
import { UsageError } from './options.js';
import type { Applet } from './applet.js';
import type { Options } from './options.js';

type Compare = (a: string, b: string) => number;

interface Key {
  readonly of: (line: string) => string;
  readonly compare: Compare;
  readonly reverse: boolean;
}

export const sort: Applet = {
  usage: '[-bcfhnruV] [-k KEY]... [-t CHAR] [-o FILE] [FILE]...',
  about:
    'Sorts lines. -n: by number; -h: by 2K, 1G; -r: backwards; -u: each once; -k F[.C][OPTS][,F]: by fields.',
  usageStatus: 2,
  options: {
    flags: 'bcfhnrusV',
    values: 'kto',
    long: {
      reverse: 'r',
      unique: 'u',
      'numeric-sort': 'n',
      'human-numeric-sort': 'h',
      'ignore-case': 'f',
      check: 'c',
      key: 'k',
      'field-separator': 't',
      output: 'o',
      stable: 's',
      'version-sort': 'V',
    },
  },
  run(call, options) {
    const compare = comparison(options);
    const { lines, status } = allLines(call, options.operands);
    if (options.has('c')) return checkOrder(call, lines, compare);
    const sorted = lines.sort(compare.full);
    const kept = options.has('u')
      ? sorted.filter((line, i) => i === 0 || compare.keys(sorted[i - 1] ?? '', line) !== 0)
      : sorted;
    const text = kept.map((line) => `${line}\n`).join('');
    const output = options.value('o');
    if (output === undefined) call.out.write(text);
    else call.os.files.writeFile(output, encodeUtf8(text));
    return status === 0 ? 0 : 2;
  },
};

const BY_TEXT: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const numberIn = (text: string): number => Number(/^\s*([-+]?\d*\.?\d+)/.exec(text)?.[1] ?? 0);
const UNITS = 'KMGTPE';
const human = (text: string): number => {
  const unit = /^\s*[-+]?[\d.]+([kKMGTPE])/.exec(text)?.[1];
  return numberIn(text) * 1024 ** (unit ? UNITS.indexOf(unit.toUpperCase()) + 1 : 0);
};
const fold = (text: string): string => text.toUpperCase();

/** Runs of digits by their value. */
const byVersion: Compare = (a, b) => {
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const [x = '', y = ''] = [left?.[i], right?.[i]];
    const numeric = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : 0;
    if (numeric !== 0 || x !== y) return numeric || BY_TEXT(x, y);
  }
  return 0;
};

function comparison(options: Options): { full: Compare; keys: Compare } {
  const letters = [...'nfhVb'].filter((letter) => options.has(letter)).join('');
  const specs = options.all('k');
  const separator = options.value('t');
  const whole: Key = { of: (line) => line, compare: comparer(letters), reverse: false };
  const keys = specs.length > 0 ? specs.map((spec) => keyOf(spec, letters, separator)) : [whole];
  const byKeys: Compare = (a, b) => {
    for (const { of, compare, reverse } of keys) {
      const order = compare(of(a), of(b));
      if (order !== 0) return reverse ? -order : order;
    }
    return 0;
  };
  const sign = options.has('r') ? -1 : 1;
  const last = options.has('s') || options.has('u') ? () => 0 : BY_TEXT;
  return { keys: byKeys, full: (a, b) => sign * (byKeys(a, b) || last(a, b)) };
}

function comparer(letters: string): Compare {
  if (letters.includes('n')) return (a, b) => numberIn(a) - numberIn(b);
  if (letters.includes('h')) return (a, b) => human(a) - human(b);
  if (letters.includes('V')) return byVersion;
  const blanks = letters.includes('b') ? (text: string) => text.trimStart() : (text: string) => text;
  const cased = letters.includes('f') ? fold : (text: string) => text;
  return (a, b) => BY_TEXT(cased(blanks(a)), cased(blanks(b)));
}

function keyOf(spec: string, inherited: string, separator: string | undefined): Key {
  const match = /^(\d+)(?:\.(\d+))?([bfhnrV]*)(?:,(\d+)(?:\.(\d+))?([bfhnrV]*))?$/.exec(spec);
  if (!match) throw new UsageError(`invalid key: '${spec}'`);
  const [, first, firstChar, ownA = '', last, lastChar, ownB = ''] = match;
  const own = ownA + ownB;
  const from = Number(first) - 1;
  const of = (line: string) => {
    const fields = separator === undefined ? (line.match(/[ \t]*[^ \t]+/g) ?? []) : line.split(separator);
    const chosen = fields.slice(from, last === undefined ? undefined : Number(last));
    if (lastChar !== undefined && Number(lastChar) > 0 && chosen.length > 0)
      chosen[chosen.length - 1] = (chosen.at(-1) ?? '').slice(0, Number(lastChar));
    return chosen.join(separator ?? '').slice(firstChar === undefined ? 0 : Number(firstChar) - 1);
  };
  const letters = own === '' ? inherited : own;
  return { of, compare: comparer(letters), reverse: own.includes('r') };
}

function checkOrder(
  call: { complain(text: string): void },
  lines: readonly string[],
  compare: { full: Compare },
): number {
  const wrong = lines.findIndex((line, i) => i > 0 && compare.full(lines[i - 1] ?? '', line) > 0);
  if (wrong < 0) return 0;
  call.complain(`line ${wrong + 1} is out of order: ${lines[wrong]}`);
  return 1;
}
