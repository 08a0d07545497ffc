import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, hasCompiler } from '../linux/compile.js';
import { busybox, halfcell, needsBusybox, temporaryFolder, skipWithout } from './halfcell.js';

const RACES = join(import.meta.dirname, 'programs/mount-races.c');

describe('a hostile guest and the folders it is shown (needs a static busybox)', function () {
  this.timeout(30_000);
  before(needsBusybox);
  const folder = temporaryFolder();
  let shown: string;
  let secret: string;

  beforeEach(() => {
    shown = join(folder.path, 'shown');
    secret = join(folder.path, 'secret');
    mkdirSync(join(shown, 'inner'), { recursive: true });
    writeFileSync(secret, 'HOST SECRET\n');
    writeFileSync(join(shown, 'file'), 'content\n');
  });

  const guest = (script: string, flags = '') =>
    halfcell(['--mount', `${shown}:/m${flags}`, busybox!, 'sh', '-c', `cd /m; ${script}`]);
  const outcome = async (script: string, flags = '') => {
    const { stdout, stderr } = await guest(script, flags);
    return stdout + stderr;
  };

  it('.. ends at the root of the guest', async () => {
    const text = await outcome(`cat ../secret inner/../../secret /m/../..${secret}; ls ..; cd ../../..; pwd`);
    expect(text).not.to.include('HOST');
    expect(text).to.match(/\n\/\n|^\/\n/);
  });

  it('links lead to places of the guest, absolute ones and those that climb', async () => {
    symlinkSync(secret, join(shown, 'absolute'));
    symlinkSync('../secret', join(shown, 'climbing'));
    symlinkSync('..', join(shown, 'inner/up'));
    symlinkSync('loop', join(shown, 'loop'));
    const text = await outcome(
      'cat absolute climbing inner/up/../secret; cat inner/up/file; cat loop; echo x > absolute',
    );
    expect(text).not.to.include('HOST');
    expect(text).to.include('content').and.include('Too many levels of symbolic links');
    expect(readFileSync(secret, 'utf8')).to.equal('HOST SECRET\n');
  });

  it('links the guest makes lead nowhere else', async () => {
    const text = await outcome(
      `ln -s ${secret} l; cat l; ln -s / r; cat r${secret}; ln ${secret} hard; mv /m/file /m/../../f; ls /`,
    );
    expect(text).not.to.include('HOST');
    expect(existsSync(join(shown, 'hard'))).to.equal(false);
  });

  it("a FIFO of the host stands in nobody's way", async () => {
    execFileSync('mkfifo', [join(shown, 'fifo')]);
    const text = await outcome('ls -l fifo | cut -c1; cat fifo; echo x > fifo; echo alive');
    expect(text).to.match(/^p\nalive\n/);
    expect(text.match(/No such device or address/g)).to.have.length(2);
  });

  it('devices and set-user-id bits do not come out of a guest', async () => {
    await outcome('mknod disk b 8 0; mknod null c 1 3; mknod pipe p; chmod 4755 file');
    const kinds = execFileSync('find', [shown, '-type', 'b', '-o', '-type', 'c'], { encoding: 'utf8' });
    expect(kinds).to.equal('');
  });

  it('names with anything in them stay names', async () => {
    const text = await outcome(
      'printf x > "a b"; printf y > "$(printf "\\\\377\\\\n*")"; ls | wc -l; cat "a b"; rm "a b"; touch "$(printf %0300d 1)"',
    );
    expect(text).to.include('File name too long');
    expect(readdirSync(shown)).to.include('file').and.not.include('a b');
  });

  const refused =
    'echo x > new; echo x >> file; rm file; mv file g; mkdir d; ln -s a b; ln file h; chmod 777 file; touch -d 2000-01-01 file; rmdir inner; truncate -s 0 file; mknod q p';
  it('ro: nothing changes, whatever is tried', async () => {
    const before = execFileSync('ls', ['-lRa', '--time-style=full-iso', shown], { encoding: 'utf8' });
    const text = await outcome(refused, ':ro');
    expect(text.match(/Read-only file system/g)?.length ?? 0).to.be.at.least(10);
    expect(execFileSync('ls', ['-lRa', '--time-style=full-iso', shown], { encoding: 'utf8' })).to.equal(
      before,
    );
  });

  it('ro: neither through a second name, nor /proc/self/fd, nor a remount', async () => {
    symlinkSync('file', join(shown, 'alias'));
    await outcome(
      'echo x > alias; exec 3< file; echo x > /proc/self/fd/3; mount -o remount,rw /m; echo x > file; cd /proc/self/cwd; echo x > file',
      ':ro',
    );
    expect(readFileSync(join(shown, 'file'), 'utf8')).to.equal('content\n');
  });

  it('a single file can be shown, and nothing beside it', async () => {
    const { stdout } = await halfcell([
      '--mount',
      `${join(shown, 'file')}:/etc/one`,
      busybox!,
      'sh',
      '-c',
      'cat /etc/one; ls /etc; echo more >> /etc/one',
    ]);
    expect(stdout).to.equal('content\none\n');
    expect(readFileSync(join(shown, 'file'), 'utf8')).to.equal('content\nmore\n');
  });

  describe('a directory swapped for a link to the outside while files under it are opened (needs gcc)', () => {
    let program: string;
    before(function () {
      skipWithout(this, hasCompiler('gcc'));
      program = compile(RACES, 'gcc');
    });
    beforeEach(() => symlinkSync(folder.path, join(shown, 'trap')));
    const race = async (role: string) =>
      (await halfcell(['--mount', `${shown}:/m`, '--cwd', '/m', program, role])).stdout;
    const nothingHappenedOutside = () => {
      expect(readdirSync(folder.path).sort()).to.deep.equal(['secret', 'shown']);
      expect(readFileSync(secret, 'utf8')).to.equal('HOST SECRET\n');
    };

    it('by another thread: nobody gets out', async () => {
      expect(await race('both')).to.equal('tried 1500, escaped 0\n');
      nothingHappenedOutside();
    });

    it('by another machine with the same folder: nobody gets out', async () => {
      const [, opened] = await Promise.all([race('swap'), race('open')]);
      expect(opened).to.equal('tried 1500, escaped 0\n');
      nothingHappenedOutside();
    });
  });
});
