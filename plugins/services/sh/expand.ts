import { evaluate } from './arithmetic.js';
import { escapePattern, glob, hasWildcard, patternSource } from './glob.js';
import { ShellError } from './state.js';
import type { List, Part, Word } from './ast.js';
import type { Files } from '../runtime/files.js';
import type { ShellState } from './state.js';

interface Segment {
  readonly text: string;
  readonly quoted: boolean;
}
type Field = Segment[];
type Parameter = Extract<Part, { kind: 'parameter' }>;

const DEFAULT_IFS = ' \t\n';

/** Turns words into fields: parameters, commands, arithmetic, splitting, file names, quote removal. */
export class Expander {
  constructor(
    private readonly state: ShellState,
    private readonly files: Files,
    /** Runs a list and answers its output. */
    private readonly capture: (body: List) => string,
  ) {}

  /** Words of a command: each may become none, one or several fields. */
  words(words: readonly Word[]): string[] {
    return words.flatMap((word) => this.#fields(word).flatMap((field) => this.#fileNames(field)));
  }

  /** One text, neither split nor globbed: assignments, redirections, `case`. */
  text(word: Word): string {
    const segments = this.#tilde(word).map((part) => this.#joined(part));
    return segments.join('');
  }

  /** As `text`, with what is quoted made literal in a pattern. */
  pattern(word: Word): string {
    return word
      .map((part) => (part.quoted ? escapePattern(this.#joined(part)) : this.#joined(part)))
      .join('');
  }

  /** `split`: plain text is split, too, as in the word of `${x:-word}`. */
  #fields(word: Word, split = false): Field[] {
    const fields: Field[] = [];
    let current: Field | undefined;
    for (const part of this.#tilde(word)) {
      const plain = split && part.kind === 'text' && !part.quoted;
      for (const [i, piece] of (plain ? this.#split(part.text) : this.#pieces(part)).entries()) {
        if (i > 0 && current) fields.push(current);
        if (i > 0) current = undefined;
        if (piece) (current ??= []).push(piece);
      }
    }
    if (current) fields.push(current);
    return fields;
  }

  /** A border between two pieces is a border between fields; undefined adds nothing. */
  #pieces(part: Part): (Segment | undefined)[] {
    if (part.kind === 'text') return [{ text: part.text, quoted: part.quoted }];
    if (part.kind === 'parameter' && part.name === '@' && part.quoted && !part.operator)
      return this.state.positional.length > 0
        ? this.state.positional.map((text) => ({ text, quoted: true }))
        : [undefined];
    const nested = part.kind === 'parameter' && !part.quoted ? this.#alternative(part) : undefined;
    if (nested) return this.#borders(nested);
    const text = this.#value(part);
    if (part.quoted) return [{ text, quoted: true }];
    return this.#split(text);
  }

  /** Fields of the word of `${x:-word}` keep their quotes. */
  #borders(word: Word): (Segment | undefined)[] {
    const fields = this.#fields(word, true);
    if (fields.length === 0) return [undefined];
    return fields.map((field) => {
      const quoted = field.every((segment) => segment.quoted);
      return { text: field.map(({ text }) => text).join(''), quoted };
    });
  }

  /** The word that `-`, `+` and `=` choose instead of the value. */
  #alternative({ name, operator = '', word = [] }: Parameter): Word | undefined {
    const missing = isMissing(this.parameter(name), operator);
    if (operator.endsWith('-') && missing) return word;
    return operator.endsWith('+') && !missing && operator.length <= 2 ? word : undefined;
  }

  #split(text: string): (Segment | undefined)[] {
    const ifs = this.state.get('IFS') ?? DEFAULT_IFS;
    if (text === '') return [undefined];
    if (ifs === '') return [{ text, quoted: false }];
    const blanks = [...ifs].filter((char) => ' \t\n'.includes(char)).join('');
    const others = [...ifs].filter((char) => !' \t\n'.includes(char)).join('');
    const set = (chars: string) => `[${chars.replace(/[\\\]^-]/g, '\\$&')}]`;
    const blank = blanks ? `${set(blanks)}` : '(?!)';
    const border = others ? `${blank}*${set(others)}${blank}*|${blank}+` : `${blank}+`;
    const pieces = text.split(new RegExp(border));
    const last = pieces.length - 1;
    if (last > 0 && pieces[last] === '' && !(blanks && new RegExp(`${blank}$`).test(text))) pieces.pop();
    const startsBlank = blanks !== '' && new RegExp(`^${blank}`).test(text);
    return pieces.map((piece, i) => {
      const border = piece === '' && (i === 0 ? startsBlank : i === pieces.length - 1);
      return border ? undefined : { text: piece, quoted: false };
    });
  }

  #fileNames(field: Field): string[] {
    const pattern = field.map(({ text, quoted }) => (quoted ? escapePattern(text) : text)).join('');
    const literal = field.map(({ text }) => text).join('');
    const wild = field.some(({ text, quoted }) => !quoted && hasWildcard(text));
    if (!wild || this.state.options.has('f')) return [literal];
    const found = glob(this.files, pattern);
    return found.length > 0 ? found : [literal];
  }

  #tilde(word: Word): Word {
    const [first, ...rest] = word;
    if (first?.kind !== 'text' || first.quoted || !/^~(\/|$)/.test(first.text)) return word;
    if (first.text === '~' && rest.length > 0 && rest[0]?.kind !== 'text') return word;
    const home = this.state.get('HOME') ?? '/';
    return [{ kind: 'text', text: home, quoted: true }, { ...first, text: first.text.slice(1) }, ...rest];
  }

  #joined(part: Part): string {
    if (part.kind === 'text') return part.text;
    const nested = part.kind === 'parameter' ? this.#alternative(part) : undefined;
    return nested ? this.text(nested) : this.#value(part);
  }

  #value(part: Part): string {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'command') return this.capture(part.body).replace(/\n+$/, '');
    if (part.kind === 'arithmetic') return String(evaluate(this.text(part.word), this.state));
    return this.#parameterPart(part);
  }

  #parameterPart({ name, operator, word = [] }: Parameter): string {
    if (operator !== undefined && /[-+=?]$/.test(operator)) return this.#chosen(name, operator, word);
    if (operator === 'length' && /^[@*]$/.test(name)) return String(this.state.positional.length);
    const value = this.parameter(name) ?? this.#unset(name);
    if (operator === undefined) return value;
    return operator === 'length' ? String(value.length) : trim(value, operator, this.pattern(word));
  }

  /** `-` `=` `?` choose the word where there is no value, `+` where there is one; with a colon an empty value is none. */
  #chosen(name: string, operator: string, word: Word): string {
    const value = this.parameter(name);
    const missing = isMissing(value, operator);
    if (operator.endsWith('+')) return missing ? '' : this.text(word);
    if (!missing) return value ?? '';
    if (operator.endsWith('=')) return this.#assign(name, this.text(word));
    if (operator.endsWith('-')) return this.text(word);
    throw new ShellError(`${name}: ${this.text(word) || 'parameter not set'}`, 2);
  }

  #assign(name: string, value: string): string {
    if (!/^[A-Za-z_]/.test(name)) throw new ShellError(`${name}: cannot be assigned to`, 2);
    this.state.set(name, value);
    return value;
  }

  #unset(name: string): string {
    if (!this.state.options.has('u') || /^[@*]$/.test(name)) return '';
    throw new ShellError(`${name}: parameter not set`, 2);
  }

  parameter(name: string): string | undefined {
    const { state } = this;
    const special: Readonly<Record<string, () => string | undefined>> = {
      '?': () => String(state.lastStatus),
      '#': () => String(state.positional.length),
      $: () => String(state.pid),
      '!': () => state.lastBackground?.toString(),
      '-': () => [...state.options].join(''),
      '0': () => state.scriptName,
      '@': () => state.positional.join(' '),
      '*': () => state.positional.join((state.get('IFS') ?? ' ').slice(0, 1)),
    };
    const known = special[name];
    if (known) return known();
    return /^\d+$/.test(name) ? state.positional[Number(name) - 1] : state.get(name);
  }
}

const isMissing = (value: string | undefined, operator: string): boolean =>
  value === undefined || (value === '' && operator.startsWith(':'));

/** `#` and `%` cut the shortest, `##` and `%%` the longest match. */
function trim(value: string, operator: string, pattern: string): string {
  const shortest = operator.length === 1;
  const source = patternSource(pattern, shortest);
  if (operator.startsWith('#')) return value.replace(new RegExp(`^(?:${source})`, 's'), '');
  const cut = new RegExp(`^(?:${source})$`, 's');
  const ends = Array.from({ length: value.length + 1 }, (_, i) => (shortest ? value.length - i : i));
  const at = ends.find((end) => cut.test(value.slice(end)));
  return at === undefined ? value : value.slice(0, at);
}
