import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../native-programs.js';

const run = promisify(execFile);
const VERSION = '0.5.462';

/** Path of v86's module, fetched by npm now unless that was done before; undefined where that fails. */
export async function v86Module(say: (text: string) => void): Promise<string | undefined> {
  const folder = join(cacheFolder(), `v86-${VERSION}`);
  const module = join(folder, 'node_modules/v86/build/libv86.mjs');
  if (existsSync(module)) return module;
  say(`fetching v86 ${VERSION} (17 MB) into ${folder}`);
  try {
    await mkdir(folder, { recursive: true });
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `v86@${VERSION}`]);
    return module;
  } catch {
    say('v86 is left out: npm could not fetch it');
    return undefined;
  }
}
