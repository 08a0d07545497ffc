import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { packageRoot } from '../../scripts/assets/package-root.js';
import { busybox, command, isHost, skipWithout } from '../run/halfcell.js';
import { builtCommandLine } from '../support/built.js';

interface Manifest {
  readonly bin: { readonly halfcell: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const ROOT = packageRoot();
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** What npm would publish, put where and how npm puts it. */
function install(folder: string): void {
  builtCommandLine();
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'halfcell');
  mkdirSync(own, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', own, '--strip-components=1']);
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
    link(join(ROOT, 'node_modules', name), join(modules, name));
  link(join('..', 'halfcell', manifest.bin.halfcell), join(modules, '.bin/halfcell'));
  chmodSync(join(modules, '.bin/halfcell'), 0o755);
  writeFileSync(join(folder, 'package.json'), '{}\n');
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

describe('the package, installed', function () {
  this.timeout(60_000);
  let folder: string;
  const env = () => ({
    ...process.env,
    PATH: [join(folder, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    npm_config_update_notifier: 'false',
    npm_config_loglevel: 'silent',
  });
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'halfcell-package-'));
    install(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('has a command that npx finds, which boots, prints and ends as it is told', async () => {
    const ended = await command('npx', ['--no-install', 'halfcell', 'boot', '--exec', 'echo hi; exit 7'], {
      cwd: folder,
      env: env(),
    });
    expect(ended).to.deep.equal({ status: 7, stdout: 'hi\n', stderr: '' });
  });

  it('has a command that PATH leads to from anywhere, which runs a program (needs a static busybox)', async function () {
    skipWithout(this, isHost && busybox !== undefined);
    const ended = await command('halfcell', ['run', busybox!, 'sh', '-c', 'echo hi; exit 7'], {
      cwd: tmpdir(),
      env: env(),
    });
    expect(ended).to.deep.equal({ status: 7, stdout: 'hi\n', stderr: '' });
  });
});
