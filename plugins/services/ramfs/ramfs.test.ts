import { expect } from 'chai';
import fc from 'fast-check';
import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { buildBootImage } from '../runtime/boot-image.js';
import { PosixError } from '../runtime/posix-error.js';
import { MockMachine } from '../runtime/testing/mock-machine.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';
import { Vault } from '../runtime/vault.js';
import { replayed } from './changes.js';
import { RamFs } from './ramfs.js';
import { tarMembers } from './tar.js';
import type { CarriedFiles } from './ramfs.js';

const root = { pid: 1, uid: 0, gid: 0, tag: 1 };
const user = { pid: 2, uid: 1000, gid: 1000, tag: 2 };
const idOf = (opened: object): number => ('id' in opened ? (opened.id as number) : -1);

const errnoOf = (act: () => unknown): number | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof PosixError) return error.errno;
    throw error;
  }
  return undefined;
};

function system(carried?: CarriedFiles, os = new MockMachine().bootstrap()) {
  const files = new RamFs(os, 'file', carried);
  const open = (path: string, flags: number, who = root) => idOf(files.openat(0, path, flags, who));
  const make = (path: string, mode: number, who = root) =>
    open(path, Open.RDWR + Open.CREAT + Open.EXCL + mode, who);
  const directory = (path: string, mode: number, who = root) =>
    open(path, Open.RDONLY + Open.CREAT + Open.DIRECTORY + Open.EXCL + mode, who);
  const link = (path: string, target: string) =>
    files.write(open(path, Open.WRONLY + Open.CREAT + Open.SYMLINK + Open.EXCL), encodeUtf8(target), 0);
  const names = (id: number) => [...files.getdents(id, 0)].map(({ name }) => decodeUtf8(name));
  return { os, files, open, make, directory, link, names };
}

const path = fc.constantFrom('a', 'b', 'a/b', 'b/a', 'a/b/c', 'l', 'l/a', '', '..', 'a/../b');
const step = fc.tuple(fc.constantFrom('make', 'mkdir', 'link', 'rm', 'rmdir', 'mv', 'ln'), path, path);

const actsOn = ({ files, make, directory, link, open }: ReturnType<typeof system>) =>
  ({
    make: (a) => files.close(make(a, 0o644)),
    mkdir: (a) => files.close(directory(a, 0o755)),
    link: (a, b) => link(a, b),
    rm: (a) => files.unlinkat(0, a, 0, root),
    rmdir: (a) => files.unlinkat(0, a, 0x200, root),
    mv: (a, b) => files.frename(open(a, Open.STAT + Open.SYMLINK), b, root),
    ln: (a, b) => files.flink(open(a, Open.STAT + Open.SYMLINK), b, root),
  }) as Record<string, (a: string, b: string) => unknown>;

const byNumber = (carried: CarriedFiles | undefined) => ({
  inodes: new Map(
    carried?.inodes.map((inode) => [inode.number, { ...inode, entries: new Map(inode.entries) }]),
  ),
  handles: new Map(carried?.handles),
  vault: carried?.vault,
});

describe('ramfs', () => {
  it('asks for permission by owner, group and others', () => {
    const { open, make, directory } = system();
    make('private', 0o600);
    make('public', 0o644);
    directory('closed', 0o700);
    make('closed/x', 0o666);
    expect(errnoOf(() => open('private', Open.RDONLY, user))).equal(Errno.EACCES);
    expect(errnoOf(() => open('public', Open.RDONLY, user))).equal(undefined);
    expect(errnoOf(() => open('public', Open.WRONLY, user))).equal(Errno.EACCES);
    expect(errnoOf(() => open('closed/x', Open.RDONLY, user))).equal(Errno.EACCES);
    expect(errnoOf(() => make('new', 0o644, user))).equal(Errno.EACCES);
    expect(errnoOf(() => open('private', Open.STAT, user))).equal(undefined);
  });

  it('protects the files of others in a sticky directory', () => {
    const { files, directory, make } = system();
    directory('tmp', 0o1777);
    make('tmp/mine', 0o666);
    make('tmp/theirs', 0o666, user);
    expect(errnoOf(() => files.unlinkat(0, 'tmp/mine', 0, user))).equal(Errno.EACCES);
    expect(errnoOf(() => files.unlinkat(0, 'tmp/theirs', 0, user))).equal(undefined);
  });

  it('keeps a file without a name as long as it is open', () => {
    const { files, make, open } = system();
    const id = make('x', 0o644);
    files.unlinkat(0, 'x', 0, root);
    expect(files.fstat(id)).include({ nlink: 0 });
    expect(files.write(id, encodeUtf8('still'), 0)).have.property('object');
    expect(errnoOf(() => open('x', Open.RDONLY))).equal(Errno.ENOENT);
    files.close(id);
    expect(files.tree.all).length(1);
  });

  it('goes on after names that are removed while it is listed', () => {
    const { files, make, open } = system();
    for (const name of ['a', 'b', 'c', 'd']) make(name, 0o644);
    const id = open('', Open.RDONLY + Open.DIRECTORY);
    const [first, second] = [...files.getdents(id, 0)];
    files.unlinkat(0, 'a', 0, root);
    files.unlinkat(0, 'b', 0, root);
    const rest = [...files.getdents(id, second?.next ?? 0)].map(({ name }) => decodeUtf8(name));
    expect([first && decodeUtf8(first.name), ...rest]).deep.equal(['a', 'c', 'd']);
  });

  it('renames with the rules of POSIX', () => {
    const { files, make, directory, open, names } = system();
    directory('d', 0o755);
    directory('d/e', 0o755);
    make('f', 0o644);
    const rename = (from: string, to: string) => files.frename(open(from, Open.STAT), to, root);
    expect(errnoOf(() => rename('d', 'd/e/f'))).equal(Errno.EINVAL);
    expect(errnoOf(() => rename('f', 'd'))).equal(Errno.EISDIR);
    expect(errnoOf(() => rename('d', 'f'))).equal(Errno.ENOTDIR);
    directory('g', 0o755);
    rename('g', 'd/e');
    rename('f', 'd/e/f');
    expect(names(open('d/e', Open.RDONLY + Open.DIRECTORY))).deep.equal(['f']);
    expect(names(open('', Open.RDONLY + Open.DIRECTORY))).deep.equal(['d']);
    expect(files.fpath(open('d/e/f', Open.RDONLY))).equal('/d/e/f');
  });

  it('follows links in the middle and at the end, and sends those that leave to the client', () => {
    const { files, make, directory, link, open } = system();
    directory('a', 0o755);
    make('a/f', 0o644);
    link('l', 'a');
    link('a/up', '../l/f');
    link('abs', '/a/f');
    link('out', '/scheme/null');
    for (const path of ['l/f', 'a/up', 'abs', 'l/up'])
      expect(files.fpath(open(path, Open.RDONLY)), path).equal('/a/f');
    expect(errnoOf(() => open('out', Open.RDONLY))).equal(Errno.EXDEV);
    expect(errnoOf(() => open('l', Open.RDONLY + Open.NOFOLLOW))).equal(Errno.ELOOP);
    expect(decodeUtf8(files.read(open('l', Open.RDONLY + Open.SYMLINK), 100, 0) as Uint8Array)).equal('a');
  });

  it('grows sparsely and is cut', () => {
    const { files, make } = system();
    const id = make('x', 0o644);
    files.ftruncate(id, 100_000);
    expect(files.fstat(id).size).equal(100_000);
    files.ftruncate(id, 0);
    expect(errnoOf(() => files.ftruncate(id, 2 ** 50))).equal(Errno.EFBIG);
    expect(errnoOf(() => files.ftruncate(id, -1))).equal(Errno.EINVAL);
  });

  it('hands its files and handles to a successor as plain data', () => {
    const { os, files, make, directory, link } = system();
    directory('d', 0o755);
    const id = make('d/x', 0o640);
    link('l', 'd/x');
    files.write(id, encodeUtf8('abc'), 0);
    const carried = JSON.parse(JSON.stringify(files.carry())) as CarriedFiles;
    const heir = system(carried, os);
    expect(heir.files.fstat(id)).deep.equal(files.fstat(id));
    expect(heir.files.fpath(heir.open('l', Open.RDONLY))).equal('/d/x');
    expect(heir.files.read(id, 3, 0)).have.property('object');
  });

  it('leaves a vault from which a successor gets it all, after any sequence of operations', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, snapshot) => {
        const made = system();
        if (snapshot) made.files.checkpoint();
        for (const [act, a, b] of steps) {
          errnoOf(() => actsOn(made)[act]?.(a, b));
          made.files.commit();
        }
        made.files.tree.changes.touch(made.files.tree.root);
        made.files.commit();
        const found = replayed(new Vault(made.os, made.files.vault.fds));
        expect(byNumber(found)).deep.equal(byNumber(made.files.carry()));
      }),
      { numRuns: 60 },
    );
  });

  it('survives any sequence of operations', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const made = system();
        const { files } = made;
        for (const [act, a, b] of steps) errnoOf(() => actsOn(made)[act]?.(a, b));
        const counted = new Map<number, number>();
        for (const { entries } of files.tree.all)
          for (const { inode } of entries?.values() ?? []) counted.set(inode, (counted.get(inode) ?? 0) + 1);
        for (const inode of files.tree.all) {
          const names = counted.get(inode.number) ?? 0;
          const expected = inode.entries
            ? 2 + [...inode.entries.values()].filter((e) => files.tree.get(e.inode).entries).length
            : names;
          if (names > 0 || inode.number === 1) expect(inode.links).equal(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a boot image', () => {
  it('is a tar archive that says what it holds', () => {
    const long = `${'directory/'.repeat(12)}file`;
    const image = buildBootImage({
      'd/': '',
      'd/x': { content: 'abc', mode: 0o755 },
      l: { link: 'd/x' },
      [long]: 'y',
    });
    const members = [...tarMembers((offset, length) => image.subarray(offset, offset + length))];
    expect(members.map(({ path, kind, mode, size, target }) => [path, kind, mode, size, target])).deep.equal([
      ['d/', 'directory', 0o755, 0, ''],
      ['d/x', 'file', 0o755, 3, ''],
      ['l', 'symlink', 0o777, 0, 'd/x'],
      [long, 'file', 0o644, 1, ''],
    ]);
    expect(decodeUtf8(image.subarray(members[1]?.offset, (members[1]?.offset ?? 0) + 3))).equal('abc');
  });
  it('with a damaged header is refused', () => {
    const image = buildBootImage({ x: 'abc' });
    image[5] = 65;
    expect(errnoOf(() => [...tarMembers((offset, length) => image.subarray(offset, offset + length))])).equal(
      Errno.EINVAL,
    );
  });
});
