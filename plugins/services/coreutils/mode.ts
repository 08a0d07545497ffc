import { UsageError } from './options.js';

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const WHAT: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/;

/** `755`, or `u+x,go-w`, applied to permission bits. */
export function applyMode(text: string, mode: number, directory: boolean): number {
  if (/^[0-7]{1,5}$/.test(text)) return parseInt(text, 8) & 0o7777;
  return text.split(',').reduce((bits, clause) => applyClause(clause, bits, directory), mode & 0o7777);
}

function applyClause(clause: string, mode: number, directory: boolean): number {
  const match = CLAUSE.exec(clause);
  if (!match) throw new UsageError(`invalid mode: '${clause}'`);
  const who = [...(match[1] || 'a')].reduce((bits, letter) => bits | (WHO[letter] ?? 0), 0);
  let bits = mode;
  for (const [, sign, letters = ''] of (match[2] ?? '').matchAll(/([-+=])([rwxXst]*)/g)) {
    const what = who & [...letters].reduce((sum, letter) => sum | permission(letter, bits, directory), 0);
    if (sign === '+') bits |= what;
    else if (sign === '-') bits &= ~what;
    else bits = (bits & ~(who & 0o777)) | what;
  }
  return bits;
}

/** X is x for directories, and for files that somebody may execute already. */
function permission(letter: string, mode: number, directory: boolean): number {
  if (letter !== 'X') return WHAT[letter] ?? 0;
  return directory || (mode & 0o111) !== 0 ? 0o111 : 0;
}
