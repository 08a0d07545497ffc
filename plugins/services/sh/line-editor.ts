/** What the editor talks to: keys in, text out. */
export interface EditorTerminal {
  /** The next bytes as characters; undefined at the end of input. */
  read(): string | undefined;
  write(text: string): void;
  readonly columns: number;
}

export interface Completion {
  /** What replaces the word under the cursor, from `from` on. */
  readonly from: number;
  readonly candidates: readonly string[];
}

export type Completer = (text: string, cursor: number) => Completion;

export type EditResult =
  { readonly kind: 'line'; readonly text: string } | { readonly kind: 'aborted' } | { readonly kind: 'end' };

const ESC = '\x1b';
/** A key: an escape sequence, ESC and a letter, or one character. */
const KEY = /^(?:\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|\x1b[^[O]|[^\x1b])/su;

type Action = (editor: LineEditor) => EditResult | void;

/** One line at a time, with history and completion, in the manner of emacs keys. */
export class LineEditor {
  #prompt = '';
  #text: string[] = [];
  #cursor = 0;
  #killed: string[] = [];
  #pending = '';
  #row = 0;
  #historyAt = 0;
  #draft = '';
  #tabs = 0;

  constructor(
    private readonly terminal: EditorTerminal,
    private readonly history: readonly string[],
    private readonly complete: Completer,
  ) {}

  readLine(prompt: string): EditResult {
    this.#prompt = prompt;
    this.#text = [];
    this.#cursor = 0;
    this.#row = 0;
    this.#historyAt = this.history.length;
    this.#draw();
    for (;;) {
      const key = this.#key();
      if (key === undefined) return { kind: 'end' };
      const result = this.#press(key);
      if (result) return result;
    }
  }

  #press(key: string): EditResult | void {
    this.#tabs = key === '\t' ? this.#tabs + 1 : 0;
    const action = KEYS[key];
    if (action) return action(this);
    if (key >= ' ' && key !== '\x7f' && !key.startsWith(ESC)) this.insert(key);
  }

  /** A key that is cut in two stays pending until its rest is there. */
  #key(): string | undefined {
    for (;;) {
      const match = KEY.exec(this.#pending);
      const alone = this.#pending === ESC || /^\x1b\[[0-9;]*$/.test(this.#pending);
      if (match && !alone) {
        this.#pending = this.#pending.slice(match[0].length);
        return match[0];
      }
      const more = this.terminal.read();
      if (more === undefined) return undefined;
      this.#pending += more;
    }
  }

  get text(): string {
    return this.#text.join('');
  }

  get isEmpty(): boolean {
    return this.#text.length === 0;
  }

  insert(text: string): void {
    const chars = [...text];
    const atEnd = this.#cursor === this.#text.length;
    this.#text.splice(this.#cursor, 0, ...chars);
    this.#cursor += chars.length;
    const column = ([...this.#shownPrompt()].length + this.#cursor) % this.terminal.columns;
    if (atEnd && column !== 0) this.terminal.write(text);
    else this.#draw();
  }

  move(to: number): void {
    this.#cursor = Math.min(Math.max(0, to), this.#text.length);
    this.#draw();
  }

  get cursor(): number {
    return this.#cursor;
  }

  get length(): number {
    return this.#text.length;
  }

  /** Removes [from, to); what is cut can be put back. */
  cut(from: number, to: number, keep: boolean): void {
    const [start, end] = [Math.max(0, from), Math.min(this.#text.length, to)];
    const cut = this.#text.splice(start, end - start);
    if (keep && cut.length > 0) this.#killed = cut;
    this.#cursor = start;
    this.#draw();
  }

  yank(): void {
    this.insert(this.#killed.join(''));
  }

  /** Start of the word before, or end of the word behind the cursor. */
  wordBorder(direction: -1 | 1): number {
    let at = this.#cursor;
    const beside = () => this.#text[direction < 0 ? at - 1 : at];
    const inside = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
    while (beside() !== undefined && !inside(beside())) at += direction;
    while (inside(beside())) at += direction;
    return at;
  }

  /** Start of the blank-separated word before the cursor. */
  blankBorder(): number {
    let at = this.#cursor;
    while (at > 0 && this.#text[at - 1] === ' ') at--;
    while (at > 0 && this.#text[at - 1] !== ' ') at--;
    return at;
  }

  recall(step: -1 | 1): void {
    const goal = this.#historyAt + step;
    if (goal < 0 || goal > this.history.length) return;
    if (this.#historyAt === this.history.length) this.#draft = this.text;
    this.#historyAt = goal;
    this.#replace(goal === this.history.length ? this.#draft : (this.history[goal] ?? ''));
  }

  swap(): void {
    if (this.#cursor === 0 || this.#text.length < 2) return;
    const at = Math.min(this.#cursor, this.#text.length - 1);
    const [a = '', b = ''] = [this.#text[at - 1], this.#text[at]];
    this.#text.splice(at - 1, 2, b, a);
    this.move(at + 1);
  }

  clearScreen(): void {
    this.terminal.write(`${ESC}[H${ESC}[2J`);
    this.#row = 0;
    this.#draw();
  }

  /** One candidate is taken; several give their common beginning, and are listed at the second Tab. */
  tab(): void {
    const { from, candidates } = this.complete(this.text, this.#cursor);
    const [only] = candidates;
    if (only === undefined) return this.terminal.write('\x07');
    const common = candidates.reduce(commonPrefix);
    const typed = this.#cursor - from;
    const [ending] = candidates.length === 1 && !/[/=]$/.test(common) ? [' '] : [''];
    if ([...common].length + (ending ?? '').length > typed) {
      this.#text.splice(from, typed, ...common, ...(ending ?? ''));
      this.#cursor = from + [...common].length + (ending ?? '').length;
      this.#draw();
    } else if (this.#tabs > 1) this.#list(candidates);
    else this.terminal.write('\x07');
  }

  /** Reverse search: characters narrow it, Ctrl-R goes on, any other key takes the line. */
  search(): EditResult | void {
    let wanted = '';
    let at = this.history.length;
    for (;;) {
      const found = this.history.findLastIndex((line, i) => i <= at && line.includes(wanted));
      const line = found < 0 ? '' : (this.history[found] ?? '');
      this.terminal.write(`\r${ESC}[J(search)'${wanted}': ${line}`);
      const key = this.#key();
      if (key === undefined) return { kind: 'end' };
      if (key === '\x12') at = Math.max(0, found - 1);
      else if (key === '\x7f' || key === '\b') wanted = wanted.slice(0, -1);
      else if (key >= ' ' && !key.startsWith(ESC)) wanted += key;
      else {
        this.#row = 0;
        this.#replace(key === '\x07' || key === '\x03' ? '' : line);
        return key === '\x07' || key === '\x03' ? undefined : this.#press(key);
      }
    }
  }

  finish(shown: string): void {
    this.move(this.#text.length);
    this.terminal.write(`${shown}\r\n`);
  }

  #replace(text: string): void {
    this.#text = [...text];
    this.#cursor = this.#text.length;
    this.#draw();
  }

  #list(candidates: readonly string[]): void {
    const names = candidates.map((name) => name.replace(/(?!^)\/$/, '/').replace(/^.*\/(?=.)/, ''));
    const width = Math.max(...names.map((name) => name.length)) + 2;
    const columns = Math.max(1, Math.floor(this.terminal.columns / width));
    let shown = '\r\n';
    for (const [i, name] of names.entries())
      shown += (i + 1) % columns === 0 || i === names.length - 1 ? `${name}\r\n` : name.padEnd(width);
    this.terminal.write(shown);
    this.#row = 0;
    this.#draw();
  }

  /** The prompt without colour sequences, as wide as it is shown. */
  #shownPrompt(): string {
    return this.#prompt.replace(/\x1b\[[0-9;]*m/g, '');
  }

  #draw(): void {
    const { columns } = this.terminal;
    const up = this.#row > 0 ? `${ESC}[${this.#row}A` : '';
    const promptWidth = [...this.#shownPrompt()].length;
    const end = promptWidth + this.#text.length;
    const here = promptWidth + this.#cursor;
    const wrap = end > 0 && end % columns === 0 ? '\r\n' : '';
    const endRow = Math.floor(end / columns);
    this.#row = Math.floor(here / columns);
    const back = endRow > this.#row ? `${ESC}[${endRow - this.#row}A` : '';
    const column = here % columns;
    const right = column > 0 ? `${ESC}[${column}C` : '';
    this.terminal.write(`${up}\r${ESC}[J${this.#prompt}${this.text}${wrap}${back}\r${right}`);
  }
}

function commonPrefix(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return a.slice(0, at);
}

const accept: Action = (editor) => {
  editor.finish('');
  return { kind: 'line', text: editor.text };
};
const left: Action = (editor) => editor.move(editor.cursor - 1);
const right: Action = (editor) => editor.move(editor.cursor + 1);
const home: Action = (editor) => editor.move(0);
const end: Action = (editor) => editor.move(editor.length);
const older: Action = (editor) => editor.recall(-1);
const newer: Action = (editor) => editor.recall(1);
const backspace: Action = (editor) => {
  if (editor.cursor > 0) editor.cut(editor.cursor - 1, editor.cursor, false);
};
const remove: Action = (editor) => editor.cut(editor.cursor, editor.cursor + 1, false);
const wordLeft: Action = (editor) => editor.move(editor.wordBorder(-1));
const wordRight: Action = (editor) => editor.move(editor.wordBorder(1));

const KEYS: Readonly<Record<string, Action>> = {
  '\r': accept,
  '\n': accept,
  '\t': (editor) => editor.tab(),
  '\x01': home,
  '\x02': left,
  '\x03': (editor) => {
    editor.finish('^C');
    return { kind: 'aborted' };
  },
  '\x04': (editor) => {
    if (!editor.isEmpty) return remove(editor);
    editor.finish('');
    return { kind: 'end' };
  },
  '\x05': end,
  '\x06': right,
  '\b': backspace,
  '\x7f': backspace,
  '\x0b': (editor) => editor.cut(editor.cursor, editor.length, true),
  '\x0c': (editor) => editor.clearScreen(),
  '\x0e': newer,
  '\x10': older,
  '\x12': (editor) => editor.search(),
  '\x14': (editor) => editor.swap(),
  '\x15': (editor) => editor.cut(0, editor.cursor, true),
  '\x17': (editor) => editor.cut(editor.blankBorder(), editor.cursor, true),
  '\x19': (editor) => editor.yank(),
  '\x1b[A': older,
  '\x1b[B': newer,
  '\x1b[C': right,
  '\x1b[D': left,
  '\x1b[H': home,
  '\x1b[F': end,
  '\x1b[1~': home,
  '\x1b[4~': end,
  '\x1b[7~': home,
  '\x1b[8~': end,
  '\x1b[3~': remove,
  '\x1bOA': older,
  '\x1bOB': newer,
  '\x1bOC': right,
  '\x1bOD': left,
  '\x1bOH': home,
  '\x1bOF': end,
  '\x1b[1;5C': wordRight,
  '\x1b[1;5D': wordLeft,
  '\x1bf': wordRight,
  '\x1bb': wordLeft,
  '\x1bd': (editor) => editor.cut(editor.cursor, editor.wordBorder(1), true),
  '\x1b\x7f': (editor) => editor.cut(editor.wordBorder(-1), editor.cursor, true),
};
