/** A path as the kernel wants it: a scheme and a reference without a leading slash. */
export interface Target {
  readonly scheme: string;
  readonly reference: string;
}

const LEGACY = /^[^/:]+:/;

/** Removes empty, `.` and `..` segments; `..` at the root stays there. `NAME:REF` is left as it is. */
export function canonical(path: string, cwd: string): string {
  if (LEGACY.test(path)) return path;
  const segments: string[] = [];
  for (const segment of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

/** Splits a canonical path. `/scheme` itself is the list of schemes: the scheme with the empty name. */
export function targetOf(path: string): Target {
  const legacy = LEGACY.exec(path);
  if (legacy) return { scheme: legacy[0].slice(0, -1), reference: path.slice(legacy[0].length) };
  const match = /^\/scheme(?:\/([^/]*)(?:\/(.*))?)?$/s.exec(path);
  if (match) return { scheme: match[1] ?? '', reference: match[2] ?? '' };
  return { scheme: 'file', reference: path.slice(1) };
}

export const pathOf = ({ scheme, reference }: Target): string =>
  scheme === 'file' ? `/${reference}` : `/scheme/${scheme}${reference === '' ? '' : `/${reference}`}`;

export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? path.slice(0, 1) : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

export function directoryName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const at = trimmed.lastIndexOf('/');
  if (at < 0) return trimmed === '' && path !== '' ? '/' : '.';
  return trimmed.slice(0, at).replace(/\/+$/, '') || '/';
}

export const joinPath = (directory: string, name: string): string =>
  directory.endsWith('/') ? directory + name : `${directory}/${name}`;
