import { expect } from 'chai';
import { Errno } from '../../../../core/abi/errno.js';
import { changeMode, changeOwner, truncatePath } from './change-attributes.js';
import { makeDirectory, makeLink, makeNode, makeSymlink, remove, rename } from './change-names.js';
import { FileType, At, Open, Rename } from './flags.js';
import { pathOf } from './location.js';
import { openPath } from './open.js';
import { bytesOfName } from './names.js';
import { callerAt, errnoOf, nowNs, readText, writeText } from './testing.js';
import { Tmpfs } from './tmpfs/tmpfs.js';
import type { Caller } from './vfs.js';
import { Vfs } from './vfs.js';

describe('Vfs on tmpfs', () => {
  let vfs: Vfs;
  let root: Caller;
  const user = (): Caller => ({ ...root, uid: 1000, gid: 1000, groups: [] });
  const mkdir = (path: string, mode = 0o755, caller = root) => makeDirectory(vfs, caller, { path }, mode);
  const link = (path: string, target: string) => makeSymlink(vfs, root, target, { path });
  const find = (path: string) => vfs.find(root, { path });

  beforeEach(() => {
    vfs = new Vfs(new Tmpfs({ nowNs }), nowNs);
    root = callerAt(vfs.root);
  });

  it('writes a file and reads it back', () => {
    writeText(vfs, root, '/a', 'hello');
    expect(readText(vfs, root, '/a')).to.equal('hello');
    expect(vfs.stat(root, { path: '/a' })).to.include({ size: 5, mode: FileType.REGULAR | 0o644, nlink: 1 });
  });

  it('resolves dot, dotdot, double slashes, and dotdot above the root', () => {
    mkdir('/d');
    writeText(vfs, root, '/d/f', 'x');
    expect(readText(vfs, root, '//d/.//../../../d/./f')).to.equal('x');
  });

  it('resolves relative to the working directory, and to a descriptor', () => {
    mkdir('/d');
    writeText(vfs, root, '/d/f', 'x');
    const inside = { ...root, cwd: find('/d') };
    expect(readText(vfs, inside, 'f')).to.equal('x');
    expect(vfs.stat(root, { path: 'f', from: find('/d') }).size).to.equal(1);
    expect(vfs.stat(root, { path: '', from: find('/d/f'), emptyPath: true }).size).to.equal(1);
    expect(errnoOf(() => vfs.stat(root, { path: '' }))).to.equal(Errno.ENOENT);
    expect(errnoOf(() => vfs.stat(root, { path: 'x', from: find('/d/f') }))).to.equal(Errno.ENOTDIR);
  });

  it('follows 40 links and answers ELOOP for 41', () => {
    writeText(vfs, root, '/l0', 'end');
    for (let i = 1; i <= 41; i++) link(`/l${i}`, `l${i - 1}`);
    expect(readText(vfs, root, '/l40')).to.equal('end');
    expect(errnoOf(() => find('/l41'))).to.equal(Errno.ELOOP);
    link('/self', 'self');
    expect(errnoOf(() => find('/self'))).to.equal(Errno.ELOOP);
  });

  it('creates the target of a dangling link, but not with O_EXCL', () => {
    link('/dangling', 'target');
    expect(
      errnoOf(() => openPath(vfs, root, { path: '/dangling' }, Open.CREAT | Open.EXCL | Open.WRONLY)),
    ).to.equal(Errno.EEXIST);
    writeText(vfs, root, '/dangling', 'x');
    expect(readText(vfs, root, '/target')).to.equal('x');
  });

  it('answers ELOOP for O_NOFOLLOW on a link, and opens it with O_PATH', () => {
    link('/l', 'nowhere');
    expect(errnoOf(() => openPath(vfs, root, { path: '/l' }, Open.NOFOLLOW))).to.equal(Errno.ELOOP);
    const opened = openPath(vfs, root, { path: '/l' }, Open.PATH | Open.NOFOLLOW);
    expect(opened.kind).to.equal('path');
    expect(vfs.readlink(root, { path: '', from: opened.location, emptyPath: true })).to.equal('nowhere');
  });

  it('treats a trailing slash as a demand for a directory', () => {
    mkdir('/d');
    writeText(vfs, root, '/f', '');
    link('/l', 'd');
    expect(errnoOf(() => find('/f/'))).to.equal(Errno.ENOTDIR);
    expect(find('/d/').node).to.equal(find('/d').node);
    expect(vfs.find(root, { path: '/l/', noFollow: true }).node).to.equal(find('/d').node);
    expect(errnoOf(() => openPath(vfs, root, { path: '/new/' }, Open.CREAT | Open.WRONLY))).to.equal(
      Errno.EISDIR,
    );
    expect(errnoOf(() => remove(vfs, root, { path: '/f/' }, 0))).to.equal(Errno.ENOTDIR);
    mkdir('/n/');
    expect(find('/n').node.type).to.equal(FileType.DIRECTORY);
  });

  it('refuses names beyond 255 bytes and paths beyond 4095', () => {
    expect(errnoOf(() => find(`/${'x'.repeat(256)}`))).to.equal(Errno.ENAMETOOLONG);
    expect(errnoOf(() => find(`/${'x'.repeat(255)}`))).to.equal(Errno.ENOENT);
    expect(errnoOf(() => find('/'.repeat(4096)))).to.equal(Errno.ENAMETOOLONG);
  });

  it('opens directories for reading only', () => {
    expect(errnoOf(() => openPath(vfs, root, { path: '/' }, Open.RDWR))).to.equal(Errno.EISDIR);
    writeText(vfs, root, '/f', '');
    expect(errnoOf(() => openPath(vfs, root, { path: '/f' }, Open.DIRECTORY))).to.equal(Errno.ENOTDIR);
  });

  it('lists dots, files and mounts, each once', () => {
    mkdir('/d');
    writeText(vfs, root, '/d/f', '');
    vfs.mount('/d/m/deep', new Tmpfs({ nowNs }));
    vfs.mount('/d/f', new Tmpfs({ nowNs }));
    const opened = openPath(vfs, root, { path: '/d' }, Open.DIRECTORY);
    if (opened.kind !== 'directory') throw new Error('no directory');
    const names = opened.handle.entries(0).map(({ name }) => name);
    expect(names.sort()).to.deep.equal(['.', '..', 'f', 'm']);
    expect(opened.handle.entries(2)).to.have.length(2);
  });

  it('crosses mounts both ways, and knows the path of what is in them', () => {
    vfs.mount('/m/n', new Tmpfs({ nowNs }));
    mkdir('/m/n/inside');
    expect(pathOf(find('/m/n/inside/..'))).to.equal('/m/n');
    expect(pathOf(find('/m/n/..'))).to.equal('/m');
    expect(pathOf(find('/m/n/inside'))).to.equal('/m/n/inside');
    expect(errnoOf(() => remove(vfs, root, { path: '/m/n' }, At.REMOVEDIR))).to.equal(Errno.EBUSY);
    expect(errnoOf(() => rename(vfs, root, { path: '/m/n' }, { path: '/x' }))).to.equal(Errno.EBUSY);
    expect(errnoOf(() => rename(vfs, root, { path: '/m/n/inside' }, { path: '/x' }))).to.equal(Errno.EXDEV);
  });

  it('shows a mount no longer once it is undone', () => {
    const undo = vfs.mount('/m', new Tmpfs({ nowNs }));
    expect(find('/m').mount.point?.name).to.equal('m');
    undo();
    expect(errnoOf(() => find('/m'))).to.equal(Errno.ENOENT);
  });

  it('renames: replaces, refuses what does not fit, keeps paths of directories right', () => {
    mkdir('/a');
    mkdir('/a/b');
    mkdir('/c');
    const inside = find('/a/b');
    rename(vfs, root, { path: '/a' }, { path: '/c/a2' });
    expect(pathOf(inside)).to.equal('/c/a2/b');
    expect(errnoOf(() => rename(vfs, root, { path: '/c' }, { path: '/c/a2/b/c' }))).to.equal(Errno.EINVAL);
    mkdir('/e');
    writeText(vfs, root, '/e/f', '');
    expect(errnoOf(() => rename(vfs, root, { path: '/c' }, { path: '/e' }))).to.equal(Errno.ENOTEMPTY);
    expect(errnoOf(() => rename(vfs, root, { path: '/e/f' }, { path: '/c' }))).to.equal(Errno.EISDIR);
    expect(errnoOf(() => rename(vfs, root, { path: '/c' }, { path: '/e/f' }))).to.equal(Errno.ENOTDIR);
    expect(find('/c').node.stat().nlink).to.equal(3);
  });

  it('exchanges two names, and keeps one that exists with RENAME_NOREPLACE', () => {
    writeText(vfs, root, '/f', 'file');
    mkdir('/d');
    rename(vfs, root, { path: '/f' }, { path: '/d' }, Rename.EXCHANGE);
    expect(readText(vfs, root, '/d')).to.equal('file');
    const keep = () => rename(vfs, root, { path: '/d' }, { path: '/f' }, Rename.NOREPLACE);
    expect(errnoOf(keep)).to.equal(Errno.EEXIST);
  });

  it('keeps the bytes of an unlinked file while it is open', () => {
    writeText(vfs, root, '/f', 'still here');
    const opened = openPath(vfs, root, { path: '/f' }, Open.RDONLY);
    remove(vfs, root, { path: '/f' }, 0);
    if (opened.kind !== 'file') throw new Error('no file');
    const bytes = new Uint8Array(10);
    expect(opened.handle.read(bytes, 0)).to.equal(10);
    expect(Buffer.from(bytes).toString()).to.equal('still here');
    expect(opened.handle.stat().nlink).to.equal(0);
  });

  it('links count, share bytes, and never lead to directories', () => {
    writeText(vfs, root, '/f', 'x');
    makeLink(vfs, root, { path: '/f', noFollow: true }, { path: '/g' });
    writeText(vfs, root, '/g', 'yy');
    expect(readText(vfs, root, '/f')).to.equal('yy');
    expect(vfs.stat(root, { path: '/f' }).nlink).to.equal(2);
    mkdir('/d');
    expect(errnoOf(() => makeLink(vfs, root, { path: '/d' }, { path: '/d2' }))).to.equal(Errno.EPERM);
  });

  it('removes directories only when empty, and files only as files', () => {
    mkdir('/d');
    mkdir('/d/e');
    expect(errnoOf(() => remove(vfs, root, { path: '/d' }, At.REMOVEDIR))).to.equal(Errno.ENOTEMPTY);
    expect(errnoOf(() => remove(vfs, root, { path: '/d' }, 0))).to.equal(Errno.EISDIR);
    expect(errnoOf(() => remove(vfs, root, { path: '/d/e/.' }, At.REMOVEDIR))).to.equal(Errno.EINVAL);
    const removed = find('/d/e');
    remove(vfs, root, { path: '/d/e' }, At.REMOVEDIR);
    expect(errnoOf(() => pathOf(removed))).to.equal(Errno.ENOENT);
    expect(errnoOf(() => makeDirectory(vfs, root, { path: 'x', from: removed }, 0o755))).to.equal(
      Errno.ENOENT,
    );
  });

  it('lets users do what the mode bits say, and the superuser nearly everything', () => {
    mkdir('/closed', 0o700);
    writeText(vfs, root, '/closed/f', 'secret');
    expect(errnoOf(() => readText(vfs, user(), '/closed/f'))).to.equal(Errno.EACCES);
    changeMode(root, find('/closed').node, 0o711);
    expect(readText(vfs, user(), '/closed/f')).to.equal('secret');
    expect(errnoOf(() => writeText(vfs, user(), '/closed/f', 'x'))).to.equal(Errno.EACCES);
    expect(errnoOf(() => changeOwner(user(), find('/closed/f').node, 1000, -1))).to.equal(Errno.EPERM);
    expect(errnoOf(() => vfs.access(root, { path: '/closed/f' }, 1))).to.equal(Errno.EACCES);
  });

  it('protects the entries of others in a sticky directory', () => {
    mkdir('/tmp', 0o777);
    changeMode(root, find('/tmp').node, 0o1777);
    writeText(vfs, root, '/tmp/f', '');
    expect(errnoOf(() => remove(vfs, user(), { path: '/tmp/f' }, 0))).to.equal(Errno.EPERM);
    writeText(vfs, user(), '/tmp/mine', '');
    remove(vfs, user(), { path: '/tmp/mine' }, 0);
  });

  it('changes nothing on a read-only mount', () => {
    const inner = new Tmpfs({ nowNs });
    inner.root.create('f', { mode: 0o666, uid: 0, gid: 0 }).opened.close();
    vfs.mount('/ro', inner, { readOnly: true });
    const attempts = [
      () => writeText(vfs, root, '/ro/f', 'x'),
      () => writeText(vfs, root, '/ro/new', 'x'),
      () => mkdir('/ro/d'),
      () => link('/ro/l', 'x'),
      () => remove(vfs, root, { path: '/ro/f' }, 0),
      () => rename(vfs, root, { path: '/ro/f' }, { path: '/ro/g' }),
      () => makeLink(vfs, root, { path: '/ro/f' }, { path: '/ro/g' }),
      () => truncatePath(vfs, root, { path: '/ro/f' }, 0),
      () => vfs.access(root, { path: '/ro/f' }, 2),
    ];
    expect(attempts.map(errnoOf)).to.deep.equal(attempts.map(() => Errno.EROFS));
  });

  it('keeps names as bytes', () => {
    const name = Buffer.from([0x2f, 0xff, 0xfe, 0x80]).toString('latin1');
    writeText(vfs, root, name, 'x');
    expect([...bytesOfName(pathOf(find(name)))]).to.deep.equal([0x2f, 0xff, 0xfe, 0x80]);
  });

  it('hands FIFOs to the kernel, and refuses to open sockets', () => {
    const fifo = makeNode(vfs, root, { path: '/p' }, FileType.FIFO | 0o600, 0);
    const opened = openPath(vfs, root, { path: '/p' }, Open.RDONLY);
    expect(opened).to.include({ kind: 'foreign' }).and.to.have.nested.property('what.fifo', fifo);
    makeNode(vfs, root, { path: '/s' }, FileType.SOCKET | 0o600, 0);
    expect(errnoOf(() => openPath(vfs, root, { path: '/s' }, Open.RDONLY))).to.equal(Errno.ENXIO);
  });

  it('ends with ENOSPC at its budget of bytes and of names, and gives both back', () => {
    vfs.mount('/small', new Tmpfs({ nowNs, maxBytes: 8192, maxNames: 3 }));
    expect(errnoOf(() => writeText(vfs, root, '/small/a', 'x'.repeat(9000)))).to.equal(Errno.ENOSPC);
    expect(vfs.stat(root, { path: '/small/a' }).size).to.equal(8192);
    remove(vfs, root, { path: '/small/a' }, 0);
    writeText(vfs, root, '/small/a', 'x');
    makeLink(vfs, root, { path: '/small/a' }, { path: '/small/b' });
    expect(errnoOf(() => makeLink(vfs, root, { path: '/small/a' }, { path: '/small/c' }))).to.equal(
      Errno.ENOSPC,
    );
    expect(vfs.statfs(root, { path: '/small' })).to.include({ blocks: 2, bfree: 1, ffree: 0 });
  });

  it('keeps files sparse, and zeroes what truncation cuts', () => {
    const opened = openPath(vfs, root, { path: '/f' }, Open.CREAT | Open.RDWR, 0o644);
    if (opened.kind !== 'file') throw new Error('no file');
    opened.handle.write(bytesOfName('end'), 2 ** 40);
    expect(opened.handle.stat()).to.include({ size: 2 ** 40 + 3, blocks: 8 });
    opened.handle.change({ size: 2 ** 40 + 1 });
    opened.handle.change({ size: 2 ** 40 + 3 });
    const bytes = new Uint8Array(4);
    expect(opened.handle.read(bytes, 2 ** 40)).to.equal(3);
    expect([...bytes]).to.deep.equal([0x65, 0, 0, 0]);
  });

  it('makes nameless files with O_TMPFILE', () => {
    const opened = openPath(vfs, root, { path: '/' }, Open.TMPFILE | Open.RDWR, 0o600);
    if (opened.kind !== 'file') throw new Error('no file');
    expect(opened.handle.write(bytesOfName('x'), 0)).to.equal(1);
    makeLink(vfs, root, { path: '', from: opened.location, emptyPath: true }, { path: '/named' });
    opened.handle.close();
    expect(readText(vfs, root, '/named')).to.equal('x');
  });
});
