import { expect } from 'chai';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boot } from './machine.js';
import type { Booted } from './machine.js';

describe('a folder of the host in a booted machine', function () {
  this.timeout(60_000);
  let machine: Booted;
  let base: string;
  let folder: string;
  const output = async (command: string) => (await machine.run(command)).output;

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'mounts-'));
    folder = join(base, 'shown');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'a'), 'from the host\n');
    writeFileSync(join(base, 'secret'), 'outside\n');
    symlinkSync('a', join(folder, 'link'));
    symlinkSync(join(base, 'secret'), join(folder, 'leak'));
    symlinkSync('../secret', join(folder, 'sub/leak'));
    const mounts = [
      { host: folder, guest: '/mnt/here', readOnly: false },
      { host: folder, guest: '/mnt/safe', readOnly: true },
      { host: join(folder, 'a'), guest: '/etc/one-file', readOnly: true },
    ];
    machine = await boot({}, mounts);
  });
  after(async () => {
    await machine.close();
    rmSync(base, { recursive: true });
  });

  it('is read, listed and followed through its links', async () => {
    expect(await output('cat /mnt/here/a /mnt/here/link /etc/one-file')).to.equal(
      'from the host\n'.repeat(3),
    );
    expect(await output('ls /mnt/here')).to.equal('a\nleak\nlink\nsub\n');
    expect(await output('cd /mnt/here/sub && cat ../a && ls -d . && pwd')).to.equal(
      'from the host\n.\n/mnt/here/sub\n',
    );
    expect(await output('ls -l /mnt/here/link')).to.match(/^l.*-> a\n$/);
  });

  it('is written, with names, modes and sizes', async () => {
    await machine.run(
      'cd /mnt/here; echo one > new; echo two >> new; chmod 640 new; mkdir -p d/e; mv new d/e/moved; ln -s moved d/e/ln',
    );
    expect(readFileSync(join(folder, 'd/e/moved'), 'utf8')).to.equal('one\ntwo\n');
    expect(await output('cat /mnt/here/d/e/ln; ls -l /mnt/here/d/e/moved')).to.match(
      /^one\ntwo\n-rw-r----- .* 8 /,
    );
    expect(await machine.run('rm /mnt/here/d/e/ln; rmdir /mnt/here/d; rm -r /mnt/here/d')).to.include({
      status: 0,
    });
    expect(existsSync(join(folder, 'd'))).to.equal(false);
  });

  it('carries large files both ways, and runs the programs in it', async () => {
    const bytes = Buffer.alloc(300_000, 'halfcell ');
    writeFileSync(join(folder, 'large'), bytes);
    await machine.run(
      'cp /mnt/here/large /tmp/large; cp /tmp/large /mnt/here/back; cp /usr/bin/primes /mnt/here/p',
    );
    expect(readFileSync(join(folder, 'back')).equals(bytes)).to.equal(true);
    expect(await output('/mnt/here/p 3; rm /mnt/here/p /mnt/here/large /mnt/here/back')).to.equal(
      '2\n3\n5\n',
    );
  });

  it('is all that can be reached through it', async () => {
    for (const path of ['leak', 'sub/leak', '../secret', 'sub/../../secret'])
      expect((await machine.run(`cat /mnt/here/${path}`)).status, path).to.equal(1);
    expect(await output('ls /scheme/host.0/..')).to.equal(await output('ls /scheme'));
  });

  it('is only read where it says so', async () => {
    for (const command of [
      'echo x > /mnt/safe/a',
      'rm /mnt/safe/a',
      'mkdir /mnt/safe/x',
      'echo x >> /etc/one-file',
    ])
      expect(await output(`${command}; true`), command).to.match(/Read-only file system/);
    expect(readFileSync(join(folder, 'a'), 'utf8')).to.equal('from the host\n');
  });

  it('cannot take the place of what the guest has', async () => {
    for (const guest of ['/', '/usr', '/tmp', '/etc/hostname']) {
      const failure = await boot({}, [{ host: folder, guest, readOnly: false }]).catch(String);
      expect(failure, guest).to.include('the guest has something at');
    }
  });
});
