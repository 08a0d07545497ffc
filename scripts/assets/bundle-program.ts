import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { basename, join } from 'node:path';
import { packageRoot } from './package-root.js';

export interface IsolateProgram {
  readonly code: string;
  readonly filename: string;
  readonly sourceMap: string;
}

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
} satisfies BuildOptions;

/** Compiles the TypeScript file `entry` with all it imports. Errors are esbuild's, with file, line and column. */
export async function bundleProgram(entry: string, filename: string): Promise<IsolateProgram> {
  const outfile = join(packageRoot(), 'dist/isolates', basename(entry).replace(/\.ts$/, '.js'));
  const { outputFiles } = await build({
    ...isolateBuildOptions,
    entryPoints: [entry],
    outfile,
    write: false,
  });
  const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { code: text('.js'), sourceMap: text('.js.map'), filename };
}
