import { Mode } from '../../../core/abi/flags.js';
import { joinPath } from '../runtime/paths.js';
import { messageOf } from '../runtime/posix-error.js';
import { Accounts } from './accounts.js';
import { humanSize, listTime, modeText, table } from './format.js';
import type { Stat } from '../../../core/abi/structs.js';
import type { Applet, Call } from './applet.js';
import type { Options } from './options.js';

interface Listed {
  readonly name: string;
  readonly path: string;
  readonly stat: Stat | undefined;
}

const DEFAULT_WIDTH = 80;

export const ls: Applet = {
  usage: '[-aAlh1dFiRrtSUn] [--color[=never]] [FILE]...',
  about: 'Lists directories. -l: long; -a: hidden too; -R: below; -t, -S: by time, by size; -r: backwards.',
  usageStatus: 2,
  options: {
    flags: 'aAlh1dFiRrtSUnCk',
    values: 'w',
    long: {
      all: 'a',
      'almost-all': 'A',
      'human-readable': 'h',
      recursive: 'R',
      reverse: 'r',
      directory: 'd',
      inode: 'i',
      color: 'k',
      classify: 'F',
      width: 'w',
    },
  },
  run(call, options) {
    return new Lister(call, options).run();
  },
};

class Lister {
  #status = 0;
  #accounts: Accounts | undefined;

  constructor(
    private readonly call: Call,
    private readonly options: Options,
  ) {}

  run(): number {
    const { operands } = this.options;
    const given = (operands.length > 0 ? operands : ['.']).flatMap((path) => this.#operand(path));
    const directories = this.options.has('d') ? [] : given.filter(({ stat }) => isDirectory(stat));
    const others = given.filter((entry) => !directories.includes(entry));
    this.#show(this.#sorted(others));
    const titled = operands.length > 1 || this.options.has('R');
    for (const [i, { path }] of this.#sorted(directories).entries())
      this.#directory(path, titled, i > 0 || others.length > 0);
    return this.#status;
  }

  #operand(path: string): Listed[] {
    const long = this.options.has('l') || this.options.has('d');
    try {
      const { files } = this.call.os;
      const stat = long ? files.lstat(path) : (files.probe(path) ?? files.lstat(path));
      return [{ name: path, path, stat }];
    } catch (error) {
      this.#failed(`cannot access '${path}': ${messageOf(error)}`);
      return [];
    }
  }

  #directory(path: string, titled: boolean, spaced: boolean): void {
    if (spaced) this.call.out.line();
    if (titled) this.call.out.line(`${path}:`);
    const entries = this.#entries(path);
    if (this.options.has('l')) this.call.out.line(`total ${total(entries)}`);
    this.#show(entries);
    if (!this.options.has('R')) return;
    for (const { stat, path: below, name } of entries)
      if (isDirectory(stat) && name !== '.' && name !== '..') this.#directory(below, true, true);
  }

  #entries(path: string): Listed[] {
    const { files } = this.call.os;
    const hidden = this.options.has('a') || this.options.has('A');
    try {
      const names = files.readDirectory(path).map(({ name }) => name);
      const dots = this.options.has('a') ? ['.', '..'] : [];
      const shown = [...dots, ...names.filter((name) => hidden || !name.startsWith('.'))];
      return this.#sorted(shown.map((name) => this.#entry(path, name)));
    } catch (error) {
      this.#failed(`cannot open directory '${path}': ${messageOf(error)}`);
      return [];
    }
  }

  /** Attributes only where they are shown: a list of names needs none. */
  #entry(directory: string, name: string): Listed {
    const path = joinPath(directory, name);
    const needed = ['l', 'R', 't', 'S', 'F', 'i', 'k'].some((letter) => this.options.has(letter));
    return { name, path, stat: needed ? this.call.os.files.probe(path, false) : undefined };
  }

  #sorted(entries: readonly Listed[]): Listed[] {
    const { options } = this;
    if (options.has('U')) return [...entries];
    const byName = (a: Listed, b: Listed) => compareNames(a.name, b.name);
    const by = options.has('t')
      ? (a: Listed, b: Listed) => timeOf(b) - timeOf(a) || byName(a, b)
      : options.has('S')
        ? (a: Listed, b: Listed) => (b.stat?.size ?? 0) - (a.stat?.size ?? 0) || byName(a, b)
        : byName;
    const sorted = [...entries].sort(by);
    return options.has('r') ? sorted.reverse() : sorted;
  }

  #show(entries: readonly Listed[]): void {
    if (this.options.has('l') || this.options.has('n')) return this.#showLong(entries);
    const names = entries.map((entry) => this.#inode(entry) + this.#name(entry));
    const { os, out } = this.call;
    const columns = !this.options.has('1') && (this.options.has('C') || os.files.isTerminal(1));
    if (!columns) return names.forEach((name) => out.line(name));
    const width = this.options.number('w') ?? (Number(this.call.env['COLUMNS']) || DEFAULT_WIDTH);
    for (const line of inColumns(names, width)) out.line(line);
  }

  #inode({ stat }: Listed): string {
    return this.options.has('i') ? `${stat?.ino ?? '?'} ` : '';
  }

  #showLong(entries: readonly Listed[]): void {
    const now = this.call.os.clock.now();
    const rows = entries.map((entry) => this.#longRow(entry, now));
    const right = new Set([1, 4]);
    for (const line of table(rows, right)) this.call.out.line(line);
  }

  #longRow(entry: Listed, now: number): string[] {
    const { stat } = entry;
    if (!stat) return ['?---------', '?', '?', '?', '?', '?', entry.name];
    this.#accounts ??= new Accounts(this.call.os.files);
    const numeric = this.options.has('n');
    return [
      this.#inode(entry) + modeText(stat.mode),
      String(stat.nlink),
      numeric ? String(stat.uid) : this.#accounts.user(stat.uid),
      numeric ? String(stat.gid) : this.#accounts.group(stat.gid),
      this.options.has('h') ? humanSize(stat.size) : String(stat.size),
      listTime(stat.mtime * 1000, now),
      this.#name(entry) + this.#target(entry),
    ];
  }

  #target({ path, stat }: Listed): string {
    if (!isLink(stat)) return '';
    try {
      return ` -> ${this.call.os.files.readLink(path)}`;
    } catch {
      return '';
    }
  }

  #name({ name, stat }: Listed): string {
    if (!this.options.has('F')) return name;
    if (isDirectory(stat)) return `${name}/`;
    if (isLink(stat)) return `${name}@`;
    return stat && (stat.mode & 0o111) !== 0 ? `${name}*` : name;
  }

  #failed(message: string): void {
    this.call.complain(message);
    this.#status = 2;
  }
}

const isDirectory = (stat: Stat | undefined): boolean =>
  stat !== undefined && (stat.mode & Mode.TYPE) === Mode.DIR;
const isLink = (stat: Stat | undefined): boolean =>
  stat !== undefined && (stat.mode & Mode.TYPE) === Mode.SYMLINK;
const timeOf = ({ stat }: Listed): number => (stat?.mtime ?? 0) + (stat?.mtimeNsec ?? 0) / 1e9;
const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const total = (entries: readonly Listed[]): number =>
  entries.reduce((sum, { stat }) => sum + Math.ceil((stat?.blocks ?? 0) / 2), 0);

/** Down the columns, as many as fit. */
function inColumns(names: readonly string[], width: number): string[] {
  if (names.length === 0) return [];
  const wide = Math.max(...names.map((name) => name.length)) + 2;
  const columns = Math.max(1, Math.floor(width / wide));
  const rows = Math.ceil(names.length / columns);
  return Array.from({ length: rows }, (_, row) =>
    names
      .filter((_name, i) => i % rows === row)
      .map((name) => name.padEnd(wide))
      .join('')
      .trimEnd(),
  );
}
