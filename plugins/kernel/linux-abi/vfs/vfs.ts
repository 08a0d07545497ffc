import { Errno } from '../../../../core/abi/errno.js';
import { DeviceNumbers } from './device-numbers.js';
import { fail } from './failure.js';
import { Access, FileType } from './flags.js';
import { asDirectory, isDirectory, rootOf } from './location.js';
import type { DirectoryLocation, Location, Mount } from './location.js';
import { splitPath } from './names.js';
import { requireAccess } from './permissions.js';
import type { Credentials } from './permissions.js';
import { Tmpfs } from './tmpfs/tmpfs.js';
import type { FileSystem, Stat, StatFs, Symlink } from './types.js';
import { find, lookupIn, walk } from './walk.js';
import type { Walked } from './walk.js';

/** On whose behalf: what the VFS needs to know of a process. */
export interface Caller extends Credentials {
  readonly umask: number;
  readonly cwd: Location;
}

/** The (dirfd, path, flags) of an *at call. `from` is what the descriptor is open on; undefined: the working directory. */
export interface PathAt {
  readonly path: string;
  readonly from?: Location | undefined;
  readonly noFollow?: boolean;
  /** AT_EMPTY_PATH: an empty path means `from` itself. */
  readonly emptyPath?: boolean;
}

export interface MountOptions {
  readonly readOnly?: boolean;
  readonly source?: string;
}

const everything: Credentials = { uid: 0, gid: 0, groups: [] };

const newMount = (fileSystem: FileSystem, point: Mount['point'], options: MountOptions): Mount => ({
  fileSystem,
  readOnly: options.readOnly ?? false,
  source: options.source ?? fileSystem.name,
  point,
  children: new Map(),
});

/** The tree of one guest. Everything is synchronous; what a guest did wrong is thrown as SysFailure. */
export class Vfs {
  readonly deviceNumbers = new DeviceNumbers();
  readonly #root: Mount;
  readonly #mounts: Mount[];

  constructor(
    root: FileSystem,
    private readonly nowNs: () => bigint,
    options: MountOptions = {},
  ) {
    this.#root = newMount(root, undefined, options);
    this.#mounts = [this.#root];
  }

  get root(): Location {
    return rootOf(this.#root);
  }

  /** In the order they were mounted. */
  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  /** Shows `fileSystem` at an absolute path. Parents that are missing appear as empty directories. Answers its undo. */
  mount(path: string, fileSystem: FileSystem, options: MountOptions = {}): () => void {
    const name = splitPath(path).at(-1);
    if (name === undefined) fail(Errno.EBUSY);
    return this.#mountAt(this.#parentFor(splitPath(path).slice(0, -1)), name, fileSystem, options);
  }

  #mountAt({ mount, node }: DirectoryLocation, name: string, fileSystem: FileSystem, options: MountOptions) {
    const names = mount.children.get(node) ?? new Map<string, Mount>();
    const added = newMount(fileSystem, { mount, directory: node, name }, options);
    mount.children.set(node, names.set(name, added));
    this.#mounts.push(added);
    return () => this.#unmount(added);
  }

  /** Makes a path of directories appear, where the tree owns its names. */
  makeParents(path: string): void {
    this.#parentFor(splitPath(path));
  }

  #parentFor(parts: readonly string[]): DirectoryLocation {
    let at = asDirectory(this.root);
    for (const part of parts) at = asDirectory(this.#stepOver(at, part));
    return at;
  }

  #stepOver(at: DirectoryLocation, part: string): Location {
    const start = { root: this.#root, from: at, credentials: everything };
    if (part === '.' || part === '..') return find(start, part, true);
    if (lookupIn(at, part)) return find(start, part, true);
    if (at.mount.fileSystem.ownsNames) at.node.mkdir(part, { mode: 0o755, uid: 0, gid: 0 });
    else
      this.#mountAt(at, part, new Tmpfs({ dev: this.deviceNumbers.take(), nowNs: this.nowNs }), {
        readOnly: true,
        source: 'empty',
      });
    return find(start, part, true);
  }

  #unmount(mount: Mount): void {
    const at = this.#mounts.indexOf(mount);
    if (at < 0 || !mount.point) return;
    this.#mounts.splice(at, 1);
    const names = mount.point.mount.children.get(mount.point.directory);
    if (names?.get(mount.point.name) === mount) names.delete(mount.point.name);
  }

  walk(caller: Caller, at: PathAt): Walked {
    return walk(this.#start(caller, at), at.path, !at.noFollow);
  }

  find(caller: Caller, at: PathAt): Location {
    if (at.path === '' && at.emptyPath) return at.from ?? caller.cwd;
    return find(this.#start(caller, at), at.path, !at.noFollow);
  }

  #start(caller: Caller, at: PathAt) {
    return { root: this.#root, from: at.from ?? caller.cwd, credentials: caller };
  }

  stat(caller: Caller, at: PathAt): Stat {
    return this.find(caller, at).node.stat();
  }

  statfs(caller: Caller, at: PathAt): StatFs {
    const { mount, node } = this.find(caller, at);
    return mount.fileSystem.statfs(node);
  }

  /** The target's bytes as a name. EINVAL for what is no symlink (ENOENT for an empty path, as Linux says). */
  readlink(caller: Caller, at: PathAt): string {
    const { node } = this.find(caller, { ...at, noFollow: true });
    if (node.type !== FileType.SYMLINK) fail(at.path === '' ? Errno.ENOENT : Errno.EINVAL);
    return (node as Symlink).readlink();
  }

  /** access(2), decided for the ids in `caller`. */
  access(caller: Caller, at: PathAt, mask: number): void {
    const { mount, node } = this.find(caller, at);
    if (mask === Access.EXISTS) return;
    const changesDisk = node.type === FileType.REGULAR || isDirectory(node);
    if ((mask & Access.WRITE) !== 0 && mount.readOnly && changesDisk) fail(Errno.EROFS);
    requireAccess(caller, node, mask);
    node.access?.(mask);
  }

  /** For chdir(2): a directory that may be searched. */
  directory(caller: Caller, at: PathAt): DirectoryLocation {
    const location = asDirectory(this.find(caller, at));
    requireAccess(caller, location.node, Access.EXECUTE);
    return location;
  }
}
