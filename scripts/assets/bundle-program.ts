import { build } from 'esbuild';
import type { BuildOptions, Plugin } from 'esbuild';
import { basename, dirname, join, resolve } from 'node:path';
import { packageRoot } from './package-root.js';

export interface IsolateProgram {
  readonly code: string;
  readonly filename: string;
  readonly sourceMap: string;
}

export interface CompiledProgram extends IsolateProgram {
  /** Absolute paths of everything that was compiled into it. */
  readonly sources: readonly string[];
}

const LAUNCH = 'launch:';

/** What a program's bundle starts with: its `main`, run as a process. */
export const launchEntry = (file: string) => `${LAUNCH}${resolve(file)}`;

const launcher: Plugin = {
  name: 'launcher',
  setup(bundle) {
    const runtime = join(packageRoot(), 'plugins/services/runtime/program.ts');
    bundle.onResolve({ filter: /^launch:/ }, ({ path }) => ({
      path: path.slice(LAUNCH.length),
      namespace: LAUNCH,
    }));
    bundle.onLoad({ filter: /.*/, namespace: LAUNCH }, ({ path }) => ({
      contents: `import { main } from ${JSON.stringify(path)}; import { launch } from ${JSON.stringify(runtime)}; launch(main);`,
      loader: 'ts',
      resolveDir: dirname(path),
    }));
  },
};

/** An isolate has no module loader and no Node: one script with everything in it. */
export const isolateBuildOptions = {
  bundle: true,
  format: 'iife',
  platform: 'neutral',
  target: 'es2023',
  mainFields: ['module', 'main'],
  conditions: ['import'],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  sourcemap: 'external',
  sourcesContent: false,
  logLevel: 'silent',
  plugins: [launcher],
} satisfies BuildOptions;

/** Compiles the TypeScript file `entry` with all it imports. Errors are esbuild's, with file, line and column. */
export async function bundleProgram(entry: string, filename: string): Promise<CompiledProgram> {
  const outfile = join(packageRoot(), 'dist/isolates', basename(entry).replace(/\.ts$/, '.js'));
  const { outputFiles, metafile } = await build({
    ...isolateBuildOptions,
    entryPoints: [launchEntry(entry)],
    outfile,
    write: false,
    metafile: true,
  });
  const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const inputs = Object.keys(metafile.inputs).filter((input) => !input.startsWith(LAUNCH));
  return {
    code: text('.js'),
    sourceMap: text('.js.map'),
    filename,
    sources: inputs.map((input) => resolve(input)),
  };
}
