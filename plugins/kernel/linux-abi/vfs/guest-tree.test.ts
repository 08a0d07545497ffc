import { expect } from 'chai';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Errno } from '../../../../core/abi/errno.js';
import { Open } from './flags.js';
import { createGuestTree } from './guest-tree.js';
import type { GuestTree, MountRequest } from './guest-tree.js';
import { pathOf } from './location.js';
import { openPath } from './open.js';
import { sampleProcess, sampleSource } from './procfs/testing.js';
import { callerAt, errnoOf, nowNs, openFile, readText, writeText } from './testing.js';
import { foreign } from './types.js';
import type { Caller } from './vfs.js';

describe('the tree of a guest', () => {
  let base: string;
  let tree: GuestTree;
  let root: Caller;
  const names = (path: string): string[] => {
    const opened = openPath(tree.vfs, root, { path }, Open.DIRECTORY);
    if (opened.kind !== 'directory') throw new Error('no directory');
    return opened.handle
      .entries(2)
      .map(({ name }) => name)
      .sort();
  };
  const read = (path: string): string => readText(tree.vfs, root, path);

  function build(mounts: readonly MountRequest[] = [], program = join(base, 'bin/program')): void {
    const process = sampleProcess(() => ({ executable: tree.program, cwd: tree.vfs.root }));
    tree = createGuestTree({
      program,
      mounts,
      devices: { random: (into) => void into.fill(7), terminal: () => foreign('the terminal') },
      processes: sampleSource(process),
      nowNs,
    });
    root = callerAt(tree.vfs.root);
  }

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'guest-tree-')));
    mkdirSync(join(base, 'bin'));
    writeFileSync(join(base, 'bin/program'), 'ELF');
    writeFileSync(join(base, 'bin/neighbour'), 'hidden');
    build();
  });

  afterEach(() => {
    tree.close();
    rmSync(base, { recursive: true });
  });

  it('shows the program alone under its own path, read-only', () => {
    expect(read(join(base, 'bin/program'))).to.equal('ELF');
    expect(names(join(base, 'bin'))).to.deep.equal(['program']);
    expect(pathOf(tree.program)).to.equal(join(base, 'bin/program'));
    expect(errnoOf(() => writeText(tree.vfs, root, join(base, 'bin/program'), ''))).to.equal(Errno.EROFS);
  });

  it('shows a program that is named through links under both names', () => {
    symlinkSync('bin', join(base, 'sbin'));
    tree.close();
    build([], join(base, 'sbin/program'));
    expect(read(join(base, 'sbin/program'))).to.equal('ELF');
    expect(pathOf(tree.program)).to.equal(join(base, 'bin/program'));
  });

  it('has /dev, /proc, /tmp and little else', () => {
    expect(names('/')).to.deep.equal(['dev', 'proc', 'tmp']);
    expect(names('/dev')).to.include.members([
      'fd',
      'full',
      'null',
      'random',
      'stdin',
      'tty',
      'urandom',
      'zero',
    ]);
    const user = { ...root, uid: 1000, gid: 1000 };
    writeText(tree.vfs, user, '/tmp/f', 'x');
    expect(errnoOf(() => writeText(tree.vfs, user, '/f', 'x'))).to.equal(Errno.EACCES);
  });

  it('has devices that behave', () => {
    const bytes = new Uint8Array(3).fill(1);
    const device = (name: string) => openFile(tree.vfs, root, `/dev/${name}`, Open.RDWR);
    expect(device('null').read(bytes, 0)).to.equal(0);
    expect(device('null').write(bytes, 0)).to.equal(3);
    expect(device('urandom').read(bytes, 0)).to.equal(3);
    expect([...bytes]).to.deep.equal([7, 7, 7]);
    expect(device('zero').read(bytes, 0)).to.equal(3);
    expect([...bytes]).to.deep.equal([0, 0, 0]);
    expect(errnoOf(() => device('full').write(bytes, 0))).to.equal(Errno.ENOSPC);
    const tty = openPath(tree.vfs, root, { path: '/dev/tty' }, Open.RDWR);
    expect(tty).to.include({ kind: 'foreign', what: 'the terminal' });
  });

  it('shows mounts, the outer one before the inner one, and /tmp gives way to a mount', () => {
    tree.close();
    mkdirSync(join(base, 'data'));
    build([
      { host: join(base, 'bin'), guest: '/data/deep/bin', readOnly: true },
      { host: join(base, 'data'), guest: '/data', readOnly: false },
      { host: join(base, 'data'), guest: '/tmp', readOnly: false },
    ]);
    expect(names('/data')).to.deep.equal(['deep']);
    expect(read('/data/deep/bin/neighbour')).to.equal('hidden');
    writeText(tree.vfs, root, '/tmp/new', 'x');
    expect(read('/data/new')).to.equal('x');
    expect(read('/proc/mounts')).to.include(`${join(base, 'bin')} /data/deep/bin hostfs ro,relatime 0 0`);
  });

  it('takes a mount at / for the whole rest', () => {
    tree.close();
    build([{ host: base, guest: '/', readOnly: true }], join(base, 'bin/program'));
    expect(read('/bin/neighbour')).to.equal('hidden');
    expect(names('/dev')).to.include('null');
    expect(errnoOf(() => writeText(tree.vfs, root, '/new', 'x'))).to.equal(Errno.EROFS);
  });

  it('says which folder it cannot show', () => {
    const mounts = [{ host: join(base, 'missing'), guest: '/m', readOnly: false }];
    expect(() => build(mounts)).to.throw(/cannot show .*missing/);
  });

  describe('/proc', () => {
    it('leads from self to the process, and from exe to the program', () => {
      expect(tree.vfs.readlink(root, { path: '/proc/self' })).to.equal('7');
      expect(tree.vfs.readlink(root, { path: '/proc/self/exe' })).to.equal(join(base, 'bin/program'));
      expect(read('/proc/self/exe')).to.equal('ELF');
      expect(read('/proc/thread-self/comm')).to.equal('cat\n');
      expect(read('/dev/fd/3')).to.equal('ELF');
      expect(tree.vfs.readlink(root, { path: '/proc/7/fd/3' })).to.equal(join(base, 'bin/program'));
      expect(read(`/proc/self/cwd/${join(base, 'bin/program')}`)).to.equal('ELF');
      expect(names('/proc/self/task')).to.deep.equal(['7', '8']);
      expect(errnoOf(() => read('/proc/8/comm'))).to.equal(Errno.ENOENT);
    });

    it('prints processes as Linux does', () => {
      expect(read('/proc/7/cmdline')).to.equal('cat\0file\0');
      expect(read('/proc/7/maps')).to.equal(
        '00400000-00401000 r-xp 00000000 08:01 42                                 /bin/cat\n',
      );
      const stat = read('/proc/7/stat');
      expect(stat).to.match(/^7 \(cat \(x\) R 1 7 7 0 -1 4194304 3 0 1 0 3 2 0 0 20 0 2 0 100 8192 1 /);
      expect(
        stat
          .slice(stat.lastIndexOf(')') + 2)
          .trim()
          .split(' '),
      ).to.have.length(50);
      expect(read('/proc/7/status')).to.include(
        'Name:\tcat (x\nUmask:\t0022\nState:\tR (running)\nTgid:\t7\n',
      );
      expect(read('/proc/7/status'))
        .to.include('Uid:\t1000\t1000\t1000\t1000\n')
        .and.include('SigCgt:\t0000000000000008\n');
      expect(read('/proc/7/task/8/status')).to.include('Name:\thelper\n').and.include('Pid:\t8\n');
      expect(read('/proc/7/limits')).to.include(
        'Max open files            1024                 unlimited            files     \n',
      );
      expect(read('/proc/7/fdinfo/3')).to.include('pos:\t9\nflags:\t02\n');
    });

    it('prints the system as Linux does', () => {
      expect(read('/proc/meminfo')).to.include('MemTotal:          65536 kB\n');
      expect(read('/proc/uptime')).to.equal('12.34 2.00\n');
      expect(read('/proc/loadavg')).to.equal('0.00 0.00 0.00 1/2 7\n');
      expect(read('/proc/version')).to.match(/^Linux version 6\.1\.0 /);
      expect(read('/proc/cpuinfo'))
        .to.include('model name\t: Halfcell\n')
        .and.include('\nflags\t\t: fpu sse2\n');
      expect(read('/proc/sys/kernel/osrelease')).to.equal('6.1.0\n');
      expect(read('/proc/sys/kernel/random/uuid')).to.match(/^1{8}-1{4}-4111-9111-1{12}\n$/);
      expect(names('/proc/sys')).to.deep.equal(['fs', 'kernel', 'vm']);
      expect(read('/proc/filesystems')).to.include('nodev\ttmpfs\n');
    });

    it('lets nothing be added, changed or written', () => {
      const user = { ...root, uid: 1000, gid: 1000 };
      expect(errnoOf(() => writeText(tree.vfs, user, '/proc/new', 'x'))).to.equal(Errno.EACCES);
      expect(errnoOf(() => writeText(tree.vfs, root, '/proc/version', 'x'))).to.equal(Errno.EACCES);
      expect(pathOf(tree.vfs.find(root, { path: '/proc/7/fd' }))).to.equal('/proc/7/fd');
    });
  });
});
