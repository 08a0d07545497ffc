import { DIRENT_HEADER_BYTES } from '../../../core/abi/dirent.js';
import { Errno } from '../../../core/abi/errno.js';
import { AT_REMOVEDIR, has, MapFlag, Mode, Open } from '../../../core/abi/flags.js';
import { PosixError } from '../runtime/posix-error.js';
import { pathOf } from '../runtime/paths.js';
import { decodeUtf8, encodeUtf8 } from '../runtime/utf8.js';
import { Contents } from './contents.js';
import { Access, demand, direntKind, entriesOf, isDirectory, isLink, may } from './inode.js';
import { replayed } from './changes.js';
import { Tree } from './tree.js';
import { Vault } from '../runtime/vault.js';
import type { KeptService } from '../../../core/abi/engine.js';
import type { Dirent } from '../../../core/abi/dirent.js';
import type { Os } from '../runtime/os.js';
import type { Caller, ObjectRange, Opened, Scheme } from '../runtime/scheme/scheme.js';
import type { CarriedFiles, Handle } from './carried.js';
import type { Credentials, Inode, Time } from './inode.js';
import type { Place } from './tree.js';

const ROOT_HANDLE = 0;
const STICKY = 0o1000;
const SUPERUSER: Credentials = { uid: 0, gid: 0 };
const LARGEST_FILE = 2 ** 46;

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** A file system in memory objects. Its names and inodes are noted in two more, for a successor that nobody could hand them to. */
export class RamFs implements Scheme {
  readonly tree: Tree;
  readonly contents: Contents;
  readonly vault: Vault;
  readonly #handles = new Map<number, Handle>();
  #nextHandle = 1;

  constructor(
    private readonly os: Os,
    private readonly name: string,
    carried?: CarriedFiles,
  ) {
    this.tree = new Tree(name, this.#now());
    this.contents = new Contents(os, (inode) => this.tree.changes.touch(inode));
    this.vault = new Vault(os, carried?.vault);
    this.#handles.set(ROOT_HANDLE, { inode: 1, flags: Open.STAT, uid: 0, gid: 0, parent: 1, name: '' });
    if (carried) this.#restore(carried);
  }

  /** What a predecessor that died had put into the vault. Times of the last reads and writes may be missing. */
  static recovered(os: Os, name: string, { vault }: KeptService): RamFs {
    const files = new RamFs(os, name, replayed(new Vault(os, vault)));
    files.#repair();
    return files;
  }

  /** Notes what an operation has changed, before anybody learns that it is done. */
  commit(): void {
    this.tree.changes.commit(this.vault, () => this.carry());
    this.contents.sweep();
  }

  /** Notes everything. */
  checkpoint(): void {
    this.tree.changes.clear();
    this.vault.replace(this.carry());
    this.contents.sweep();
  }

  openat(directory: number, path: string, flags: number, caller: Caller): Opened {
    const from = this.#inode(directory);
    const wantsLink = has(flags, Open.SYMLINK) || (has(flags, Open.CREAT) && has(flags, Open.EXCL));
    const follow = !wantsLink && !has(flags, Open.NOFOLLOW);
    const place = this.tree.find(from, path, caller, follow);
    const inode = place.inode ? this.#existing(place.inode, flags, caller) : this.#made(place, flags, caller);
    const id = this.#nextHandle++;
    const { uid, gid } = caller;
    const handle = { inode: inode.number, flags, uid, gid, parent: place.parent.number, name: place.name };
    this.#handles.set(id, handle);
    this.tree.changes.add(['open', id, handle]);
    return { id, positioned: true };
  }

  read(id: number, length: number, offset: number): Uint8Array | ObjectRange {
    const inode = this.#readable(id);
    if (isDirectory(inode)) return fail(Errno.EISDIR);
    inode.accessed = this.#now();
    this.tree.changes.touch(inode, false);
    if (isLink(inode)) return encodeUtf8(inode.target ?? '').subarray(Math.max(0, offset));
    const at = Math.max(0, offset);
    if (at >= inode.size || length <= 0) return new Uint8Array();
    return this.contents.range(inode, at);
  }

  write(id: number, bytes: Uint8Array, offset: number): number | ObjectRange {
    const { flags } = this.#handle(id);
    const inode = this.#writable(id);
    this.#touch(inode, isLink(inode));
    if (isLink(inode)) {
      inode.target = decodeUtf8(bytes);
      inode.size = bytes.length;
      return bytes.length;
    }
    const at = has(flags, Open.APPEND) ? inode.size : Math.max(0, offset);
    if (at + bytes.length > LARGEST_FILE) return fail(Errno.EFBIG);
    if (bytes.length === 0) return 0;
    inode.size = Math.max(inode.size, at + bytes.length);
    return this.contents.range(inode, at);
  }

  fsize(id: number): number {
    return this.#inode(id).size;
  }

  ftruncate(id: number, length: number): void {
    const inode = this.#writable(id);
    if (isLink(inode) || length < 0) fail(Errno.EINVAL);
    if (length > LARGEST_FILE) fail(Errno.EFBIG);
    this.contents.resize(inode, length);
    this.#touch(inode);
  }

  fstat(id: number) {
    const inode = this.#inode(id);
    const { number, mode, links, uid, gid, size, modified, accessed, changed } = inode;
    return {
      ino: number,
      mode,
      nlink: links,
      uid,
      gid,
      size: inode.entries ? inode.entries.size * DIRENT_HEADER_BYTES : size,
      blksize: 4096,
      blocks: Math.ceil(size / 512),
      mtime: modified.sec,
      mtimeNsec: modified.nsec,
      atime: accessed.sec,
      atimeNsec: accessed.nsec,
      ctime: changed.sec,
      ctimeNsec: changed.nsec,
    };
  }

  fstatvfs() {
    return this.os.files.statvfs('/scheme/memory');
  }

  fpath(id: number): string {
    const reference = this.tree.pathOf(this.#inode(id));
    return pathOf({ scheme: this.name, reference });
  }

  *getdents(id: number, cursor: number): Iterable<Dirent> {
    for (const [name, { inode, sequence }] of entriesOf(this.#readable(id))) {
      if (sequence <= cursor) continue;
      const kind = direntKind(this.tree.get(inode));
      yield { inode, next: sequence, kind, name: encodeUtf8(name) };
    }
  }

  fchmod(id: number, mode: number): void {
    const inode = this.#owned(id);
    inode.mode = (inode.mode & Mode.TYPE) + (mode & Mode.PERM);
    this.#changed(inode);
  }

  fchown(id: number, uid: number, gid: number): void {
    const inode = this.#owned(id);
    if (this.#handle(id).uid !== 0 && uid >= 0 && uid !== inode.uid) fail(Errno.EPERM);
    if (uid >= 0) inode.uid = uid;
    if (gid >= 0) inode.gid = gid;
    this.#changed(inode);
  }

  futimens(id: number, access: Time, modify: Time): void {
    const inode = this.#owned(id);
    inode.accessed = { ...access };
    inode.modified = { ...modify };
    this.#changed(inode);
  }

  fcntl(): number {
    return 0;
  }

  unlinkat(directory: number, path: string, flags: number, caller: Caller): void {
    const place = this.tree.find(this.#inode(directory), path, caller, false);
    const { parent, name, inode = fail(Errno.ENOENT) } = place;
    if (name === '') fail(Errno.EBUSY);
    demand(parent, caller, Access.WRITE + Access.SEARCH);
    this.#respectSticky(parent, inode, caller);
    const wantsDirectory = has(flags, AT_REMOVEDIR);
    if (wantsDirectory && !isDirectory(inode)) fail(Errno.ENOTDIR);
    if (!wantsDirectory && isDirectory(inode)) fail(Errno.EISDIR);
    this.#remove(place);
  }

  frename(id: number, path: string, caller: Caller): void {
    const moved = this.#inode(id);
    const source = this.#sourceOf(id);
    const goal = this.tree.find(this.tree.root, path, caller, false);
    if (goal.inode === moved) return;
    demand(source.parent, caller, Access.WRITE + Access.SEARCH);
    demand(goal.parent, caller, Access.WRITE + Access.SEARCH);
    this.#respectSticky(source.parent, moved, caller);
    if (goal.name === '') fail(Errno.EBUSY);
    if (isDirectory(moved) && this.tree.isInside(goal.parent, moved)) fail(Errno.EINVAL);
    if (goal.inode) this.#replaceable(goal, moved, caller);
    this.tree.unlink(source.parent, source.name, moved, this.#now());
    this.tree.link(goal.parent, goal.name, moved, this.#now());
  }

  flink(id: number, path: string, caller: Caller): void {
    const inode = this.#inode(id);
    if (isDirectory(inode)) fail(Errno.EPERM);
    const goal = this.tree.find(this.tree.root, path, caller, false);
    if (goal.inode) fail(Errno.EEXIST);
    demand(goal.parent, caller, Access.WRITE + Access.SEARCH);
    this.tree.link(goal.parent, goal.name, inode, this.#now());
  }

  mmapPrep(id: number, _size: number, flags: number, offset: number): ObjectRange {
    const inode = this.#readable(id);
    if (isDirectory(inode) || isLink(inode)) return fail(Errno.ENODEV);
    const writes = has(flags, MapFlag.SHARED) && !has(this.#handle(id).flags, Open.WRONLY);
    if (writes && has(flags, 0x2_0000)) return fail(Errno.EACCES);
    return this.contents.range(inode, offset);
  }

  munmap(): void {}

  close(id: number): void {
    // It may come twice, when a predecessor died over it.
    const handle = this.#handles.get(id);
    if (id === ROOT_HANDLE || !handle) return;
    this.#handles.delete(id);
    this.tree.changes.add(['close', id], false);
    this.#collect(this.tree.get(handle.inode));
  }

  carry(): CarriedFiles {
    const inodes = this.tree.all.map(({ entries, ...inode }) => ({
      ...inode,
      ...(entries ? { entries: [...entries] } : {}),
    }));
    return { inodes, handles: [...this.#handles], nextHandle: this.#nextHandle, vault: this.vault.fds };
  }

  /** Brings what a sudden death left half done to an end, and lets go of what nobody knows. */
  #repair(): void {
    const { fds, calls, files } = this.os;
    for (const inode of this.tree.all) {
      if (inode.object !== undefined && !fds.has(inode.object)) delete inode.object;
      // The kernel has grown the object with each write.
      if (inode.object !== undefined) inode.size = calls.fstat(inode.object).size;
      this.#collect(inode);
    }
    const known = new Set([...this.tree.all.map(({ object }) => object), ...this.os.keptFds()]);
    for (const fd of fds.internal()) if (!known.has(fd)) files.close(fd);
    this.checkpoint();
  }

  #restore({ inodes, handles, nextHandle }: CarriedFiles): void {
    this.tree.restore(
      inodes.map(({ entries, ...inode }) => ({
        ...inode,
        ...(entries ? { entries: new Map(entries) } : {}),
      })),
    );
    for (const [id, handle] of handles) this.#handles.set(id, handle);
    this.#nextHandle = nextHandle;
  }

  #existing(inode: Inode, flags: number, caller: Caller): Inode {
    if (has(flags, Open.CREAT) && has(flags, Open.EXCL)) fail(Errno.EEXIST);
    if (has(flags, Open.DIRECTORY) && !isDirectory(inode)) fail(Errno.ENOTDIR);
    if (isLink(inode) && !has(flags, Open.SYMLINK)) fail(Errno.ELOOP);
    const writes = has(flags, Open.WRONLY);
    if (writes && isDirectory(inode)) fail(Errno.EISDIR);
    if (has(flags, Open.STAT)) return inode;
    if (has(flags, Open.RDONLY)) demand(inode, caller, Access.READ);
    if (writes) demand(inode, caller, Access.WRITE);
    if (has(flags, Open.TRUNC) && writes && !isLink(inode)) {
      this.contents.resize(inode, 0);
      this.#touch(inode);
    }
    return inode;
  }

  #made({ parent, name }: Place, flags: number, caller: Caller): Inode {
    if (!has(flags, Open.CREAT)) return fail(Errno.ENOENT);
    if (has(flags, Open.STAT)) return fail(Errno.EINVAL);
    demand(parent, caller, Access.WRITE + Access.SEARCH);
    const now = this.#now();
    const type = typeOf(flags);
    const permissions = type === Mode.SYMLINK ? 0o777 : flags & Mode.PERM;
    const inode = this.tree.create(type + permissions, caller, now, parent.number);
    this.tree.link(parent, name, inode, now);
    return inode;
  }

  #remove({ parent, name, inode }: Place): void {
    if (!inode) return;
    if (inode.entries && inode.entries.size > 0) fail(Errno.ENOTEMPTY);
    this.tree.unlink(parent, name, inode, this.#now());
    this.#collect(inode);
  }

  #replaceable(goal: Place, moved: Inode, caller: Caller): void {
    const old = goal.inode ?? fail(Errno.ENOENT);
    this.#respectSticky(goal.parent, old, caller);
    if (isDirectory(old) && !isDirectory(moved)) fail(Errno.EISDIR);
    if (!isDirectory(old) && isDirectory(moved)) fail(Errno.ENOTDIR);
    this.#remove(goal);
  }

  /** The name a handle was opened by, as long as it still leads to the same inode. */
  #sourceOf(id: number): { parent: Inode; name: string } {
    const { parent, name, inode } = this.#handle(id);
    const directory = this.tree.get(parent);
    if (entriesOf(directory).get(name)?.inode !== inode) return fail(Errno.ENOENT);
    return { parent: directory, name };
  }

  #respectSticky(parent: Inode, inode: Inode, { uid }: Credentials): void {
    const free = (parent.mode & STICKY) === 0 || uid === 0 || uid === inode.uid || uid === parent.uid;
    if (!free) fail(Errno.EACCES);
  }

  /** Frees what has neither a name nor a handle. */
  #collect(inode: Inode): void {
    if (inode.links > 0 || [...this.#handles.values()].some((handle) => handle.inode === inode.number))
      return;
    this.contents.release(inode);
    this.tree.forget(inode);
  }

  #handle(id: number): Handle {
    return this.#handles.get(id) ?? fail(Errno.EBADF);
  }

  #inode(id: number): Inode {
    return this.tree.get(this.#handle(id).inode);
  }

  #readable(id: number): Inode {
    const { flags } = this.#handle(id);
    return has(flags, Open.RDONLY) && !has(flags, Open.STAT) ? this.#inode(id) : fail(Errno.EBADF);
  }

  #writable(id: number): Inode {
    const { flags } = this.#handle(id);
    return has(flags, Open.WRONLY) && !has(flags, Open.STAT) ? this.#inode(id) : fail(Errno.EBADF);
  }

  #owned(id: number): Inode {
    const inode = this.#inode(id);
    const { uid } = this.#handle(id);
    return uid === 0 || uid === inode.uid ? inode : fail(Errno.EPERM);
  }

  #touch(inode: Inode, urgent = true): void {
    inode.modified = this.#now();
    inode.changed = inode.modified;
    this.tree.changes.touch(inode, urgent);
  }

  #changed(inode: Inode): void {
    inode.changed = this.#now();
    this.tree.changes.touch(inode);
  }

  #now(): Time {
    const ms = this.os.clock.now();
    const sec = Math.floor(ms / 1000);
    return { sec, nsec: Math.floor((ms - sec * 1000) * 1e6) };
  }
}

function typeOf(flags: number): number {
  if (has(flags, Open.DIRECTORY)) return Mode.DIR;
  return has(flags, Open.SYMLINK) ? Mode.SYMLINK : Mode.FILE;
}

export type { CarriedFiles };
export { may, SUPERUSER };
