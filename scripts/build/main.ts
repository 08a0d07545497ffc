import { build } from 'esbuild';

/** One bundle for each entry point; packages stay outside, they are dependencies. */
await build({
  entryPoints: { halfcell: 'scripts/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
