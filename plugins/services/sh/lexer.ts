import type { List, Part, Word } from './ast.js';

/** The text is wrong. */
export class ShellSyntaxError extends Error {}
/** The text is right so far and goes on: an interactive shell asks for the next line. */
export class Incomplete extends ShellSyntaxError {}

export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly start: number; readonly end: number }
  | { readonly kind: 'operator'; readonly text: string; readonly fd?: number; readonly start: number }
  | { readonly kind: 'newline'; readonly start: number }
  | { readonly kind: 'end'; readonly start: number };

const OPERATORS = [
  '<<-',
  '&&',
  '||',
  ';;',
  '<<',
  '>>',
  '<&',
  '>&',
  '<>',
  '>|',
  '|',
  '&',
  ';',
  '(',
  ')',
  '<',
  '>',
];
const REDIRECTIONS = /^[<>]/;
const BLANK = /[ \t]/;
const WORD_END = /[ \t\n|&;()<>]/;
const NAME = /[A-Za-z_][A-Za-z_0-9]*/y;
const SPECIAL = /[0-9@*#?$!-]/;
const PARAMETER_OPERATOR = /:?[-=?+]|%%|%|##|#/y;

/** Parses the list inside `$(…)`; answers it and where its `)` is. */
export type ListParser = (text: string, from: number) => { list: List; end: number };

/** Words and operators of the shell's language. Here-documents are read by the parser through `takeLine`. */
export class Lexer {
  at = 0;

  constructor(
    public text: string,
    private readonly parseList: ListParser,
  ) {}

  next(): Token {
    this.#skipBlanks();
    const start = this.at;
    const char = this.text[this.at];
    if (char === undefined) return { kind: 'end', start };
    if (char === '\n') {
      this.at++;
      return { kind: 'newline', start };
    }
    return this.#operator() ?? this.#wordToken();
  }

  /** The rest of the line, for here-documents. */
  takeLine(): string | undefined {
    if (this.at >= this.text.length) return undefined;
    const end = this.text.indexOf('\n', this.at);
    const line = this.text.slice(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.text.length : end + 1;
    return line;
  }

  /** Text of a here-document whose expansions count. */
  static documentWord(text: string, parseList: ListParser): Word {
    const lexer = new Lexer(text, parseList);
    return lexer.#quotedParts(() => lexer.at >= text.length);
  }

  #skipBlanks(): void {
    for (;;) {
      const char = this.text[this.at];
      if (char !== undefined && BLANK.test(char)) this.at++;
      else if (char === '\\' && this.text[this.at + 1] === '\n') this.#continueLine();
      else break;
    }
    if (this.text[this.at] !== '#') return;
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  #continueLine(): void {
    this.at += 2;
    if (this.at >= this.text.length) throw new Incomplete('unexpected end of file');
  }

  #operator(): Token | undefined {
    const start = this.at;
    const digits = /\d+(?=[<>])/y;
    digits.lastIndex = start;
    const fd = digits.exec(this.text)?.[0];
    const from = start + (fd?.length ?? 0);
    const text = OPERATORS.find((operator) => this.text.startsWith(operator, from));
    if (text === undefined || (fd !== undefined && !REDIRECTIONS.test(text))) return undefined;
    this.at = from + text.length;
    return { kind: 'operator', text, start, ...(fd === undefined ? {} : { fd: Number(fd) }) };
  }

  #wordToken(): Token {
    const start = this.at;
    const word = this.word((char) => WORD_END.test(char));
    return { kind: 'word', word, start, end: this.at };
  }

  /** A word up to where `ends` says; unquoted text, quotes and expansions. */
  word(ends: (char: string) => boolean): Word {
    const parts: Part[] = [];
    for (let char = this.text[this.at]; char !== undefined && !ends(char); char = this.text[this.at]) {
      const part = this.#part(char);
      if (part) parts.push(...part);
    }
    return joined(parts);
  }

  #part(char: string): readonly Part[] | undefined {
    if (char === "'") return [this.#singleQuoted()];
    if (char === '"') return this.#doubleQuoted();
    if (char === '\\') return this.#escaped();
    if (char === '$' || char === '`') return [this.#expansion(false)];
    this.at++;
    return [{ kind: 'text', text: char, quoted: false }];
  }

  #escaped(): readonly Part[] | undefined {
    const next = this.text[this.at + 1];
    if (next === undefined) throw new Incomplete('unexpected end of file');
    if (next === '\n') {
      this.#continueLine();
      return undefined;
    }
    this.at += 2;
    return [{ kind: 'text', text: next, quoted: true }];
  }

  #singleQuoted(): Part {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) throw new Incomplete("unterminated quote '");
    const text = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return { kind: 'text', text, quoted: true };
  }

  #doubleQuoted(): Word {
    this.at++;
    const parts = this.#quotedParts(() => this.text[this.at] === '"');
    if (this.text[this.at] !== '"') throw new Incomplete('unterminated quote "');
    this.at++;
    return [{ kind: 'text', text: '', quoted: true }, ...parts];
  }

  #quotedParts(ends: () => boolean): Word {
    const parts: Part[] = [];
    while (this.at < this.text.length && !ends()) {
      const char = this.text[this.at] ?? '';
      const next = this.text[this.at + 1] ?? '';
      if (char === '$' || char === '`') parts.push(this.#expansion(true));
      else if (char === '\\' && '$`"\\\n'.includes(next) && next !== '') {
        if (next !== '\n') parts.push({ kind: 'text', text: next, quoted: true });
        this.at += 2;
      } else {
        parts.push({ kind: 'text', text: char, quoted: true });
        this.at++;
      }
    }
    return joined(parts);
  }

  #expansion(quoted: boolean): Part {
    if (this.text[this.at] === '`') return this.#backticks(quoted);
    if (this.text.startsWith('$((', this.at)) {
      const arithmetic = this.#arithmetic(quoted);
      if (arithmetic) return arithmetic;
    }
    if (this.text.startsWith('$(', this.at)) {
      const { list, end } = this.parseList(this.text, this.at + 2);
      this.at = end + 1;
      return { kind: 'command', body: list, quoted };
    }
    if (this.text.startsWith('${', this.at)) return this.#braced(quoted);
    return this.#plainParameter(quoted);
  }

  #plainParameter(quoted: boolean): Part {
    const name = this.#nameAt(this.at + 1) ?? '';
    this.at += 1 + name.length;
    return name === '' ? { kind: 'text', text: '$', quoted } : { kind: 'parameter', name, quoted };
  }

  #nameAt(from: number): string | undefined {
    NAME.lastIndex = from;
    const name = NAME.exec(this.text)?.[0];
    const char = this.text[from] ?? '';
    return name ?? (SPECIAL.test(char) ? char : undefined);
  }

  #braced(quoted: boolean): Part {
    this.at += 2;
    const isLength = this.text[this.at] === '#' && this.text[this.at + 1] !== '}';
    if (isLength) this.at++;
    const digits = /\d+/y;
    digits.lastIndex = this.at;
    const name = digits.exec(this.text)?.[0] ?? this.#nameAt(this.at);
    if (name === undefined) throw this.#ended() ?? new ShellSyntaxError('bad substitution');
    this.at += name.length;
    const part = isLength
      ? ({ kind: 'parameter', name, quoted, operator: 'length' } as const)
      : this.#operatorPart(name, quoted);
    if (this.text[this.at] !== '}') throw this.#ended() ?? new ShellSyntaxError('bad substitution');
    this.at++;
    return part;
  }

  #operatorPart(name: string, quoted: boolean): Part {
    PARAMETER_OPERATOR.lastIndex = this.at;
    const operator = PARAMETER_OPERATOR.exec(this.text)?.[0];
    if (operator === undefined) return { kind: 'parameter', name, quoted };
    this.at += operator.length;
    const word = quoted
      ? this.#quotedParts(() => this.text[this.at] === '}')
      : this.word((char) => char === '}');
    return { kind: 'parameter', name, quoted, operator, word };
  }

  #ended(): Incomplete | undefined {
    return this.at >= this.text.length ? new Incomplete('unexpected end of file') : undefined;
  }

  /** Undefined when `$((` starts a command substitution with a subshell after all. */
  #arithmetic(quoted: boolean): Part | undefined {
    let depth = 0;
    for (let end = this.at + 3; end < this.text.length; end++) {
      const char = this.text[end];
      if (char === '(') depth++;
      else if (char === ')' && depth > 0) depth--;
      else if (char === ')' && this.text[end + 1] !== ')') return undefined;
      else if (char === ')') {
        const word = Lexer.documentWord(this.text.slice(this.at + 3, end), this.parseList);
        this.at = end + 2;
        return { kind: 'arithmetic', word, quoted };
      }
    }
    throw new Incomplete('unterminated $((');
  }

  #backticks(quoted: boolean): Part {
    let inner = '';
    for (this.at++; this.text[this.at] !== '`'; this.at++) {
      if (this.at >= this.text.length) throw new Incomplete('unterminated `');
      const escapes = this.text[this.at] === '\\' && '$`\\'.includes(this.text[this.at + 1] ?? ' ');
      if (escapes) this.at++;
      inner += this.text[this.at];
    }
    this.at++;
    return { kind: 'command', body: this.parseList(`${inner})`, 0).list, quoted };
  }
}

/** Neighbouring text of one kind becomes one part. */
function joined(parts: readonly Part[]): Word {
  const out: Part[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.kind === 'text' && last?.kind === 'text' && last.quoted === part.quoted)
      out[out.length - 1] = { ...last, text: last.text + part.text };
    else out.push(part);
  }
  return out;
}

/** The text of a word without quotes and expansions; undefined for others. */
export function plainText(word: Word): string | undefined {
  const [only] = word;
  return word.length === 1 && only?.kind === 'text' && !only.quoted ? only.text : undefined;
}
