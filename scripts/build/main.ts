import { build } from 'esbuild';
import { chmod, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isolateBuildOptions, launchEntry } from '../assets/bundle-program.js';
import { isolateProgramNames } from '../assets/isolate-program.js';
import { packageRoot } from '../assets/package-root.js';
import { STORED_MACHINE } from '../assets/prebuilt.js';
import { scanHandlerPlaces } from '../../plugins/kernel/syscalls/places.js';
import { storedMachine } from './stored-machine.js';

const root = packageRoot();
const dist = join(root, 'dist');
// Built aside and moved at the end: somebody may be running what stands in dist.
const fresh = join(root, `dist.${process.pid}`);

/** Packages stay outside, they are dependencies. Split, so that a command loads only what it uses. */
async function buildCommandLine(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { halfcell: 'scripts/cli/main.ts' },
    outdir: fresh,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    minifyWhitespace: true,
    minifySyntax: true,
    define: { HALFCELL_HANDLER_PLACES: JSON.stringify(scanHandlerPlaces(root)) },
    logLevel: 'warning',
  });
  await chmod(join(fresh, 'halfcell.js'), 0o755);
}

async function buildIsolatePrograms(): Promise<void> {
  const names = await isolateProgramNames();
  if (names.length === 0) return;
  await build({
    ...isolateBuildOptions,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      names.map((name) => [name, launchEntry(join(root, `plugins/services/${name}/main.ts`))]),
    ),
    outdir: join(fresh, 'isolates'),
    logLevel: 'warning',
  });
}

/** What is not compiled: machine descriptions, and native programs as they were built for the guest. */
async function copyData(): Promise<void> {
  const filter = (path: string) => !path.endsWith('.ts');
  for (const [from, to] of Object.entries({ 'scripts/machines': 'machines', prebuilt: 'prebuilt' })) {
    if (existsSync(join(root, from)))
      await cp(join(root, from), join(fresh, to), { recursive: true, filter });
  }
}

/** What every machine would otherwise make at its start. */
async function storeMachine(): Promise<void> {
  await writeFile(join(fresh, STORED_MACHINE), storedMachine());
}

/** Another build may finish at the same time: the last one stays. */
async function putInPlace(triesLeft = 5): Promise<void> {
  const old = `${fresh}.old`;
  await rename(dist, old).catch(() => {});
  const failure = await rename(fresh, dist).catch((error: unknown) => error);
  await rm(old, { recursive: true, force: true });
  if (failure && triesLeft === 0) throw failure;
  if (failure) await putInPlace(triesLeft - 1);
}

await mkdir(fresh, { recursive: true });
try {
  await Promise.all([buildCommandLine(), buildIsolatePrograms(), copyData(), storeMachine()]);
  await putInPlace();
} finally {
  await rm(fresh, { recursive: true, force: true });
}
