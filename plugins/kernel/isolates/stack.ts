import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';

const MAX_FRAMES = 30;
const MAX_LINE_CHARS = 400;
const BOUNDARY = '(<isolated-vm boundary>)';
const PLACE = /(\S+?):(\d{1,7}):(\d{1,7})(\)?)$/;

/**
 * The stack of an error thrown in an isolate, without the host's own frames. Places in `filename` are looked up in
 * `sourceMap` (JSON text) and then name the TypeScript source. The text comes from the isolate, so it is cut to size.
 */
export function mapStack(stack: string, filename: string, sourceMap?: string): string {
  const lines = stack.slice(0, MAX_FRAMES * MAX_LINE_CHARS).split('\n');
  const boundary = lines.findIndex((line) => line.includes(BOUNDARY));
  const own = lines.slice(0, boundary < 0 ? MAX_FRAMES : Math.min(boundary, MAX_FRAMES));
  const map = sourceMap === undefined ? undefined : new SourceMap(JSON.parse(sourceMap) as SourceMapPayload);
  return own.map((line) => mapLine(line.slice(0, MAX_LINE_CHARS), filename, map)).join('\n');
}

function mapLine(line: string, filename: string, map: SourceMap | undefined): string {
  const place = PLACE.exec(line);
  if (!map || !place) return line;
  const [, path = '', lineNumber, column, tail = ''] = place;
  const [before, file] = splitAtParenthesis(path);
  if (file !== filename) return line;
  const entry = map.findEntry(Number(lineNumber) - 1, Number(column) - 1);
  if (!('originalSource' in entry)) return line;
  const source = entry.originalSource.replace(/^(\.\.\/)+/, '');
  const original = `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  return `${line.slice(0, place.index)}${before}${original}${tail}`;
}

function splitAtParenthesis(path: string): [before: string, file: string] {
  return path.startsWith('(') ? ['(', path.slice(1)] : ['', path];
}
