const SIMPLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Backslash escapes of echo -e and printf. `stopped` is true behind `\c`. Bytes above 0x7f come from \x and \0. */
export function unescape(text: string): { text: string; stopped: boolean } {
  let out = '';
  const escape =
    /\\(?:([abefnrtv\\])|0([0-7]{0,3})|([1-7][0-7]{0,2})|x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|(c)|(.|$))/gs;
  let at = 0;
  for (const match of text.matchAll(escape)) {
    const [whole, simple, zero, octal, hex, unicode, stop, other] = match;
    out += text.slice(at, match.index);
    at = match.index + whole.length;
    if (stop) return { text: out, stopped: true };
    if (simple !== undefined) out += SIMPLE[simple] ?? '';
    else if (zero !== undefined) out += String.fromCharCode(parseInt(zero || '0', 8) & 0xff);
    else if (octal !== undefined) out += String.fromCharCode(parseInt(octal, 8) & 0xff);
    else if (hex !== undefined) out += String.fromCharCode(parseInt(hex, 16));
    else if (unicode !== undefined) out += String.fromCodePoint(parseInt(unicode, 16));
    else out += `\\${other ?? ''}`;
  }
  return { text: out + text.slice(at), stopped: false };
}
