import { expect } from 'chai';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, halfcell, isHost, runCommand, temporaryFolder, skipWithout } from './halfcell.js';
import { quoted } from './questions.js';

const MODULES = join(import.meta.dirname, '../../node_modules');
/** A static Go program: threads, futexes, epoll, signals that preempt, a garbage collector. */
const ESBUILD = join(MODULES, '@esbuild/linux-x64/bin/esbuild');

const SOURCES = {
  'main.ts': `
    import { area } from './shapes.js';
    enum Kind { Circle, Square = 4 }
    const sizes: readonly number[] = [1, 2, 3];
    console.log(sizes.map((size) => area({ kind: Kind.Square, size })?.toFixed(1) ?? 'none'));
  `,
  'shapes.ts': `
    export interface Shape { readonly kind: number; readonly size: number }
    export const area = ({ kind, size }: Shape): number | undefined => (kind > 0 ? size ** 2 : undefined);
    export const unused = class { #secret = 1; get secret() { return this.#secret; } };
  `,
};

const PROGRAM_OF_API = `
  import { build, stop, transform } from ${JSON.stringify(join(MODULES, 'esbuild/lib/main.js'))};
  const plugin = {
    name: 'answers',
    setup: ({ onLoad }) => onLoad({ filter: /shapes/ }, () => ({ contents: 'export const area = () => 42' })),
  };
  const built = await build({ entryPoints: ['main.ts'], bundle: true, write: false, plugins: [plugin] });
  console.log(built.outputFiles[0].text, (await transform('let x: number = 1', { loader: 'ts' })).code);
  await stop();
`;

describe('esbuild, a static Go program, in halfcell run (needs @esbuild/linux-x64)', function () {
  this.timeout(60_000);
  before(function () {
    skipWithout(this, isHost && existsSync(ESBUILD));
  });
  const folder = temporaryFolder();
  beforeEach(() => {
    for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder.path, name), text);
  });
  const mounted = () => ['--mount', `${folder.path}:${folder.path}`, '--cwd', folder.path];
  const content = (name: string) => readFileSync(join(folder.path, name));

  it('bundles, minifies and maps files of a mount as it does on the host', async () => {
    const options = [
      'main.ts',
      '--bundle',
      '--minify',
      '--target=es2017',
      '--sourcemap',
      '--log-level=warning',
    ];
    const native = await command(ESBUILD, [...options, '--outfile=out.js'], { cwd: folder.path });
    const expected = [content('out.js'), content('out.js.map')];
    expect(
      await halfcell([...mounted(), ESBUILD, ...options, '--outfile=out.js', '--allow-overwrite']),
    ).to.deep.equal(native);
    expect([content('out.js'), content('out.js.map')]).to.deep.equal(expected);
  });

  it('serves a JavaScript program that asks for builds over pipes, and asks back', async () => {
    writeFileSync(join(folder.path, 'api.mjs'), PROGRAM_OF_API);
    const [file, args] = runCommand(...mounted(), ESBUILD);
    const wrapper = join(folder.path, 'esbuild');
    writeFileSync(wrapper, `#!/bin/sh\nexec ${[file, ...args].map(quoted).join(' ')} "$@"\n`, {
      mode: 0o755,
    });
    const ask = (binary: string) =>
      command(process.execPath, ['api.mjs'], {
        cwd: folder.path,
        env: { ...process.env, ESBUILD_BINARY_PATH: binary },
      });
    expect(await ask(wrapper)).to.deep.equal(await ask(ESBUILD));
  });
});
