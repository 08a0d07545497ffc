import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this package's `package.json`, in a checkout and when installed. */
export function packageRoot(from = dirname(fileURLToPath(import.meta.url))): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('no package.json above this module');
  return packageRoot(parent);
}

/** Whether this module runs from the built bundle, where nothing needs to be compiled. */
export const isBuilt = () => !import.meta.url.endsWith('.ts');
