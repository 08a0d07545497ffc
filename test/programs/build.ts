import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SOURCES = join(import.meta.dirname, 'sources');
const CACHE = join(import.meta.dirname, '../../.cache/programs');

/** Each program is one of these, told by the name of its file. */
export const programs = readdirSync(SOURCES)
  .filter((file) => file.endsWith('.c') && file !== 'main.c')
  .map((file) => file.slice(0, -2));

/** One static file with all programs, built by gcc once for each content; answers its path. Rejects with the compiler's words. */
export async function buildPrograms(flags: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(flags.join(' '));
  for (const file of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, file)));
  const path = join(CACHE, `programs${flags.join('')}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const files = ['main', ...programs].map((name) => join(SOURCES, `${name}.c`));
  await run('gcc', [...flags, '-w', '-static', '-o', unfinished, ...files, '-lm']);
  await rename(unfinished, path);
  return path;
}
