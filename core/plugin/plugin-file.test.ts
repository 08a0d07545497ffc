import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createBench } from '../../test/support/bench.js';
import type { Bench } from '../../test/support/bench.js';
import { tapIn } from '../hooks/untap.js';
import { Scope } from '../lifecycle/scope.js';

const pluginText = (value: number) => `
  import { definePlugin } from 'halfcell';
  import { OFFSET } from './offset.js';
  export const answer = definePlugin({
    name: 'answer',
    needs: ['ports'],
    start({ scope, use }) {
      scope.use('ports', () => use.ports.claim(0x42, 1, { read8: (): number => ${value} + OFFSET, write8() {} }));
      return {};
    },
  });`;

describe('a plugin from a file', () => {
  let folder: string;
  let file: string;
  let bench: Bench;
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const failureOf = (promise: Promise<unknown>) => promise.catch((error: Error) => error.message);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'halfcell-test-'));
    file = join(folder, 'answer.ts');
    bench = createBench();
    await write('offset.ts', 'export const OFFSET: number = 0;');
    await write('answer.ts', pluginText(7));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('loads, and swaps to what the file says by then', async () => {
    await bench.host.loadFile(file);
    expect(bench.ports.read8(0x42)).to.equal(7);
    await write('answer.ts', pluginText(8));
    await bench.host.swapFile(file);
    expect(bench.ports.read8(0x42)).to.equal(8);
  });

  it('names file, line, column and mistake when it does not compile, and the old one runs on', async () => {
    await bench.host.loadFile(file);
    await write('answer.ts', 'export const x = 1;\nexport const = 2;');
    expect(await failureOf(bench.host.swapFile(file))).to.equal(
      `PLUGIN_FILE: ${file}:2:14 Expected identifier but found "="`,
    );
    expect(bench.ports.read8(0x42)).to.equal(7);
  });

  it('says what is missing when it exports no plugin', async () => {
    await write('answer.ts', 'export const x = 1;');
    expect(await failureOf(bench.host.loadFile(file))).to.match(
      /^PLUGIN_EXPORT: .*answer.ts exports no plugin/,
    );
  });

  it('names the file when it throws while it is imported', async () => {
    await write('answer.ts', 'throw new Error("no luck");');
    expect(await failureOf(bench.host.loadFile(file))).to.equal(`PLUGIN_FILE: ${file} no luck`);
  });

  it('is swapped when it, or what it imports, is saved; a mistake in between changes nothing', async () => {
    await bench.host.loadFile(file);
    const unwatch = await bench.host.watchFile(file);
    const scope = new Scope('test');
    const next = (hook: typeof bench.hooks.pluginSwapped | typeof bench.hooks.pluginFailed) =>
      new Promise<void>((resolve) => tapIn(scope, hook, { name: 'test' }, () => resolve()));
    try {
      await Promise.all([next(bench.hooks.pluginSwapped), write('offset.ts', 'export const OFFSET = 10;')]);
      expect(bench.ports.read8(0x42)).to.equal(17);
      await Promise.all([next(bench.hooks.pluginFailed), write('answer.ts', 'export const = 1;')]);
      expect(bench.ports.read8(0x42)).to.equal(17);
      await Promise.all([next(bench.hooks.pluginSwapped), write('answer.ts', pluginText(20))]);
      expect(bench.ports.read8(0x42)).to.equal(30);
    } finally {
      await unwatch();
    }
  });
});
