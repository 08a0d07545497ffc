import { encodeDirents } from '../../../../core/abi/dirent.js';
import type { Dirent } from '../../../../core/abi/dirent.js';
import { Errno } from '../../../../core/abi/errno.js';
import { Open, StdFsCall } from '../../../../core/abi/flags.js';
import { Stat as StatLayout, StatVfs, TimeSpec } from '../../../../core/abi/structs.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../../files/description.js';
import {
  changeMode,
  changeOwner,
  changeTimes,
  requireWritableMount,
} from '../../linux-abi/vfs/change-attributes.js';
import { makeDirectory, makeLink, makeSymlink, remove, rename } from '../../linux-abi/vfs/change-names.js';
import { fail, orErrno } from '../../linux-abi/vfs/failure.js';
import { FileType, Open as VfsOpen } from '../../linux-abi/vfs/flags.js';
import { HostFileSystem } from '../../linux-abi/vfs/hostfs/hostfs.js';
import { asDirectory, entryOf, pathOf } from '../../linux-abi/vfs/location.js';
import type { Location } from '../../linux-abi/vfs/location.js';
import { bytesOfName, nameOfBytes, nameOfText } from '../../linux-abi/vfs/names.js';
import { openPath } from '../../linux-abi/vfs/open.js';
import type { Opened as VfsOpened } from '../../linux-abi/vfs/open.js';
import type { AttributeChange, Stat, Symlink } from '../../linux-abi/vfs/types.js';
import { Vfs } from '../../linux-abi/vfs/vfs.js';
import type { Caller as VfsCaller, PathAt } from '../../linux-abi/vfs/vfs.js';
import { toVfsFlags } from './open-flags.js';

/** What is open; or a symbolic link whose target is still to be written. */
type Handle = VfsOpened | { readonly kind: 'newLink'; readonly at: PathAt };

export interface HostSchemeOptions {
  readonly id: number;
  /** As the guest calls it. */
  readonly name: string;
  /** A folder or a file of the host. Throws as node:fs does where there is none. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly nowNs: () => number;
}

const ROOT = 0;
const MAX_PIECE_BYTES = 65_536;
const NS_PER_S = 1_000_000_000n;

/** A folder of the host as a scheme: nothing outside of it can be reached (see HostFileSystem). Mappings are not offered. */
export class HostScheme implements Provider {
  readonly id: number;
  readonly name: string;
  readonly #files: HostFileSystem;
  readonly #vfs: Vfs;
  readonly #handles = new Map<number, Handle>();
  #next = ROOT + 1;

  constructor({ id, name, hostPath, readOnly, nowNs }: HostSchemeOptions) {
    this.id = id;
    this.name = name;
    this.#files = new HostFileSystem({ hostPath, readOnly });
    this.#vfs = new Vfs(this.#files, () => BigInt(Math.trunc(nowNs())), { readOnly });
  }

  /** The right to open what is in it. */
  root(): Description {
    return new Description(this, ROOT, Open.RDWR, false);
  }

  /** Lets go of everything on the host. */
  shutdown(): void {
    for (const number of [...this.#handles.keys()]) this.#close(number);
    this.#files.close();
  }

  openat(caller: Caller, directory: Description, path: string, flags: number): Opened {
    return orErrno(() => {
      const at = this.#at(directory, path);
      const number = this.#next++;
      this.#handles.set(number, this.#open(this.#who(caller), at, flags));
      return new Description(this, number, flags, true);
    });
  }

  unlinkat(caller: Caller, directory: Description, path: string, flags: number): Outcome {
    return this.#did(() => remove(this.#vfs, this.#who(caller), this.#at(directory, path), flags));
  }

  read(_caller: Caller, file: Description, into: UserBuffer, offset: number): Outcome {
    return orErrno(() => {
      const handle = this.#handle(file);
      if (handle.kind === 'directory') return fail(Errno.EISDIR);
      into.prepare();
      const bytes = new Uint8Array(Math.min(into.length, MAX_PIECE_BYTES));
      if (handle.kind === 'file')
        return into.write(bytes.subarray(0, handle.handle.read(bytes, Math.max(0, offset))));
      return into.write(this.#target(handle).subarray(Math.max(0, offset)));
    });
  }

  write(caller: Caller, file: Description, from: UserBuffer, offset: number, flags: number): Outcome {
    const bytes = from.limit(MAX_PIECE_BYTES).read();
    return orErrno(() => {
      const handle = this.#handle(file);
      if (handle.kind === 'newLink') {
        makeSymlink(this.#vfs, this.#who(caller), nameOfBytes(bytes), handle.at);
        return bytes.length;
      }
      if (handle.kind !== 'file' || (file.flags & Open.WRONLY) === 0) return fail(Errno.EBADF);
      if ((flags & Open.APPEND) !== 0) return handle.handle.append(bytes);
      return handle.handle.write(bytes, Math.max(0, offset));
    });
  }

  fsize(_caller: Caller, file: Description): Outcome {
    return orErrno(() => this.#stat(file).size);
  }

  fstat(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    const stat = orErrno(() => this.#stat(file));
    if (typeof stat === 'number') return stat;
    into.write(StatLayout.encode(encodable(stat)));
    return 0;
  }

  fpath(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    return orErrno(() =>
      into.write(bytesOfName(`/scheme/${nameOfText(this.name)}${pathOf(this.#location(file))}`)),
    );
  }

  fcntl(): Outcome {
    return 0;
  }

  fevent(_caller: Caller, _file: Description, mask: number): Outcome {
    return mask;
  }

  fsync(_caller: Caller, file: Description): Outcome {
    return this.#did(() => {
      const handle = this.#handle(file);
      if (handle.kind === 'file') handle.handle.sync(false);
    });
  }

  fchown(caller: Caller, file: Description, uid: number, gid: number): Outcome {
    return this.#change(file, (target) => changeOwner(this.#who(caller), target, uid, gid));
  }

  frename(caller: Caller, file: Description, path: string): Outcome {
    return this.#did(() => {
      const from = entryOf(this.#location(file)) ?? fail(Errno.EBUSY);
      rename(this.#vfs, this.#who(caller), { path: from.name, from: from.directory }, this.#below(path));
    });
  }

  flink(caller: Caller, file: Description, path: string): Outcome {
    return this.#did(() => {
      const from = entryOf(this.#location(file)) ?? fail(Errno.EPERM);
      const existing = { path: from.name, from: from.directory, noFollow: true };
      makeLink(this.#vfs, this.#who(caller), existing, this.#below(path));
    });
  }

  stdFs(
    caller: Caller,
    file: Description,
    payload: UserBuffer,
    [kind = 0, a = 0, b = 0]: readonly number[],
  ): Outcome {
    switch (kind & 0xff) {
      case StdFsCall.FSTAT:
        return this.fstat(caller, file, payload);
      case StdFsCall.FSYNC:
        return this.fsync(caller, file);
      case StdFsCall.GETDENTS:
        return this.#list(file, payload, a, b);
      case StdFsCall.FSTATVFS:
        return this.#statvfs(file, payload);
      case StdFsCall.FCHMOD:
        return this.#change(file, (target) => changeMode(this.#who(caller), target, a));
      case StdFsCall.FCHOWN:
        return this.fchown(caller, file, a, b);
      case StdFsCall.FTRUNCATE:
        return this.#truncate(file, a);
      case StdFsCall.FUTIMENS:
        return this.#setTimes(caller, file, payload);
      default:
        return -Errno.EOPNOTSUPP;
    }
  }

  close(_kernel: unknown, file: Description): void {
    this.#close(file.number);
  }

  #close(number: number): void {
    const handle = this.#handles.get(number);
    this.#handles.delete(number);
    if (handle?.kind === 'path') handle.close();
    else if (handle?.kind === 'file' || handle?.kind === 'directory') handle.handle.close();
  }

  #open(who: VfsCaller, at: PathAt, flags: number): Handle {
    const wants = (bit: number) => (flags & bit) !== 0;
    if (wants(Open.SYMLINK) && wants(Open.CREAT)) return { kind: 'newLink', at };
    if (wants(Open.STAT) || wants(Open.SYMLINK)) {
      const noFollow = wants(Open.SYMLINK) || wants(Open.NOFOLLOW) ? VfsOpen.NOFOLLOW : 0;
      return openPath(this.#vfs, who, at, VfsOpen.PATH | noFollow);
    }
    if (wants(Open.CREAT) && wants(Open.DIRECTORY)) {
      makeDirectory(this.#vfs, who, at, flags & Open.MODE_MASK);
      return openPath(this.#vfs, who, at, VfsOpen.DIRECTORY);
    }
    // Without a path it is the directory itself, or the one file that is shown: it exists.
    const existing = at.path === '' ? VfsOpen.CREAT : 0;
    const opened = openPath(this.#vfs, who, at, toVfsFlags(flags) & ~existing, flags & Open.MODE_MASK);
    return opened.kind === 'foreign' ? fail(Errno.ENXIO) : opened;
  }

  #who({ context: { attributes } }: Caller): VfsCaller {
    return { uid: attributes.euid, gid: attributes.egid, groups: [], umask: 0, cwd: this.#vfs.root };
  }

  /** Paths never lead out: they start at the directory or at the root, and `..` ends there. */
  #at(directory: Description, path: string): PathAt {
    const from = directory.number === ROOT ? this.#vfs.root : this.#location(directory);
    return { path: within(path), from, emptyPath: true };
  }

  #below(path: string): PathAt {
    return { path: within(path), from: this.#vfs.root };
  }

  #handle(file: Description): Handle {
    return this.#handles.get(file.number) ?? fail(Errno.EBADF);
  }

  #location(file: Description): Location {
    if (file.number === ROOT) return this.#vfs.root;
    const handle = this.#handle(file);
    return handle.kind === 'newLink' ? fail(Errno.ENOENT) : handle.location;
  }

  #stat(file: Description): Stat {
    const handle = file.number === ROOT ? undefined : this.#handle(file);
    return handle?.kind === 'file' ? handle.handle.stat() : this.#location(file).node.stat();
  }

  #target(handle: Handle): Buffer {
    if (handle.kind === 'newLink' || handle.location.node.type !== FileType.SYMLINK) return fail(Errno.EBADF);
    return bytesOfName((handle.location.node as Symlink).readlink());
  }

  #change(
    file: Description,
    change: (target: { stat(): Stat; change(change: AttributeChange): void }) => void,
  ): Outcome {
    return this.#did(() => {
      const location = this.#location(file);
      requireWritableMount(location);
      const handle = this.#handle(file);
      change(handle.kind === 'file' && (file.flags & Open.WRONLY) !== 0 ? handle.handle : location.node);
    });
  }

  #truncate(file: Description, size: number): Outcome {
    return this.#did(() => {
      const handle = this.#handle(file);
      if (handle.kind !== 'file' || (file.flags & Open.WRONLY) === 0) fail(Errno.EBADF);
      if (!(size >= 0)) fail(Errno.EINVAL);
      else if (handle.kind === 'file') handle.handle.change({ size });
    });
  }

  #setTimes(caller: Caller, file: Description, payload: UserBuffer): Outcome {
    if (payload.length < 2 * TimeSpec.sizeBytes) return -Errno.EINVAL;
    const bytes = payload.read(2 * TimeSpec.sizeBytes);
    const [atimeNs, mtimeNs] = [0, TimeSpec.sizeBytes].map((at) => nanoseconds(TimeSpec.decode(bytes, at)));
    if (atimeNs === undefined || mtimeNs === undefined) return -Errno.EINVAL;
    return this.#change(file, (target) => changeTimes(this.#who(caller), target, { atimeNs, mtimeNs }));
  }

  #list(file: Description, payload: UserBuffer, cursor: number, headerBytes: number): Outcome {
    payload.prepare();
    return orErrno(() => {
      const handle = this.#handle(file);
      if (handle.kind !== 'directory') return fail(Errno.ENOTDIR);
      const start = Math.max(0, cursor);
      const entries = handle.handle
        .entries(start)
        .map((entry, i) => ({ ...entry, next: start + i + 1, ino: entry.ino }));
      const shown = entries.filter(({ name }) => name !== '.' && name !== '..');
      const packed = encodeDirents(shown.map(dirent), Math.min(payload.length, MAX_PIECE_BYTES), headerBytes);
      return packed ? payload.write(packed) : fail(Errno.EINVAL);
    });
  }

  #statvfs(file: Description, payload: UserBuffer): Outcome {
    return orErrno(() => {
      const { mount, node } = asDirectory(file.number === ROOT ? this.#vfs.root : this.#location(file));
      const { bsize, blocks, bfree, bavail } = mount.fileSystem.statfs(node);
      payload.write(StatVfs.encode({ bsize, blocks, bfree, bavail }));
      return 0;
    });
  }

  #did(act: () => void): number {
    return orErrno(() => {
      act();
      return 0;
    });
  }
}

/** As the VFS takes it, which knows no character 0: its paths come from C. */
function within(path: string): string {
  if (path.includes('\0')) fail(Errno.EINVAL);
  return nameOfText(path.replace(/^\/+/, ''));
}

const nanoseconds = ({ sec, nsec }: { sec: number; nsec: number }): bigint | undefined =>
  Number.isSafeInteger(sec) && nsec >= 0 && nsec < Number(NS_PER_S)
    ? BigInt(sec) * NS_PER_S + BigInt(nsec)
    : undefined;

function dirent({
  name,
  type,
  ino,
  next,
}: {
  name: string;
  type: number;
  ino(): number;
  next: number;
}): Dirent {
  return { inode: ino(), next, kind: type >> 12, name: bytesOfName(name) };
}

function encodable({ ino, mode, nlink, uid, gid, size, blksize, blocks, atimeNs, mtimeNs, ctimeNs }: Stat) {
  const [atime, mtime, ctime] = [atimeNs, mtimeNs, ctimeNs].map(parts) as [Parts, Parts, Parts];
  return {
    ...{ ino, mode, nlink, uid, gid, size, blksize, blocks },
    ...{ atime: atime.sec, atimeNsec: atime.nsec, mtime: mtime.sec, mtimeNsec: mtime.nsec },
    ...{ ctime: ctime.sec, ctimeNsec: ctime.nsec },
  };
}

type Parts = { readonly sec: number; readonly nsec: number };
const parts = (ns: bigint): Parts => ({ sec: Number(ns / NS_PER_S), nsec: Number(ns % NS_PER_S) });
