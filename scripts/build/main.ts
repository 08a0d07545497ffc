import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isolateBuildOptions, launchEntry } from '../assets/bundle-program.js';
import { isolateProgramNames } from '../assets/isolate-program.js';
import { packageRoot } from '../assets/package-root.js';
import { BUNDLE_FOOT, BUNDLE_HEAD } from '../cli/cached-program.js';
import { identity } from '../cli/compile-cache.js';
import { scanHandlerPlaces } from '../../plugins/kernel/syscalls/places.js';
import { lazyModules } from './lazy-modules.js';
import { storeStart } from './store-start.js';

const root = packageRoot();
const dist = join(root, 'dist');
// Built aside and moved at the end: somebody may be running what stands in dist.
const fresh = join(root, `dist.${process.pid}`);

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** With native code, or large and rarely used. */
const OUTSIDE = ['esbuild', 'chokidar', 'isolated-vm', 'isolated-vm-node20', 'isolated-vm-node22'];

/** What a CommonJS module lacks: its URL, and an `import` that works when V8 got it compiled. */
const PRELUDE =
  "const HALFCELL_URL=require('node:url').pathToFileURL(__filename).href," +
  "$mport=typeof HALFCELL_IMPORT==='function'?HALFCELL_IMPORT:(name)=>import(name);";

/** Of the same length, so that the source map stays true. */
async function replaceImports(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replaceAll('await import(', 'await $mport('));
}

/** One CommonJS module, because that is what V8 can be given compiled; and a small start for it. */
async function buildCommandLine(): Promise<void> {
  await Promise.all([
    build({
      ...shared,
      entryPoints: { halfcell: 'scripts/cli/bundle.ts' },
      outdir: fresh,
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      charset: 'ascii',
      legalComments: 'external',
      external: OUTSIDE,
      plugins: [lazyModules],
      banner: { js: `${BUNDLE_HEAD}${PRELUDE}` },
      footer: { js: BUNDLE_FOOT },
      define: {
        'import.meta.url': 'HALFCELL_URL',
        HALFCELL_HANDLER_PLACES: JSON.stringify(scanHandlerPlaces(root)),
      },
    }),
    build({ ...shared, entryPoints: { halfcell: 'scripts/cli/start.ts' }, outdir: fresh, format: 'cjs' }),
    writeFile(join(fresh, 'package.json'), '{ "type": "commonjs" }\n'),
  ]);
  const bundle = join(fresh, 'halfcell.cjs');
  await replaceImports(bundle);
  const hash = createHash('sha256').update(await readFile(bundle));
  await writeFile(identity(bundle), hash.digest('hex').slice(0, 16));
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
  const folders = { 'scripts/machines': 'machines', 'scripts/bench/native': 'bench', prebuilt: 'prebuilt' };
  for (const [from, to] of Object.entries(folders)) {
    if (existsSync(join(root, from)))
      await cp(join(root, from), join(fresh, to), { recursive: true, filter });
  }
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
  await Promise.all([buildCommandLine(), buildIsolatePrograms(), copyData()]);
  await storeStart(fresh);
  await putInPlace();
} finally {
  await rm(fresh, { recursive: true, force: true });
}
