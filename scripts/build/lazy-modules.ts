import type { Plugin } from 'esbuild';
import { dirname, join, relative, sep } from 'node:path';
import { packageRoot } from '../assets/package-root.js';

/** By importing module, then by what it imports: functions, and classes by a capital letter, that most runs never call. */
const ON_DEMAND: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'core/cpu/generated.ts': {
    '../isa/rows/index.js': ['loadRows'],
    './decoder/index.js': ['recordDecoder'],
    './rare.js': ['rareModule'],
    './tier-one.js': ['tierOneModule'],
    './x87/index.js': ['helperModule', 'helperSignatures'],
  },
  'core/cpu/cpu.ts': {
    './x87/index.js': ['helperSignatures'],
    './x87/transcendental/index.js': ['computeTranscendental'],
  },
  'core/cpu/decoded-block.ts': { '../isa/disassemble.js': ['disassemble'] },
  'core/cpu/tier-two/compile-queue.ts': { './region-module.js': ['RegionModule', 'regionExport'] },
  'core/cpu/tier-two/tier-two.ts': {
    './find-region.js': ['findRegion'],
    './neighbours.js': ['neighboursIn'],
  },
  'plugins/kernel/image/index.ts': {
    './link.js': ['linkImage'],
    './sections.js': ['imageSections', 'imageSymbols'],
  },
};

const NAMESPACE = 'on-demand';

/** Bundles these imports so that a module is only evaluated when one of its functions is first called. */
export const lazyModules: Plugin = {
  name: NAMESPACE,
  setup(bundle) {
    bundle.onResolve({ filter: /^\./ }, ({ path, importer, namespace }) => {
      const from = relative(packageRoot(), importer).split(sep).join('/');
      const names = namespace === 'file' ? ON_DEMAND[from]?.[path] : undefined;
      if (!names) return undefined;
      const file = join(dirname(importer), path.replace(/\.js$/, '.ts'));
      return { path: `${file}?${from}`, namespace: NAMESPACE, pluginData: { file, names } };
    });
    bundle.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ pluginData }) => {
      const { file, names } = pluginData as { file: string; names: readonly string[] };
      return { contents: forwarding(file, names), loader: 'js', resolveDir: dirname(file) };
    });
  },
};

const forwarding = (file: string, names: readonly string[]) =>
  names
    .map((name) => {
      const call = /^[A-Z]/.test(name) ? 'new ' : '';
      const target = `(require(${JSON.stringify(file)}).${name})`;
      return `export function ${name}(...args) { return ${call}${target}(...args); }`;
    })
    .join('\n');
