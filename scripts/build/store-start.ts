import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CachedProgram } from '../cli/cached-program.js';
import { trialProgram } from './trial-program.js';

const run = promisify(execFile);

/** Lets what was built in `folder` store what every start would otherwise make again: parts of the machine, and what V8 compiles. */
export async function storeStart(folder: string): Promise<void> {
  const bundle = join(folder, 'halfcell.cjs');
  const { module } = new CachedProgram(bundle, (name) => import(name));
  const stored = module.storedMachine();
  await Promise.all(stored.map(([file, content]) => writeFile(join(folder, file), content)));
  const guest = join(folder, 'trial');
  await writeFile(guest, trialProgram(), { mode: 0o755 });
  // In a process of its own: what was compiled to store the machine is not needed to run it.
  const trial = fileURLToPath(new URL('./trial.ts', import.meta.url));
  await run(process.execPath, [...process.execArgv, trial, bundle, guest]);
  await rm(guest);
}
