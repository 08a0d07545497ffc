import { DIRENT_HEADER_BYTES, decodeDirents, DirentKind } from '../../../core/abi/dirent.js';
import { Errno } from '../../../core/abi/errno.js';
import { Fcntl, has, Mode, Open, Seek, StdFsCall } from '../../../core/abi/flags.js';
import { StatVfs, TimeSpec } from '../../../core/abi/structs.js';
import { CHUNK_BYTES } from './calls.js';
import { baseName, canonical, directoryName, joinPath, pathOf, targetOf } from './paths.js';
import { isErrno, PosixError, unlessErrno } from './posix-error.js';
import { concat, decodeUtf8, encodeUtf8 } from './utf8.js';
import type { Stat } from '../../../core/abi/structs.js';
import type { Calls } from './calls.js';
import type { FdTable } from './fd-table.js';
import type { Namespace } from './namespace.js';

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: number;
  readonly inode: number;
}

const MAX_LINKS = 16;
/** `.`, `..` and what has a slash at its end mean the directory, never a link to it. */
const ENDS_IN_DIRECTORY = /(^|\/)\.{0,2}$/;
const followed = (flags: number): number =>
  has(flags, Open.CREAT)
    ? flags
    : [Open.SYMLINK, Open.NOFOLLOW].reduce((left, bit) => (has(left, bit) ? left - bit : left), flags);
const READ_LINK = Open.RDONLY + Open.SYMLINK;

/** Files by path and by descriptor. Paths are relative to `cwd`. Every method throws PosixError. */
export class Files {
  cwd = '/';
  umask = 0o022;

  constructor(
    private readonly calls: Calls,
    private readonly fds: FdTable,
    private readonly namespace: Namespace,
  ) {}

  absolute(path: string): string {
    return canonical(path, this.cwd);
  }

  /** `flags` of core/abi's Open; `mode` counts for files that are created. */
  open(path: string, flags: number, mode = 0o666): number {
    if (path === '') throw new PosixError(Errno.ENOENT, 'open');
    const permission = has(flags, Open.CREAT) ? mode & ~this.umask & 0xfff : 0;
    const wanted = ENDS_IN_DIRECTORY.test(path) ? followed(flags) : flags;
    return this.fds.using((slot) => this.#openInto(this.absolute(path), wanted + permission, slot));
  }

  close(fd: number): void {
    this.fds.release(fd);
    this.calls.close(fd);
  }

  /** Opens for the time of `use`. */
  with<T>(path: string, flags: number, use: (fd: number) => T): T {
    const fd = this.open(path, flags);
    try {
      return use(fd);
    } finally {
      this.close(fd);
    }
  }

  read(fd: number, length = CHUNK_BYTES): Uint8Array {
    return this.calls.read(fd, length);
  }

  readAll(fd: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let part = this.read(fd); part.length > 0; part = this.read(fd)) parts.push(part);
    return concat(parts);
  }

  /** Every byte, in as many calls as it takes. */
  write(fd: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const count = this.calls.write(fd, bytes.subarray(at, at + CHUNK_BYTES));
      if (count <= 0) throw new PosixError(Errno.EIO, 'write');
      at += count;
    }
  }

  seek(fd: number, offset: number, whence: number = Seek.SET): number {
    return this.calls.seek(fd, offset, whence);
  }

  readFile(path: string): Uint8Array {
    return this.with(path, Open.RDONLY, (fd) => this.readAll(fd));
  }

  readText(path: string): string {
    return decodeUtf8(this.readFile(path));
  }

  writeFile(path: string, content: string | Uint8Array, flags: number = Open.TRUNC): void {
    const bytes = typeof content === 'string' ? encodeUtf8(content) : content;
    this.with(path, Open.WRONLY + Open.CREAT + flags, (fd) => this.write(fd, bytes));
  }

  fstat(fd: number): Stat {
    return this.calls.fstat(fd);
  }

  stat(path: string): Stat {
    return this.with(path, Open.STAT, (fd) => this.calls.fstat(fd));
  }

  /** Of a symbolic link itself, where `path` is one. */
  lstat(path: string): Stat {
    return this.with(path, Open.STAT + Open.SYMLINK + Open.NOFOLLOW, (fd) => this.calls.fstat(fd));
  }

  /** Undefined when there is nothing at this path. */
  probe(path: string, follow = true): Stat | undefined {
    try {
      return follow ? this.stat(path) : this.lstat(path);
    } catch (error) {
      if (isErrno(error, Errno.ENOENT, Errno.ENOTDIR, Errno.ENODEV, Errno.ELOOP)) return undefined;
      throw error;
    }
  }

  isDirectory(path: string): boolean {
    const stat = this.probe(path);
    return stat !== undefined && (stat.mode & Mode.TYPE) === Mode.DIR;
  }

  /** Without `.` and `..`, in the scheme's order. */
  readDirectory(path: string): DirectoryEntry[] {
    return this.with(path, Open.RDONLY + Open.DIRECTORY, (fd) => this.entries(fd));
  }

  entries(fd: number): DirectoryEntry[] {
    const found: DirectoryEntry[] = [];
    for (let cursor = 0; ;) {
      const count = this.calls.stdFs(fd, StdFsCall.GETDENTS, cursor, DIRENT_HEADER_BYTES, {
        accept: CHUNK_BYTES,
      });
      if (count <= 0) return found;
      for (const { name, kind, inode, next } of decodeDirents(this.calls.answer(count))) {
        cursor = next;
        const text = decodeUtf8(name);
        if (text !== '.' && text !== '..') found.push({ name: text, kind, inode });
      }
    }
  }

  makeDirectory(path: string, mode = 0o777): void {
    const flags = Open.RDONLY + Open.CREAT + Open.DIRECTORY + Open.EXCL;
    this.close(this.open(path, flags, mode));
  }

  unlink(path: string): void {
    this.#remove(path, false);
  }

  removeDirectory(path: string): void {
    this.#remove(path, true);
  }

  /** EXDEV across schemes. */
  rename(from: string, to: string): void {
    this.#relocate(from, to, (fd, path) => this.calls.frename(fd, path));
  }

  link(from: string, to: string): void {
    this.#relocate(from, to, (fd, path) => this.calls.flink(fd, path));
  }

  symlink(target: string, path: string): void {
    const flags = Open.WRONLY + Open.CREAT + Open.SYMLINK + Open.EXCL;
    this.with(path, flags, (fd) => this.write(fd, encodeUtf8(target)));
  }

  readLink(path: string): string {
    return decodeUtf8(this.with(path, READ_LINK + Open.NOFOLLOW, (fd) => this.read(fd, 4096)));
  }

  truncate(fd: number, length: number): void {
    this.calls.stdFs(fd, StdFsCall.FTRUNCATE, length, 0);
  }

  chmod(path: string, mode: number): void {
    this.with(path, Open.STAT, (fd) => this.calls.stdFs(fd, StdFsCall.FCHMOD, mode, 0));
  }

  chown(path: string, uid: number, gid: number): void {
    this.with(path, Open.STAT, (fd) => this.calls.fchown(fd, uid, gid));
  }

  setTimes(path: string, accessSec: number, modifySec: number): void {
    const payload = concat([TimeSpec.encode({ sec: accessSec }), TimeSpec.encode({ sec: modifySec })]);
    this.with(path, Open.STAT, (fd) => this.calls.stdFs(fd, StdFsCall.FUTIMENS, 0, 0, { payload }));
  }

  statvfs(path: string): StatVfs {
    return this.with(path, Open.STAT, (fd) => {
      this.calls.stdFs(fd, StdFsCall.FSTATVFS, 0, 0, { accept: StatVfs.sizeBytes });
      return StatVfs.decode(this.calls.answer(StatVfs.sizeBytes));
    });
  }

  /** The lowest free number for the same description. */
  duplicate(fd: number, from = 0): number {
    return this.fds.using((slot) => this.calls.dupInto(fd, '', slot), from);
  }

  /** A named sub-object of what `fd` is. */
  subObject(fd: number, name: string | Uint8Array, from = 0): number {
    return this.fds.using((slot) => this.calls.dupInto(fd, name, slot), from);
  }

  duplicateTo(fd: number, to: number): void {
    this.calls.dup2(fd, to);
    this.fds.claim(to);
  }

  pipe(): readonly [read: number, write: number] {
    const read = this.open('/scheme/pipe', Open.RDONLY);
    try {
      return [read, this.subObject(read, 'write')];
    } catch (error) {
      this.close(read);
      throw error;
    }
  }

  isOpen(fd: number): boolean {
    return unlessErrno(() => this.calls.fcntl(fd, Fcntl.GETFL, 0) >= 0, false, Errno.EBADF);
  }

  setNonBlocking(fd: number, on: boolean): void {
    const flags = this.calls.fcntl(fd, Fcntl.GETFL, 0);
    const others = flags - (has(flags, Open.NONBLOCK) ? Open.NONBLOCK : 0);
    this.calls.fcntl(fd, Fcntl.SETFL, others + (on ? Open.NONBLOCK : 0));
  }

  /** Canonical path of what is open. */
  pathOf(fd: number): string {
    const path = this.calls.fpath(fd);
    const target = targetOf(/^[^/]/.test(path) && path.includes(':') ? path : canonical(path, '/'));
    return pathOf(target);
  }

  /** The absolute path behind all links. */
  realPath(path: string): string {
    return this.with(path, Open.STAT, (fd) => this.pathOf(fd));
  }

  /** A terminal has modes; the bare console has none and is one nevertheless. */
  isTerminal(fd: number): boolean {
    try {
      if (this.calls.fpath(fd).startsWith('debug:')) return true;
      this.close(this.subObject(fd, 'termios'));
      return true;
    } catch (error) {
      if (error instanceof PosixError) return false;
      throw error;
    }
  }

  #openInto(path: string, flags: number, slot: number, links = 0): void {
    const { scheme, reference } = targetOf(path);
    if (scheme === '') return this.#openList(slot);
    try {
      this.namespace.withRoot(scheme, (root) => this.calls.openat(root, reference, flags, slot));
    } catch (error) {
      if (!isErrno(error, Errno.EXDEV)) throw error;
      if (links >= MAX_LINKS) throw new PosixError(Errno.ELOOP, 'open');
      this.#openInto(this.#across(path, !has(flags, Open.SYMLINK)), flags, slot, links + 1);
    }
  }

  /** The path with its first link into another scheme replaced by where that leads; EXDEV when there is none. */
  #across(path: string, followLast: boolean): string {
    const parts = path.split('/').filter((part) => part !== '');
    for (let count = 1; count <= parts.length - (followLast ? 0 : 1); count++) {
      const prefix = `/${parts.slice(0, count).join('/')}`;
      const { scheme, reference } = targetOf(prefix);
      const target = reference === '' ? undefined : this.#linkAt(prefix);
      if (target === undefined) continue;
      const there = canonical(target, directoryName(prefix));
      if (targetOf(there).scheme !== scheme) return [there, ...parts.slice(count)].join('/');
    }
    throw new PosixError(Errno.EXDEV, 'open');
  }

  #linkAt(path: string): string | undefined {
    return this.with(path, READ_LINK + Open.NOFOLLOW, (fd) => {
      const { mode } = this.fstat(fd);
      return (mode & Mode.TYPE) === Mode.SYMLINK ? decodeUtf8(this.read(fd, 4096)) : undefined;
    });
  }

  #openList(slot: number): void {
    const list = this.namespace.root('');
    this.calls.dupInto(list, '', slot);
    this.fds.release(list);
    this.calls.close(list);
  }

  #remove(path: string, directory: boolean): void {
    const absolute = this.absolute(path);
    const { scheme, reference } = targetOf(absolute);
    try {
      this.namespace.withRoot(scheme, (root) => this.calls.unlinkat(root, reference, directory));
    } catch (error) {
      if (!isErrno(error, Errno.EXDEV)) throw error;
      this.#remove(this.#across(absolute, false), directory);
    }
  }

  #relocate(from: string, to: string, act: (fd: number, path: string) => void): void {
    const source = this.#placeOf(from);
    const goal = this.#placeOf(to);
    if (source.scheme !== goal.scheme) throw new PosixError(Errno.EXDEV, 'rename');
    this.with(from, Open.STAT + Open.SYMLINK + Open.NOFOLLOW, (fd) =>
      act(fd, `/scheme/${goal.scheme}/${goal.reference}`),
    );
  }

  /** Where a name is, behind all links that lead to its directory. */
  #placeOf(path: string): ReturnType<typeof targetOf> {
    const absolute = this.absolute(path);
    const { scheme, reference } = targetOf(absolute);
    if (reference === '') return { scheme, reference };
    return targetOf(joinPath(this.realPath(directoryName(absolute)), baseName(absolute)));
  }
}

export { DirentKind };
