export interface RegexOptions {
  readonly ignoreCase?: boolean;
  readonly wholeLine?: boolean;
  readonly wholeWord?: boolean;
}

const SPECIAL = /[\\^$.*+?()[\]{}|]/g;
const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};
const SHORTHANDS: Readonly<Record<string, string>> = {
  w: '\\w',
  W: '\\W',
  s: '\\s',
  S: '\\S',
  b: '\\b',
  B: '\\B',
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
};

/** POSIX patterns as one global expression. Throws SyntaxError for a pattern that is none. */
export function regularExpression(
  patterns: readonly string[],
  kind: 'basic' | 'extended' | 'fixed',
  { ignoreCase = false, wholeLine = false, wholeWord = false }: RegexOptions = {},
): RegExp {
  const translate = { basic: fromBasic, extended: fromExtended, fixed: escaped }[kind];
  const any = patterns.map((pattern) => `(?:${translate(pattern)})`).join('|');
  const worded = wholeWord ? `(?<!\\w)(?:${any})(?!\\w)` : any;
  return new RegExp(wholeLine ? `^(?:${worded})$` : worded, ignoreCase ? 'gi' : 'g');
}

const escaped = (text: string): string => text.replace(SPECIAL, '\\$&');

function bracket(pattern: string, at: number): string | undefined {
  return /^\[\^?\]?(?:\[:\w+:\]|[^\]])*\]/.exec(pattern.slice(at))?.[0];
}

function fromBracket(text: string): string {
  const inner = text.slice(1, -1);
  const negated = inner.startsWith('^');
  const body = (negated ? inner.slice(1) : inner)
    .split(/(\[:\w+:\])/)
    .map((part) => CLASSES[/^\[:(\w+):\]$/.exec(part)?.[1] ?? ''] ?? part.replace(/[\\[\]]/g, '\\$&'))
    .join('');
  return `[${negated ? '^' : ''}${body}]`;
}

/** Escapes turn operators on: `\(`, `\{`, `\|`, `\+`, `\?`. */
function fromBasic(pattern: string): string {
  return walk(pattern, (char, next, source) => {
    if (char === '\\' && '(){}|+?'.includes(next)) return [next, 2];
    if (char === '*' && (source === '' || /(^|[(|])\^?$/.test(source))) return ['\\*', 1];
    if (char === '^' && source !== '' && !/[(|]$/.test(source)) return ['\\^', 1];
    return '(){}|+?'.includes(char) ? [`\\${char}`, 1] : undefined;
  });
}

function fromExtended(pattern: string): string {
  return walk(pattern, (char, next, source) => {
    if (char === '\\' && '(){}|+?'.includes(next)) return [`\\${next}`, 2];
    if (char === '{' && !/^\{\d*,?\d*\}/.test(next === '' ? '' : char + next)) return undefined;
    return '*+?'.includes(char) && (source === '' || /[(|]$/.test(source)) ? [`\\${char}`, 1] : undefined;
  });
}

type Translate = (char: string, next: string, source: string) => [source: string, length: number] | undefined;

function walk(pattern: string, translate: Translate): string {
  let source = '';
  for (let at = 0; at < pattern.length;) {
    const char = pattern[at] ?? '';
    const next = pattern[at + 1] ?? '';
    const set = char === '[' ? bracket(pattern, at) : undefined;
    const own = translate(char, next, source);
    if (set !== undefined) {
      source += fromBracket(set);
      at += set.length;
    } else if (own) {
      source += own[0];
      at += own[1];
    } else if (char === '\\') {
      source += SHORTHANDS[next] ?? (/\d/.test(next) ? `\\${next}` : escaped(next === '' ? '\\' : next));
      at += 2;
    } else {
      source += char === '[' || char === ']' || char === '/' ? escaped(char) : char;
      at++;
    }
  }
  return source;
}
