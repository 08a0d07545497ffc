import { Incomplete, Lexer, plainText, ShellSyntaxError } from './lexer.js';
import type { AndOr, Command, Compound, List, Pipeline, Redirect, Simple, Word } from './ast.js';
import type { Token } from './lexer.js';

export type Aliases = ReadonlyMap<string, string>;

const ASSIGNMENT = /^([A-Za-z_][A-Za-z_0-9]*)=/;
const RESERVED: ReadonlySet<string> = new Set([
  'then',
  'else',
  'elif',
  'fi',
  'do',
  'done',
  'esac',
  'in',
  '}',
  '!',
  'if',
  'while',
  'until',
  'for',
  'case',
  '{',
]);
const REDIRECT = /^(<<-?|<&|>&|<>|>\||>>|<|>)$/;

interface Document {
  readonly stripTabs: boolean;
  readonly quoted: boolean;
  readonly end: string;
  readonly fill: (target: Word) => void;
}

/** Whole text to a list. Throws Incomplete when more lines are needed, ShellSyntaxError when it is wrong. */
export function parse(text: string, aliases: Aliases = new Map()): List {
  const parser = new Parser(text, 0, aliases);
  const list = parser.list();
  parser.expectEnd();
  return list;
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #documents: Document[] = [];
  readonly #expanding = new Set<string>();

  constructor(
    text: string,
    from: number,
    private readonly aliases: Aliases,
  ) {
    this.#lexer = new Lexer(text, (inner, start) => this.#nested(inner, start));
    this.#lexer.at = from;
    this.#token = this.#lexer.next();
  }

  #nested(text: string, start: number): { list: List; end: number } {
    const inner = new Parser(text, start, this.aliases);
    const list = inner.list();
    return { list, end: inner.closing() };
  }

  /** Where the `)` is that ends this list. */
  closing(): number {
    if (this.#isOperator(')')) return this.#token.start;
    throw this.#unexpected();
  }

  expectEnd(): void {
    if (this.#token.kind !== 'end') throw this.#unexpected();
    if (this.#documents.length > 0) throw new Incomplete('unterminated here-document');
  }

  list(): List {
    const items: AndOr[] = [];
    this.#skipNewlines();
    while (!this.#atListEnd()) {
      items.push(this.#andOr());
      if (!this.#isOperator(';') && !this.#isOperator('&') && this.#token.kind !== 'newline') break;
      if (this.#token.kind !== 'newline') this.#advance();
      this.#skipNewlines();
    }
    return items;
  }

  #atListEnd(): boolean {
    if (this.#token.kind === 'end' || this.#isOperator(')') || this.#isOperator(';;')) return true;
    const word = this.#reserved();
    return word !== undefined && ['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}'].includes(word);
  }

  #andOr(): AndOr {
    const { start } = this.#token;
    const first = this.#pipeline();
    const rest: { operator: '&&' | '||'; pipeline: Pipeline }[] = [];
    while (this.#isOperator('&&') || this.#isOperator('||')) {
      const operator = this.#isOperator('&&') ? '&&' : '||';
      this.#advance();
      this.#skipNewlines();
      rest.push({ operator, pipeline: this.#pipeline() });
    }
    const source = this.#lexer.text.slice(start, this.#token.start).trim();
    return { first, rest, background: this.#isOperator('&'), source };
  }

  #pipeline(): Pipeline {
    let negated = false;
    for (; this.#reserved() === '!'; this.#advance()) negated = !negated;
    const commands = [this.#command()];
    while (this.#isOperator('|')) {
      this.#advance();
      this.#skipNewlines();
      commands.push(this.#command());
    }
    return { negated, commands };
  }

  #command(): Command {
    this.#expandAliases();
    const compound = this.#compounds[this.#reserved() ?? (this.#isOperator('(') ? '(' : '')];
    if (!compound) return this.#simple();
    const command = compound();
    return { ...command, redirects: this.#redirects() } as unknown as Compound;
  }

  readonly #compounds: Readonly<Record<string, () => Record<string, unknown>>> = {
    '(': () => this.#bracketed('subshell', ')'),
    '{': () => this.#bracketed('group', '}'),
    if: () => this.#if(),
    while: () => this.#loop(false),
    until: () => this.#loop(true),
    for: () => this.#for(),
    case: () => this.#case(),
  };

  #bracketed(kind: string, end: ')' | '}'): Record<string, unknown> {
    this.#advance();
    const body = this.#body();
    if (end === ')') this.#takeOperator(')');
    else this.#takeReserved('}');
    return { kind, body };
  }

  #if(): Record<string, unknown> {
    const clauses: { condition: List; body: List }[] = [];
    let word = 'if';
    while (word === 'if' || word === 'elif') {
      this.#takeReserved(word);
      const condition = this.#body();
      this.#takeReserved('then');
      clauses.push({ condition, body: this.#body() });
      word = this.#reserved() ?? '';
    }
    if (word !== 'else') {
      this.#takeReserved('fi');
      return { kind: 'if', clauses };
    }
    this.#takeReserved('else');
    const otherwise = this.#body();
    this.#takeReserved('fi');
    return { kind: 'if', clauses, otherwise };
  }

  #loop(until: boolean): Record<string, unknown> {
    this.#advance();
    const condition = this.#body();
    return { kind: 'while', until, condition, body: this.#doDone() };
  }

  #for(): Record<string, unknown> {
    this.#advance();
    const name = this.#takeName();
    this.#skipNewlines();
    if (this.#reserved() !== 'in') {
      if (this.#isOperator(';')) this.#advance();
      this.#skipNewlines();
      return { kind: 'for', name, body: this.#doDone() };
    }
    this.#advance();
    const words: Word[] = [];
    while (this.#token.kind === 'word') words.push(this.#takeWord());
    if (this.#isOperator(';')) this.#advance();
    this.#skipNewlines();
    return { kind: 'for', name, words, body: this.#doDone() };
  }

  #case(): Record<string, unknown> {
    this.#advance();
    const word = this.#takeWord();
    this.#skipNewlines();
    this.#takeReserved('in');
    this.#skipNewlines();
    const items: { patterns: Word[]; body: List }[] = [];
    while (this.#reserved() !== 'esac') {
      items.push(this.#caseItem());
      this.#skipNewlines();
    }
    this.#takeReserved('esac');
    return { kind: 'case', word, items };
  }

  #caseItem(): { patterns: Word[]; body: List } {
    if (this.#isOperator('(')) this.#advance();
    const patterns = [this.#takeWord()];
    while (this.#isOperator('|')) {
      this.#advance();
      patterns.push(this.#takeWord());
    }
    this.#takeOperator(')');
    const body = this.list();
    if (this.#isOperator(';;')) this.#advance();
    else if (this.#reserved() !== 'esac') throw this.#unexpected();
    return { patterns, body };
  }

  #doDone(): List {
    this.#takeReserved('do');
    const body = this.#body();
    this.#takeReserved('done');
    return body;
  }

  #body(): List {
    const list = this.list();
    if (list.length === 0) throw this.#unexpected();
    return list;
  }

  #simple(): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      const assignment = words.length === 0 ? this.#assignment() : undefined;
      if (assignment) assignments.push(assignment);
      else if (this.#token.kind === 'word') words.push(this.#takeWord());
      else if (!this.#redirect(redirects)) break;
      else continue;
      if (this.#isOperator('(') && words.length === 1 && assignments.length === 0)
        return this.#function(words[0] ?? []);
      if (words.length === 0 && this.#token.kind === 'word') this.#expandAliases();
    }
    if (assignments.length + words.length + redirects.length === 0) throw this.#unexpected();
    return { kind: 'simple', assignments, words, redirects } satisfies Simple;
  }

  #function(word: Word): Command {
    const name = plainText(word);
    this.#takeOperator('(');
    this.#takeOperator(')');
    this.#skipNewlines();
    if (name === undefined) throw new ShellSyntaxError('bad function name');
    return { kind: 'function', name, body: this.#command() };
  }

  #assignment(): { name: string; value: Word } | undefined {
    if (this.#token.kind !== 'word') return undefined;
    const [first, ...others] = this.#token.word;
    const match = first?.kind === 'text' && !first.quoted ? ASSIGNMENT.exec(first.text) : undefined;
    if (!match || first?.kind !== 'text') return undefined;
    this.#advance();
    const rest = first.text.slice(match[0].length);
    return { name: match[1] ?? '', value: [...(rest ? [{ ...first, text: rest }] : []), ...others] };
  }

  #redirects(): Redirect[] {
    const redirects: Redirect[] = [];
    while (this.#redirect(redirects));
    return redirects;
  }

  #redirect(into: Redirect[]): boolean {
    const token = this.#token;
    if (token.kind !== 'operator' || !REDIRECT.test(token.text)) return false;
    this.#advance();
    const fd = token.fd ?? (token.text.startsWith('<') ? 0 : 1);
    const target = this.#takeWord();
    if (!token.text.startsWith('<<')) {
      into.push({ fd, operator: token.text as Redirect['operator'], target });
      return true;
    }
    const at = into.push({ fd, operator: '<<', target: [] }) - 1;
    this.#documents.push({
      stripTabs: token.text === '<<-',
      quoted: target.some((part) => part.kind === 'text' && part.quoted),
      end: target.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
      fill: (word) => (into[at] = { fd, operator: '<<', target: word }),
    });
    // The token behind may be the newline after which the document starts.
    if (this.#token.kind === 'newline') this.#readDocuments();
    return true;
  }

  #readDocuments(): void {
    for (const document of this.#documents.splice(0)) {
      const lines: string[] = [];
      for (;;) {
        const raw = this.#lexer.takeLine();
        if (raw === undefined) throw new Incomplete('unterminated here-document');
        const line = document.stripTabs ? raw.replace(/^\t+/, '') : raw;
        if (line === document.end) break;
        lines.push(`${line}\n`);
      }
      const text = lines.join('');
      document.fill(
        document.quoted
          ? [{ kind: 'text', text, quoted: true }]
          : Lexer.documentWord(text, (inner, start) => this.#nested(inner, start)),
      );
    }
  }

  #expandAliases(): void {
    while (this.#token.kind === 'word') {
      const { word, start, end } = this.#token;
      const name = plainText(word);
      const value = name === undefined || this.#expanding.has(name) ? undefined : this.aliases.get(name);
      if (value === undefined || name === undefined) break;
      this.#expanding.add(name);
      this.#lexer.text = this.#lexer.text.slice(0, start) + value + this.#lexer.text.slice(end);
      this.#lexer.at = start;
      this.#token = this.#lexer.next();
    }
    this.#expanding.clear();
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    if (this.#token.kind === 'newline' && this.#documents.length > 0) this.#readDocuments();
    return token;
  }

  #skipNewlines(): void {
    while (this.#token.kind === 'newline') this.#advance();
  }

  #isOperator(text: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === text;
  }

  #reserved(): string | undefined {
    const text = this.#token.kind === 'word' ? plainText(this.#token.word) : undefined;
    return text !== undefined && RESERVED.has(text) ? text : undefined;
  }

  #takeOperator(text: string): void {
    if (!this.#isOperator(text)) throw this.#unexpected();
    this.#advance();
  }

  #takeReserved(text: string): void {
    this.#skipNewlines();
    if (this.#reserved() !== text) throw this.#unexpected();
    this.#advance();
  }

  #takeWord(): Word {
    if (this.#token.kind !== 'word') throw this.#unexpected();
    const { word } = this.#token;
    this.#advance();
    return word;
  }

  #takeName(): string {
    const name = plainText(this.#takeWord());
    if (name === undefined || !/^[A-Za-z_]\w*$/.test(name))
      throw new ShellSyntaxError('bad for loop variable');
    return name;
  }

  #unexpected(): ShellSyntaxError {
    const token = this.#token;
    if (token.kind === 'end') return new Incomplete('syntax error: unexpected end of file');
    const text = token.kind === 'newline' ? 'newline' : this.#lexer.text.slice(token.start, this.#lexer.at);
    return new ShellSyntaxError(`syntax error near unexpected token '${text}'`);
  }
}
