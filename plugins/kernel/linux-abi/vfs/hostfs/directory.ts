import { closeSync, constants, fchmodSync, fchownSync, fstatSync, linkSync, lstatSync } from 'node:fs';
import { mkdirSync, openSync, readdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import type { BigIntStats, Dirent } from 'node:fs';
import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { FileType, Open, Rename } from '../flags.js';
import { bytesOfName } from '../names.js';
import type { Directory, DirectoryEntry, NewNode, Node } from '../types.js';
import { childPath, isObject, openExpected } from './anchor.js';
import type { Anchor, HostPath } from './anchor.js';
import { HostHandle } from './handle.js';
import { ifPresent, onHost } from './host-errors.js';
import type { HostFileSystem } from './hostfs.js';
import { KnownDirectories } from './known-directories.js';
import { HostFile, HostNode, HostSpecial, HostSymlink, hostFlags } from './node.js';
import { statOfHost } from './host-stat.js';

const CREATE_FLAGS = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

const hostTypes: readonly (readonly [(entry: Dirent) => boolean, number])[] = [
  [(entry) => entry.isFile(), FileType.REGULAR],
  [(entry) => entry.isDirectory(), FileType.DIRECTORY],
  [(entry) => entry.isSymbolicLink(), FileType.SYMLINK],
  [(entry) => entry.isFIFO(), FileType.FIFO],
  [(entry) => entry.isSocket(), FileType.SOCKET],
  [(entry) => entry.isCharacterDevice(), FileType.CHARACTER],
  [(entry) => entry.isBlockDevice(), FileType.BLOCK],
];

/** A directory of the folder. Its descriptor is opened when needed and may be closed between uses. */
export class HostDirectory extends HostNode implements Directory {
  pins = 0;
  removed = false;
  readonly #known = new KnownDirectories();

  lstatEntry(name: string): BigIntStats | undefined {
    return this.withAnchor((anchor) =>
      ifPresent(() => lstatSync(childPath(anchor, name), { bigint: true, throwIfNoEntry: true })),
    );
  }

  lookup(name: string): Node | undefined {
    const found = this.lstatEntry(name);
    return found && this.#nodeFor(name, found);
  }

  list(): DirectoryEntry[] {
    const found = this.withAnchor(({ path }) =>
      onHost(() => readdirSync(path, { withFileTypes: true, encoding: 'buffer' as 'utf8' })),
    );
    return found.map((entry) => this.#entryOf(entry));
  }

  create(name: string, init: NewNode, flags: number) {
    const fd = this.#onEntry(name, (path) => openSync(path, hostFlags(flags) | CREATE_FLAGS, init.mode));
    try {
      this.#finish(fd, init);
      const node = new HostFile(this.owner, this, name, fstatSync(fd, { bigint: true }));
      return { node, opened: new HostHandle(fd, false) };
    } catch (failure) {
      closeSync(fd);
      throw failure;
    }
  }

  mknod(name: string, init: NewNode): Node {
    if ((init.mode & FileType.MASK) !== FileType.REGULAR) fail(Errno.EPERM);
    const { node, opened } = this.create(name, { ...init, mode: init.mode & ~FileType.MASK }, Open.WRONLY);
    opened.close();
    return node;
  }

  mkdir(name: string, init: NewNode): Node {
    this.#onEntry(name, (path) => mkdirSync(path, { mode: init.mode }));
    const node = this.lookup(name) ?? fail(Errno.ENOENT);
    this.owner.adopt(node, init);
    return node;
  }

  symlink(name: string, target: string, init: NewNode): Node {
    this.#onEntry(name, (path) => symlinkSync(bytesOfName(target), path));
    const node = this.lookup(name) ?? fail(Errno.ENOENT);
    if (this.owner.handsOver(init)) node.change({ uid: init.uid, gid: init.gid });
    return node;
  }

  link(name: string, node: Node): void {
    if (!(node instanceof HostNode) || node.owner !== this.owner) fail(Errno.EXDEV);
    const { parent } = node;
    if (!parent) fail(Errno.EXDEV);
    node.stat();
    parent.withAnchor((from) => this.#onEntry(name, (path) => linkSync(childPath(from, node.name), path)));
  }

  unlink(name: string): void {
    this.#onEntry(name, (path) => unlinkSync(path));
  }

  rmdir(name: string): void {
    this.#onEntry(name, (path) => rmdirSync(path));
    this.#known.forget(name);
  }

  // Node has no renameat2: the VFS has found the new name free for NOREPLACE, which another host process may outrun.
  rename(name: string, to: Directory, newName: string, flags: number): void {
    if (!(to instanceof HostDirectory) || to.owner !== this.owner) fail(Errno.EXDEV);
    if ((flags & Rename.EXCHANGE) !== 0) fail(Errno.EINVAL);
    this.#onEntry(name, (from) => to.#onEntry(newName, (path) => renameSync(from, path)));
    this.#known.move(name, to, to.#known, newName);
  }

  open(): never {
    return fail(Errno.EISDIR);
  }

  withAnchor<T>(use: (anchor: Anchor) => T): T {
    this.pins += 1;
    try {
      return use(this.#acquire());
    } finally {
      this.pins -= 1;
    }
  }

  hold(): () => void {
    this.#acquire();
    this.pins += 1;
    let held = true;
    return () => {
      if (held) this.pins -= 1;
      held = false;
    };
  }

  /** Opens what is missing on the way down from the nearest ancestor that is open. */
  #acquire(): Anchor {
    const { anchors, anchoring } = this.owner;
    const { open, missing } = lineage(this);
    let anchor = open;
    for (const next of missing) {
      anchor = openExpected(anchoring, childPath(anchor, next.name), next.identity);
      if (anchoring.pinsObjects) anchors.add(next, anchor);
    }
    return anchor;
  }

  /** The anchor to use without asking: it cannot have come to stand for another object. */
  get openAnchor(): Anchor | undefined {
    const { anchors, anchoring } = this.owner;
    return anchoring.pinsObjects || !this.parent ? anchors.get(this) : undefined;
  }

  #onEntry<T>(name: string, call: (path: HostPath) => T): T {
    this.owner.requireWritable();
    return this.withAnchor((anchor) => onHost(() => call(childPath(anchor, name))));
  }

  #finish(fd: number, init: NewNode): void {
    onHost(() => {
      if (this.owner.handsOver(init)) fchownSync(fd, init.uid, init.gid);
      if (this.owner.masks(init.mode)) fchmodSync(fd, init.mode);
    });
  }

  #entryOf(entry: Dirent): DirectoryEntry {
    const name = (entry.name as unknown as Buffer).toString('latin1');
    const type = hostTypes.find(([is]) => is(entry))?.[1] ?? FileType.REGULAR;
    // An entry that is gone by now still has to be named; 1 is a number that nobody looks up.
    return { name, type, ino: () => this.#inoOf(name) ?? 1 };
  }

  #inoOf(name: string): number | undefined {
    const found = this.lstatEntry(name);
    return found && statOfHost(found).ino;
  }

  #nodeFor(name: string, found: BigIntStats): Node {
    if (!found.isDirectory()) return leafFor(this.owner, this, name, found);
    const known = this.#known.get(name);
    if (known && isObject(found, known.identity)) return known;
    const node = new HostDirectory(this.owner, this, name, found);
    this.#known.set(name, node);
    return node;
  }
}

/** The nearest ancestor (or itself) that is open, and what lies between, outermost first. */
function lineage(directory: HostDirectory): { open: Anchor; missing: HostDirectory[] } {
  const missing: HostDirectory[] = [];
  for (let at: HostDirectory | undefined = directory; at; at = at.parent) {
    const open = at.openAnchor;
    if (open) return { open, missing: missing.reverse() };
    missing.push(at);
  }
  return fail(Errno.ENOENT);
}

export function leafFor(
  owner: HostFileSystem,
  parent: HostDirectory | undefined,
  name: string,
  found: BigIntStats,
): HostFile | HostSymlink | HostSpecial {
  if (found.isFile()) return new HostFile(owner, parent, name, found);
  if (found.isSymbolicLink()) return new HostSymlink(owner, parent, name, found);
  return new HostSpecial(owner, parent, name, found);
}
