import { expect } from 'chai';
import { Errno } from '../../../core/abi/errno.js';
import { Mode, Open } from '../../../core/abi/flags.js';
import { withSystem } from './testing/boot.js';
import { PosixError } from './posix-error.js';

const errnoOf = (act: () => unknown): number => {
  try {
    act();
    return 0;
  } catch (error) {
    if (error instanceof PosixError) return error.errno;
    throw error;
  }
};

describe('files of a booted system', () => {
  it('keep what was written, also behind a hole', () =>
    withSystem(({ files }) => {
      files.writeFile('/tmp/a', 'hello');
      expect(files.readText('/tmp/a')).equal('hello');
      files.with('/tmp/a', Open.RDWR, (fd) => {
        files.seek(fd, 10);
        files.write(fd, Uint8Array.of(33));
      });
      expect([...files.readFile('/tmp/a')].slice(5)).deep.equal([0, 0, 0, 0, 0, 33]);
      expect(files.stat('/tmp/a')).include({ size: 11, mode: Mode.FILE + 0o644 });
    }));

  it('carry more than one chunk', () =>
    withSystem(({ files }) => {
      const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);
      files.writeFile('/tmp/big', bytes);
      expect(files.readFile('/tmp/big')).deep.equal(bytes);
    }));

  it('list, rename, link and vanish', () =>
    withSystem(({ files }) => {
      files.makeDirectory('/tmp/d');
      files.writeFile('/tmp/d/x', '1');
      files.rename('/tmp/d/x', '/tmp/d/y');
      files.link('/tmp/d/y', '/tmp/d/z');
      files.symlink('y', '/tmp/d/s');
      expect(files.readDirectory('/tmp/d').map(({ name }) => name)).deep.equal(['y', 'z', 's']);
      expect(files.readText('/tmp/d/s')).equal('1');
      expect(files.readLink('/tmp/d/s')).equal('y');
      expect(files.stat('/tmp/d/z').nlink).equal(2);
      expect(errnoOf(() => files.removeDirectory('/tmp/d'))).equal(Errno.ENOTEMPTY);
      for (const name of ['y', 'z', 's']) files.unlink(`/tmp/d/${name}`);
      files.removeDirectory('/tmp/d');
      expect(errnoOf(() => files.stat('/tmp/d'))).equal(Errno.ENOENT);
    }));

  it('follow links into other schemes', () =>
    withSystem(({ files }) => {
      files.writeFile('/dev/null', 'gone');
      expect(files.readText('/dev/null')).equal('');
      expect(files.with('/dev/zero', Open.RDONLY, (fd) => [...files.read(fd, 3)])).deep.equal([0, 0, 0]);
    }));

  it('answer the errors a user expects', () =>
    withSystem(({ files }) => {
      files.writeFile('/tmp/f', 'x');
      files.symlink('loop', '/tmp/loop');
      const errors = {
        ENOENT: () => files.readText('/tmp/nothing'),
        ENOTDIR: () => files.readText('/tmp/f/x'),
        EISDIR: () => files.writeFile('/tmp', 'x'),
        EEXIST: () => files.makeDirectory('/tmp/f'),
        ELOOP: () => files.readText('/tmp/loop'),
        ENODEV: () => files.readText('/scheme/nowhere/x'),
        EXDEV: () => files.rename('/tmp/f', '/scheme/null/x'),
        EBADF: () => files.read(40),
      };
      for (const [name, act] of Object.entries(errors))
        expect(errnoOf(act), name).equal(Errno[name as keyof typeof Errno]);
    }));

  it('lists the schemes', () =>
    withSystem(({ files }) => {
      const names = files.readDirectory('/scheme').map(({ name }) => name);
      expect(names).include.members(['file', 'log', 'null', 'pipe', 'proc', 'rand', 'zero']);
      expect(names).not.include('kernel.proc');
    }));

  it('random bytes differ', () =>
    withSystem(({ files }) => {
      const take = () => files.with('/scheme/rand', Open.RDONLY, (fd) => [...files.read(fd, 32)].join());
      expect(take()).not.equal(take());
    }));

  it('a line of the log goes to the console with its context', () =>
    withSystem(({ files }, { shown }) => {
      files.writeFile('/scheme/log/driver', 'half', 0);
      files.writeFile('/scheme/log/driver', 'two\nlines\n', 0);
      expect(shown()).equal('driver: two\ndriver: lines\n');
    }));
});
