import { Mode } from '../../../core/abi/flags.js';
import { DirentKind } from '../../../core/abi/dirent.js';
import { joinPath } from '../runtime/paths.js';
import type { DirectoryEntry, Files } from '../runtime/files.js';

/** In patterns a backslash makes the next character literal. */
export const escapePattern = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
const unescapePattern = (pattern: string): string => pattern.replace(/\\(.)/gs, '$1');
export const hasWildcard = (pattern: string): boolean => /[*?[]/.test(pattern.replace(/\\./gs, ''));

const REGEXP_SPECIAL = /[\\^$.*+?()[\]{}|]/g;
const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
};

/** Source of a regular expression for `*`, `?`, `[…]`; not anchored. `shortest` makes stars reluctant. */
export function patternSource(pattern: string, shortest = false): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    const set = char === '[' ? /^\[[!^]?\]?(?:\[:\w+:\]|[^\]])*\]/.exec(pattern.slice(at))?.[0] : undefined;
    if (char === '\\') source += literal(pattern[++at] ?? '\\');
    else if (char === '*') source += shortest ? '.*?' : '.*';
    else if (char === '?') source += '.';
    else if (set === undefined) source += literal(char);
    else {
      source += setSource(set.slice(1, -1));
      at += set.length - 1;
    }
  }
  return source;
}

const literal = (char: string): string => char.replace(REGEXP_SPECIAL, '\\$&');

function setSource(inside: string): string {
  const negated = /^[!^]/.test(inside);
  const body = (negated ? inside.slice(1) : inside)
    .replace(/\\?[\\[\]^](?!:)/g, (text) => (text.length > 1 ? text : `\\${text}`))
    .replace(/\\?\[:(\w+):\\?\]/g, (_, name: string) => CLASSES[name] ?? '');
  return `[${negated ? '^' : ''}${body}]`;
}

export const matches = (text: string, pattern: string): boolean =>
  new RegExp(`^${patternSource(pattern)}$`, 's').test(text);

/** Paths that match, sorted; empty when none does. Hidden names match only patterns that start with a dot. */
export function glob(files: Files, pattern: string): string[] {
  const absolute = pattern.startsWith('/');
  const segments = pattern.split('/').filter((segment) => segment !== '');
  let found = [absolute ? '/' : ''];
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    found = found.flatMap((base) => step(files, base, segment, last));
  }
  return found.map((path) => (pattern.endsWith('/') ? `${path}/` : path)).sort();
}

function step(files: Files, base: string, segment: string, last: boolean): string[] {
  const at = (name: string) => (base === '' ? name : joinPath(base, name));
  if (!hasWildcard(segment)) {
    const path = at(unescapePattern(segment));
    return !last || files.probe(path, false) ? [path] : [];
  }
  const wanted = listed(files, base === '' ? '.' : base).filter(
    ({ name }) => (segment.startsWith('.') || !name.startsWith('.')) && matches(name, segment),
  );
  const usable = last ? wanted : wanted.filter((entry) => maybeDirectory(files, entry, at(entry.name)));
  return usable.map(({ name }) => at(name));
}

const listed = (files: Files, path: string): DirectoryEntry[] => {
  try {
    return files.readDirectory(path);
  } catch {
    return [];
  }
};

function maybeDirectory(files: Files, { kind }: DirectoryEntry, path: string): boolean {
  if (kind === DirentKind.DIRECTORY) return true;
  const stat = kind === DirentKind.REGULAR ? undefined : files.probe(path);
  return stat !== undefined && (stat.mode & Mode.TYPE) === Mode.DIR;
}
