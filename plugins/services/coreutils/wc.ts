import { CHUNK_BYTES } from '../runtime/calls.js';
import { forEachInput } from './inputs.js';
import type { Applet, Call } from './applet.js';

type Counts = Record<'l' | 'w' | 'm' | 'c' | 'L', number>;
const ORDER = ['l', 'w', 'm', 'c', 'L'] as const;

export const wc: Applet = {
  usage: '[-lwcmL] [FILE]...',
  about: 'Counts lines, words and bytes; -m: characters; -L: longest line.',
  options: {
    flags: 'lwcmL',
    long: { lines: 'l', words: 'w', bytes: 'c', chars: 'm', 'max-line-length': 'L' },
  },
  run(call, options) {
    const chosen = ORDER.filter((letter) => options.has(letter));
    const shown = chosen.length > 0 ? chosen : (['l', 'w', 'c'] as const);
    const rows: { counts: Counts; name: string }[] = [];
    const status = forEachInput(call, options.operands, (fd, name) => {
      rows.push({ counts: count(call, fd), name: options.operands.length === 0 ? '' : name });
    });
    if (options.operands.length > 1) rows.push({ counts: sum(rows), name: 'total' });
    const numbers = rows.map(({ counts }) => shown.map((letter) => String(counts[letter])));
    const single = rows.length === 1 && shown.length === 1;
    const width = single
      ? 0
      : Math.max(...numbers.flat().map((text) => text.length), rows.length > 1 ? 1 : 7);
    for (const [i, row] of numbers.entries())
      call.out.line(`${row.map((text) => text.padStart(width)).join(' ')} ${rows[i]?.name ?? ''}`.trimEnd());
    return status;
  },
};

function count({ os }: Call, fd: number): Counts {
  const counts: Counts = { l: 0, w: 0, m: 0, c: 0, L: 0 };
  let inWord = false;
  let column = 0;
  for (let part = os.files.read(fd, CHUNK_BYTES); part.length > 0; part = os.files.read(fd, CHUNK_BYTES)) {
    counts.c += part.length;
    for (const byte of part) {
      const blank = byte === 32 || (byte >= 9 && byte <= 13);
      if (!blank && !inWord) counts.w++;
      inWord = !blank;
      const starts = (byte & 0xc0) !== 0x80;
      if (starts) counts.m++;
      if (byte === 10) {
        counts.l++;
        column = 0;
      } else if (starts) counts.L = Math.max(counts.L, ++column);
    }
  }
  return counts;
}

function sum(rows: readonly { counts: Counts }[]): Counts {
  const total: Counts = { l: 0, w: 0, m: 0, c: 0, L: 0 };
  for (const { counts } of rows) {
    for (const letter of ORDER) total[letter] += counts[letter];
    total.L = Math.max(total.L - counts.L, counts.L);
  }
  return total;
}
