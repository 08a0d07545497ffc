import { expect } from 'chai';
import { Errno } from '../../core/abi/errno.js';
import { Fcntl, Open } from '../../core/abi/flags.js';
import { Stat } from '../../core/abi/structs.js';
import { KernelBench, Root } from './kernel-bench.js';
import type { TestProcess } from './kernel-bench.js';

const BUFFER = 0x4000;

describe('descriptors', () => {
  let bench: KernelBench;
  let process: TestProcess;
  before(async () => void (bench = await KernelBench.create()));
  beforeEach(() => void (process = bench.process()));
  after(() => bench.close());

  it('are numbered by user space: a slot that is taken is EEXIST', () => {
    expect(process.open(Root.sys, 'uname', 3)).to.equal(3);
    expect(process.open(Root.sys, 'uname', 3)).to.equal(-Errno.EEXIST);
  });

  it('of an unknown number are EBADF, whatever the call', () => {
    for (const name of [
      'close',
      'read',
      'write',
      'lseek',
      'fstat',
      'fpath',
      'fevent',
      'fcntl',
      'fsync',
      'call',
    ])
      expect(process.call(name, 55, BUFFER, 104, 0, 0, 0), name).to.equal(-Errno.EBADF);
  });

  it('refuse a path that is too long, or no UTF-8', () => {
    expect(process.call('openat_into', Root.sys, BUFFER, 4097, 0, 0, 3)).to.equal(-Errno.ENAMETOOLONG);
    process.put(BUFFER, Uint8Array.of(0xff, 0xfe));
    expect(process.call('openat_into', Root.sys, BUFFER, 2, 0, 0, 3)).to.equal(-Errno.EINVAL);
  });

  it('refuse a pointer outside the process, and take any pointer for no bytes', () => {
    process.open(Root.pipe, '', 3);
    process.dup(3, 'write', 4);
    expect(() => process.call('write', 4, 0x10, 4)).to.throw();
    expect(process.call('write', 4, 0x10, 0)).to.equal(0);
  });

  it('share one description after dup without text: the position moves for both', () => {
    process.open(Root.sys, 'uname', 3);
    expect(process.call('dup_into', 3, 0, 0, 4)).to.equal(4);
    process.call('read', 3, BUFFER, 6);
    process.call('read', 4, BUFFER, 3);
    expect(process.get(BUFFER, 3).toString()).to.equal('0.5');
  });

  it('close what dup2 replaces', () => {
    process.open(Root.sys, 'uname', 3);
    process.open(Root.pipe, '', 4);
    process.dup(4, 'write', 5);
    expect(process.call('dup2', 3, 4, 0, 0)).to.equal(4);
    process.put(BUFFER, 'x');
    expect(process.call('write', 5, BUFFER, 1)).to.equal(-Errno.EPIPE);
  });

  it('go by F_DUPFD to exactly the number that is asked for', () => {
    process.open(Root.sys, 'uname', 3);
    expect(process.call('fcntl', 3, Fcntl.DUPFD, 9)).to.equal(9);
    expect(process.call('fcntl', 3, Fcntl.DUPFD, 9)).to.equal(-Errno.EMFILE);
  });

  it('keep their access mode through F_SETFL', () => {
    process.open(Root.pipe, '', 3, Open.RDONLY);
    process.call('fcntl', 3, Fcntl.SETFL, Open.NONBLOCK | Open.WRONLY);
    expect(process.call('fcntl', 3, Fcntl.GETFL, 0)).to.equal(Open.RDONLY | Open.NONBLOCK);
  });

  it('answer F_GETFD with 0, since close-on-exec is unknown to the kernel', () => {
    process.open(Root.sys, 'uname', 3);
    expect(process.call('fcntl', 3, Fcntl.SETFD, 1)).to.equal(0);
    expect(process.call('fcntl', 3, Fcntl.GETFD, 0)).to.equal(0);
  });

  it('have the scheme id as st_dev in FSTAT', () => {
    process.open(Root.sys, 'uname', 3);
    expect(process.call('fstat', 3, BUFFER, Stat.sizeBytes)).to.equal(0);
    expect(Stat.decode(process.get(BUFFER, Stat.sizeBytes)).dev).to.equal(8);
  });

  for (const [whence, offset, expected] of [
    [0, 5, 5],
    [1, 2, 2],
    [2, -1, 28],
    [0, -1, -Errno.EINVAL],
    [9, 0, -Errno.EINVAL],
  ] as const)
    it(`LSEEK whence ${whence} by ${offset} answers ${expected}`, () => {
      process.open(Root.sys, 'uname', 3);
      expect(process.call('lseek', 3, offset, whence)).to.equal(expected);
    });
});
