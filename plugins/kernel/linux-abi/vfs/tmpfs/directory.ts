import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { FileType, Mode, Rename } from '../flags.js';
import type { Directory, DirectoryEntry, NewNode, Node } from '../types.js';
import { TmpfsFile, TmpfsNode, TmpfsSpecial, TmpfsSymlink } from './node.js';
import type { Tmpfs } from './tmpfs.js';

/** What `ls -l` shows for a tmpfs directory of few entries. */
const DIRECTORY_BYTES = 40;
const ENTRY_BYTES = 20;
const LINK_MAX = 65_000;

export class TmpfsDirectory extends TmpfsNode implements Directory {
  readonly #entries = new Map<string, TmpfsNode>();
  parent: TmpfsDirectory | undefined;
  name: string;
  removed = false;

  constructor(owner: Tmpfs, parent: TmpfsDirectory | undefined, name: string, init: NewNode) {
    super(owner, FileType.DIRECTORY, init);
    this.parent = parent;
    this.name = name;
    this.nlink = 2;
  }

  get size(): number {
    return DIRECTORY_BYTES + this.#entries.size * ENTRY_BYTES;
  }

  open(): never {
    return fail(Errno.EISDIR);
  }

  lookup(name: string): TmpfsNode | undefined {
    return this.#entries.get(name);
  }

  list(): DirectoryEntry[] {
    return Array.from(this.#entries, ([name, node]) => ({ name, type: node.type, ino: () => node.ino }));
  }

  create(name: string, init: NewNode) {
    const node = this.#add(name, () => new TmpfsFile(this.owner, init));
    return { node, opened: node.open(0) };
  }

  createUnnamed(init: NewNode) {
    const node = new TmpfsFile(this.owner, init);
    const opened = node.open(0);
    node.unlinked();
    return { node, opened };
  }

  mknod(name: string, init: NewNode, rdev: number): Node {
    const type = init.mode & FileType.MASK;
    if (type === FileType.REGULAR) return this.#add(name, () => new TmpfsFile(this.owner, init));
    return this.#add(name, () => new TmpfsSpecial(this.owner, type, init, rdev));
  }

  mkdir(name: string, init: NewNode): TmpfsDirectory {
    const inherited = { ...init, mode: init.mode | (this.stat().mode & Mode.SETGID) };
    const node = this.#add(name, () => new TmpfsDirectory(this.owner, this, name, inherited));
    this.nlink += 1;
    return node;
  }

  symlink(name: string, target: string, init: NewNode): Node {
    return this.#add(name, () => new TmpfsSymlink(this.owner, target, init));
  }

  link(name: string, node: Node): void {
    if (!(node instanceof TmpfsNode) || node.owner !== this.owner) fail(Errno.EXDEV);
    if (node.nlink >= LINK_MAX) fail(Errno.EMLINK);
    this.#add(name, () => node).linked();
  }

  unlink(name: string): void {
    this.#take(name).unlinked();
  }

  rmdir(name: string): void {
    const node = this.lookup(name);
    if (!(node instanceof TmpfsDirectory)) fail(Errno.ENOTDIR);
    if (node.#entries.size > 0) fail(Errno.ENOTEMPTY);
    this.#take(name);
    this.nlink -= 1;
    node.removed = true;
    node.nlink = 1;
    node.unlinked();
  }

  rename(name: string, to: Directory, newName: string, flags: number): void {
    if (!(to instanceof TmpfsDirectory) || to.owner !== this.owner) fail(Errno.EXDEV);
    const moved = this.lookup(name) ?? fail(Errno.ENOENT);
    const replaced = to.lookup(newName);
    if (moved === replaced) return;
    if ((flags & Rename.EXCHANGE) !== 0) return this.#exchange(name, to, newName);
    if (replaced) to.#replace(newName, replaced);
    this.#take(name);
    to.#put(newName, moved);
  }

  #replace(name: string, node: TmpfsNode): void {
    if (node instanceof TmpfsDirectory) this.rmdir(name);
    else this.unlink(name);
  }

  #exchange(name: string, to: TmpfsDirectory, newName: string): void {
    if (isInside(this, to.lookup(newName))) fail(Errno.EINVAL);
    const moved = this.#take(name);
    const other = to.#take(newName);
    to.#put(newName, moved);
    this.#put(name, other);
  }

  #add<N extends TmpfsNode>(name: string, make: () => N): N {
    if (this.removed) fail(Errno.ENOENT);
    if (this.#entries.has(name)) fail(Errno.EEXIST);
    const node = make();
    this.#entries.set(name, node);
    this.modified();
    return node;
  }

  #take(name: string): TmpfsNode {
    const node = this.lookup(name) ?? fail(Errno.ENOENT);
    this.#entries.delete(name);
    this.modified();
    return node;
  }

  #put(name: string, node: TmpfsNode): void {
    this.#entries.set(name, node);
    this.modified();
    node.ctimeNs = this.owner.nowNs();
    if (!(node instanceof TmpfsDirectory)) return;
    if (node.parent) node.parent.nlink -= 1;
    this.nlink += 1;
    node.parent = this;
    node.name = name;
  }
}

function isInside(directory: TmpfsDirectory, node: TmpfsNode | undefined): boolean {
  for (let at: TmpfsDirectory | undefined = directory; at; at = at.parent) if (at === node) return true;
  return false;
}
