import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** V8 takes what the same V8 has compiled. */
const engine = () => `${process.versions.v8}-${process.arch}`;

/** Where the build puts what V8 has compiled of a bundle. */
export const shippedCache = (bundle: string) => `${bundle}.${engine()}.cache`;

/** Where the build puts a hash of a bundle: V8 itself only looks at the length. */
export const identity = (bundle: string) => `${bundle}.id`;

/** The same for other versions of Node than the one it was built with, in this user's cache folder. */
export function userCache(bundle: string): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'halfcell', `${engine()}-${readFileSync(identity(bundle), 'latin1')}.cache`);
}

/** In place of those of other bundles. A folder that cannot be written is no reason to fail. */
export function storeUserCache(path: string, content: Uint8Array): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true });
    const outdated = readdirSync(folder).filter((file) => file.startsWith(engine()));
    for (const file of outdated) rmSync(join(folder, file));
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, content);
    renameSync(fresh, path);
  } catch {
    // It starts as slowly the next time.
  }
}

/** What V8 can start from, and otherwise where to put it. */
export function findCache(bundle: string): { readonly cache?: string; readonly missing?: string } {
  const shipped = shippedCache(bundle);
  if (existsSync(shipped)) return { cache: shipped };
  if (!existsSync(identity(bundle))) return {};
  const own = userCache(bundle);
  return existsSync(own) ? { cache: own } : { missing: own };
}
