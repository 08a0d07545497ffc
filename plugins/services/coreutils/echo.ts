import { unescape } from './escapes.js';
import type { Applet } from './applet.js';

const OPTIONS = /^-[neE]+$/;

/** Options only in front, and only these letters: everything else is text. */
export const echo: Applet = {
  usage: '[-neE] [STRING]...',
  about: 'Prints its arguments. -n: no newline; -e: backslash escapes; -E: none (default).',
  raw: true,
  run({ args, out }) {
    const first = args.findIndex((arg) => !OPTIONS.test(arg));
    const letters = args.slice(0, first < 0 ? args.length : first).join('');
    const text = (first < 0 ? [] : args.slice(first)).join(' ');
    const escapes = letters.lastIndexOf('e') > letters.lastIndexOf('E');
    const { text: shown, stopped } = escapes ? unescape(text) : { text, stopped: false };
    out.write(letters.includes('n') || stopped ? shown : `${shown}\n`);
    return 0;
  },
};
