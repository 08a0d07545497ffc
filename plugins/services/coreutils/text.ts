import { Open } from '../../../core/abi/flags.js';
import { CHUNK_BYTES } from '../runtime/calls.js';
import { LineReader } from '../runtime/streams.js';
import { unescape } from './escapes.js';
import { allLines, forEachInput, forEachLine } from './inputs.js';
import { UsageError } from './options.js';
import type { Applet, Call } from './applet.js';
import type { Options } from './options.js';

export const uniq: Applet = {
  usage: '[-cdui] [-f N] [-s N] [INPUT]',
  about: 'Prints of equal neighbours the first; -c: with their count; -d: repeated ones; -u: single ones.',
  options: {
    flags: 'cdui',
    values: 'fs',
    long: { count: 'c', repeated: 'd', unique: 'u', 'ignore-case': 'i' },
  },
  run(call, options) {
    const { lines, status } = allLines(call, options.operands.slice(0, 1));
    const key = uniqKey(options);
    for (let at = 0; at < lines.length;) {
      let end = at + 1;
      while (end < lines.length && key(lines[end] ?? '') === key(lines[at] ?? '')) end++;
      const count = end - at;
      const shown = options.has('d') ? count > 1 : options.has('u') ? count === 1 : true;
      const head = options.has('c') ? `${String(count).padStart(7)} ` : '';
      if (shown) call.out.line(head + (lines[at] ?? ''));
      at = end;
    }
    return status;
  },
};

function uniqKey(options: Options): (line: string) => string {
  const fields = options.number('f') ?? 0;
  const chars = options.number('s') ?? 0;
  const skip = new RegExp(`^(?:\\s*\\S+){0,${fields}}`);
  return (line) => {
    const rest = line.replace(skip, '').slice(chars);
    return options.has('i') ? rest.toLowerCase() : rest;
  };
}

/** `1,3-5,7-` as a test of positions from 1 on. */
function ranges(list: string): (position: number) => boolean {
  const parts = list.split(',').map((part) => {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (!match || part === '' || part === '-') throw new UsageError(`invalid list: '${list}'`);
    const from = Number(match[1] || 1);
    const to = match[2] === '' ? from : Number(match[3] || Infinity);
    return { from, to };
  });
  return (position) => parts.some(({ from, to }) => position >= from && position <= to);
}

export const cut: Applet = {
  usage: '-f LIST [-d CHAR] [-s] | -c LIST | -b LIST  [FILE]...',
  about: 'Prints parts of lines: fields, characters or bytes. LIST: 1,3-5,7-.',
  options: {
    flags: 'sn',
    values: 'fdcb',
    long: { fields: 'f', delimiter: 'd', characters: 'c', bytes: 'b', 'only-delimited': 's' },
  },
  run(call, options) {
    const list = options.value('f') ?? options.value('c') ?? options.value('b');
    if (list === undefined) throw new UsageError('one of -f, -c, -b is needed');
    const wanted = ranges(list);
    const delimiter = options.value('d') ?? '\t';
    return forEachLine(call, options.operands, (line) => {
      if (!options.has('f')) return call.out.line([...line].filter((_, i) => wanted(i + 1)).join(''));
      const fields = line.split(delimiter);
      if (fields.length > 1) call.out.line(fields.filter((_, i) => wanted(i + 1)).join(delimiter));
      else if (!options.has('s')) call.out.line(line);
    });
  },
};

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};
const ASCII = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i));

function characterSet(text: string): string[] {
  const spread = unescape(text).text.replace(/\[:(\w+):\]/g, (_, name: string) =>
    ASCII.filter((char) => CLASSES[name]?.test(char)).join(''),
  );
  return [...spread.replace(/(.)-(.)/gsu, (_, from: string, to: string) => span(from, to))];
}

function span(from: string, to: string): string {
  const [start = 0, end = 0] = [from.codePointAt(0), to.codePointAt(0)];
  return Array.from({ length: Math.max(0, end - start + 1) }, (_, i) => String.fromCodePoint(start + i)).join(
    '',
  );
}

export const tr: Applet = {
  usage: '[-cds] SET1 [SET2]',
  about: 'Replaces characters of SET1 by those of SET2; -d: deletes; -s: one for many; -c: all but SET1.',
  options: { flags: 'cCdst', long: { complement: 'c', delete: 'd', 'squeeze-repeats': 's' } },
  run(call, options) {
    const [first, second = ''] = options.operands;
    if (first === undefined) throw new UsageError('missing operand');
    const from = characterSet(first);
    const to = characterSet(second);
    const complement = options.has('c') || options.has('C');
    const known = new Set(from);
    const inFirst = (char: string) => known.has(char) !== complement;
    const last = to.at(-1) ?? '';
    const translate = (char: string) =>
      to.length === 0 || !inFirst(char) ? char : complement ? last : (to[from.indexOf(char)] ?? last);
    const squeezed = new Set(second === '' ? from : to);
    let previous = '';
    const one = (char: string): string => {
      if (options.has('d') && inFirst(char)) return '';
      const shown = options.has('d') ? char : translate(char);
      const inSet = second === '' ? inFirst(shown) : squeezed.has(shown);
      if (options.has('s') && shown === previous && inSet) return '';
      previous = shown;
      return shown;
    };
    return forEachInput(call, [], (fd) => {
      for (const chars of characters(call, fd)) call.out.write([...chars].map(one).join(''));
    });
  },
};

/** Line by line, so that no character is cut. */
function* characters({ os }: Call, fd: number): Generator<string> {
  const reader = new LineReader(os.files, fd);
  for (let line = reader.nextText(); line !== undefined; line = reader.nextText())
    yield reader.terminated ? `${line}\n` : line;
}

export const tee: Applet = {
  usage: '[-a] [FILE]...',
  about: 'Copies standard input to standard output and to files; -a: behind what is there.',
  options: { flags: 'ai', long: { append: 'a' } },
  run(call, options) {
    const { files } = call.os;
    const flags = Open.WRONLY + Open.CREAT + (options.has('a') ? Open.APPEND : Open.TRUNC);
    const goals = options.operands.map((path) => files.open(path, flags));
    for (
      let part = files.read(call.stdin, CHUNK_BYTES);
      part.length > 0;
      part = files.read(call.stdin, CHUNK_BYTES)
    ) {
      call.out.write(part);
      for (const fd of goals) files.write(fd, part);
    }
    for (const fd of goals) files.close(fd);
    return 0;
  },
};

export const seq: Applet = {
  usage: '[-w] [-s SEPARATOR] [FIRST [STEP]] LAST',
  about: 'Prints numbers from FIRST to LAST.',
  raw: true,
  run(call) {
    const args = [...call.args];
    const { separator, wide } = seqOptions(args);
    const { first, step, last } = rangeOf(args);
    const digits = Math.max(0, ...args.map((text) => text.split('.')[1]?.length ?? 0));
    const width = wide ? Math.max(first.toFixed(digits).length, last.toFixed(digits).length) : 0;
    const count = Math.floor((last - first) / step + 1e-9) + 1;
    for (let i = 0; i < count; i++) {
      const text = (first + i * step).toFixed(digits).padStart(width, '0');
      call.out.write(text + (i < count - 1 ? separator : '\n'));
    }
    return 0;
  },
};

/** Takes the options away from `args`: what follows may be negative. */
function seqOptions(args: string[]): { separator: string; wide: boolean } {
  let separator = '\n';
  let wide = false;
  while (/^-[ws]/.test(args[0] ?? '')) {
    const option = args.shift() ?? '';
    if (option === '-w') wide = true;
    else separator = option.slice(2) || (args.shift() ?? '');
  }
  return { separator, wide };
}

function rangeOf(args: readonly string[]): { first: number; step: number; last: number } {
  const numbers = args.map(Number);
  if (args.length === 0 || args.length > 3 || numbers.some(Number.isNaN))
    throw new UsageError('numbers expected');
  const last = numbers.pop()!;
  const [first = 1, step = 1] = numbers;
  if (step === 0) throw new UsageError('the step must not be 0');
  return { first, step, last };
}

export const yes: Applet = {
  usage: '[STRING]...',
  about: 'Prints y, or STRING, until nobody reads it.',
  raw: true,
  run(call) {
    const line = `${call.args.join(' ') || 'y'}\n`;
    const block = line.repeat(Math.max(1, Math.floor(4096 / line.length)));
    for (;;) call.out.write(block);
  },
};

export const tac: Applet = {
  usage: '[FILE]...',
  about: 'Prints lines, the last one first.',
  run(call, { operands }) {
    const { lines, status } = allLines(call, operands);
    for (const line of lines.reverse()) call.out.line(line);
    return status;
  },
};

export const rev: Applet = {
  usage: '[FILE]...',
  about: 'Prints lines with their characters backwards.',
  run: (call, { operands }) =>
    forEachLine(call, operands, (line) => call.out.line([...line].reverse().join(''))),
};

export const nl: Applet = {
  usage: '[FILE]...',
  about: 'Numbers lines that are not empty.',
  run(call, { operands }) {
    let number = 0;
    return forEachLine(call, operands, (line) =>
      call.out.line(line === '' ? '' : `${String(++number).padStart(6)}\t${line}`),
    );
  },
};
