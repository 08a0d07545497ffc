import { Mode, Open } from '../../../core/abi/flags.js';
import { joinPath } from '../runtime/paths.js';
import { messageOf } from '../runtime/posix-error.js';
import { LineReader } from '../runtime/streams.js';
import { UsageError } from './options.js';
import { regularExpression } from './regex.js';
import type { Applet, Call } from './applet.js';
import type { Options } from './options.js';

export const grep: Applet = {
  usage: '[-EFivnrclLqosxwhHm:A:B:C:] [-e PATTERN]... [PATTERN] [FILE]...',
  about:
    'Prints lines that match. -E: extended, -F: fixed text; -r: directories; -c, -l, -q: count, names, nothing.',
  usageStatus: 2,
  options: {
    flags: 'EFGivnrRclLqosxwhHa',
    values: 'emABC',
    long: {
      'extended-regexp': 'E',
      'fixed-strings': 'F',
      'ignore-case': 'i',
      'invert-match': 'v',
      'line-number': 'n',
      recursive: 'r',
      count: 'c',
      'files-with-matches': 'l',
      'files-without-match': 'L',
      quiet: 'q',
      silent: 'q',
      'only-matching': 'o',
      'line-regexp': 'x',
      'word-regexp': 'w',
      'no-filename': 'h',
      'with-filename': 'H',
      regexp: 'e',
      'max-count': 'm',
    },
  },
  run(call, options) {
    const given = [...options.all('e')];
    const operands = [...options.operands];
    if (given.length === 0) given.push(operands.shift() ?? missing());
    const patterns = given.flatMap((text) => text.split('\n'));
    return new Searcher(call, options, patterns, operands).run();
  },
};

function missing(): never {
  throw new UsageError('missing pattern');
}

class Searcher {
  #found = false;
  #failed = false;
  readonly #expression: RegExp;
  readonly #titled: boolean;
  readonly #before: number;
  readonly #after: number;

  constructor(
    private readonly call: Call,
    private readonly options: Options,
    patterns: readonly string[],
    private readonly operands: readonly string[],
  ) {
    this.#expression = expressionOf(patterns, options);
    const several = operands.length > 1 || options.has('r') || options.has('R');
    this.#titled = options.has('H') || (several && !options.has('h'));
    const around = options.number('C') ?? 0;
    this.#before = options.number('B') ?? around;
    this.#after = options.number('A') ?? around;
  }

  run(): number {
    const recursive = this.options.has('r') || this.options.has('R');
    const places = this.operands.length > 0 ? this.operands : [recursive ? '.' : '-'];
    for (const path of places) this.#place(path, recursive);
    if (this.#failed && !(this.#found && this.options.has('q'))) return 2;
    return this.#found ? 0 : 1;
  }

  #place(path: string, recursive: boolean): void {
    const { files } = this.call.os;
    if (path === '-') return this.#input(this.call.stdin, '(standard input)');
    try {
      if (!files.isDirectory(path)) return files.with(path, Open.RDONLY, (fd) => this.#input(fd, path));
      if (!recursive) throw new Error('Is a directory');
      for (const { name } of files.readDirectory(path)) this.#inside(joinPath(path, name));
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'EPIPE') throw error;
      this.#failed = true;
      if (!this.options.has('s')) this.call.complain(`${path}: ${messageOf(error)}`);
    }
  }

  /** Below a directory only files and directories are searched: devices may never end. */
  #inside(path: string): void {
    const type = (this.call.os.files.probe(path, false)?.mode ?? 0) & Mode.TYPE;
    if (type === Mode.FILE || type === Mode.DIR) this.#place(path, true);
  }

  #input(fd: number, name: string): void {
    const reader = new LineReader(this.call.os.files, fd);
    const limit = this.options.number('m') ?? Infinity;
    const surroundings = new Surroundings(this.#before, this.#after, {
      line: (...line) => this.#line(name, ...line),
      gap: () => this.call.out.line('--'),
    });
    let count = 0;
    for (let number = 1; count < limit || surroundings.goOn; number++) {
      const line = reader.nextText();
      if (line === undefined) break;
      const hit = count < limit && this.#matches(line);
      if (hit) count++;
      if (!this.#silent) surroundings.add(number, line, hit);
      else if (hit && !this.options.has('c')) break;
    }
    this.#found ||= count > 0;
    this.#summary(name, count);
  }

  get #silent(): boolean {
    return ['c', 'l', 'L', 'q'].some((letter) => this.options.has(letter));
  }

  #matches(line: string): boolean {
    this.#expression.lastIndex = 0;
    return this.#expression.test(line) !== this.options.has('v');
  }

  #line(name: string, number: number, text: string, mark: string): void {
    const head = `${this.#titled ? name + mark : ''}${this.options.has('n') ? number + mark : ''}`;
    if (!this.options.has('o') || mark === '-') return this.call.out.line(head + text);
    this.#expression.lastIndex = 0;
    for (const [match] of text.matchAll(this.#expression)) if (match !== '') this.call.out.line(head + match);
  }

  #summary(name: string, count: number): void {
    const { out } = this.call;
    if (this.options.has('q')) return;
    if (this.options.has('l')) return count > 0 ? out.line(name) : undefined;
    if (this.options.has('L')) return count === 0 ? out.line(name) : undefined;
    if (this.options.has('c')) out.line(`${this.#titled ? `${name}:` : ''}${count}`);
  }
}

function expressionOf(patterns: readonly string[], options: Options): RegExp {
  const kind = options.has('F') ? 'fixed' : options.has('E') ? 'extended' : 'basic';
  try {
    return regularExpression(patterns, kind, {
      ignoreCase: options.has('i'),
      wholeLine: options.has('x'),
      wholeWord: options.has('w'),
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

interface Shows {
  /** `mark` tells a match (:) from a line around one (-). */
  line(number: number, text: string, mark: string): void;
  gap(): void;
}

/** Shows lines that match with those before and behind them. */
class Surroundings {
  readonly #kept: [number: number, text: string][] = [];
  #following = 0;
  #last = 0;

  constructor(
    private readonly before: number,
    private readonly after: number,
    private readonly shows: Shows,
  ) {}

  /** Lines behind the last match are still wanted. */
  get goOn(): boolean {
    return this.#following > 0;
  }

  add(number: number, text: string, hit: boolean): void {
    if (hit) this.#match(number, text);
    else if (this.#following > 0) {
      this.#following--;
      this.#show(number, text, '-');
    } else this.#keep(number, text);
  }

  #match(number: number, text: string): void {
    const first = this.#kept[0]?.[0] ?? number;
    const around = this.before > 0 || this.after > 0;
    if (around && this.#last > 0 && first > this.#last + 1) this.shows.gap();
    for (const line of this.#kept.splice(0)) this.#show(...line, '-');
    this.#show(number, text, ':');
    this.#following = this.after;
  }

  #keep(number: number, text: string): void {
    this.#kept.push([number, text]);
    if (this.#kept.length > this.before) this.#kept.shift();
  }

  #show(number: number, text: string, mark: string): void {
    this.#last = number;
    this.shows.line(number, text, mark);
  }
}
