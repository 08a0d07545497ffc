import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether this module runs from the built bundle, where nothing needs to be compiled. */
export const isBuilt = () => !import.meta.url.endsWith('.ts');

/** Folder of this package's `package.json`, in a checkout and when installed. */
export function packageRoot(from = ownFolder()): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('no package.json above this module');
  return packageRoot(parent);
}

/** What was built lies in a folder with a `package.json` of its own, which is not meant. */
function ownFolder(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  return isBuilt() ? dirname(folder) : folder;
}
