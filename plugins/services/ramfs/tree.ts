import { Errno } from '../../../core/abi/errno.js';
import { Mode } from '../../../core/abi/flags.js';
import { PosixError } from '../runtime/posix-error.js';
import { canonical, targetOf } from '../runtime/paths.js';
import { Changes } from './changes.js';
import { Access, demand, entriesOf, isDirectory, isLink } from './inode.js';
import type { Credentials, Inode, Time } from './inode.js';

const ROOT = 1;
const MAX_LINKS = 16;
const NAME_MAX_BYTES = 255;

const fail = (errno: number): never => {
  throw new PosixError(errno);
};

/** Where a path leads: the directory that holds the last name, and what is there, if anything. */
export interface Place {
  readonly parent: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** Inodes and names: everything of a file system but the bytes. */
export class Tree {
  readonly changes = new Changes();
  readonly #inodes = new Map<number, Inode>();
  #next = ROOT;

  constructor(
    private readonly scheme: string,
    now: Time,
  ) {
    const root = this.create(Mode.DIR + 0o755, { uid: 0, gid: 0 }, now, ROOT);
    root.links = 2;
  }

  get root(): Inode {
    return this.get(ROOT);
  }

  get(number: number): Inode {
    return this.#inodes.get(number) ?? fail(Errno.EBADF);
  }

  create(mode: number, { uid, gid }: Credentials, now: Time, parent: number): Inode {
    const directory = (mode & Mode.TYPE) === Mode.DIR;
    const inode: Inode = {
      number: this.#next++,
      mode,
      uid,
      gid,
      links: 0,
      size: 0,
      modified: now,
      accessed: now,
      changed: now,
      ...(directory ? { entries: new Map() } : {}),
      parent,
      nextSequence: 1,
    };
    this.#inodes.set(inode.number, inode);
    this.changes.touch(inode);
    return inode;
  }

  forget(inode: Inode): void {
    this.changes.forget(inode);
    this.#inodes.delete(inode.number);
  }

  /**
   * Follows `path` from `from`. Links in the middle are always followed, the last one when `follow`. EXDEV for a link that leaves
   * the scheme: the client goes on from there.
   */
  find(from: Inode, path: string, who: Credentials, follow: boolean): Place {
    let place: Place = { parent: from, name: '', inode: from };
    let rest = segmentsOf(path);
    for (let links = 0; rest.length > 0;) {
      const [name = '', ...others] = rest;
      place = this.#step(place.inode ?? fail(Errno.ENOENT), name, who);
      rest = others;
      const link = place.inode;
      if (!link || !isLink(link) || (rest.length === 0 && !follow)) continue;
      if (++links > MAX_LINKS) fail(Errno.ELOOP);
      rest = [...this.#targetOf(link, place.parent), ...rest];
      place = { parent: this.root, name: '', inode: this.root };
    }
    return place;
  }

  link(parent: Inode, name: string, inode: Inode, now: Time): void {
    const entry = { inode: inode.number, sequence: parent.nextSequence++ };
    entriesOf(parent).set(name, entry);
    this.changes.add(['link', parent.number, name, entry]);
    inode.links += isDirectory(inode) ? 2 : 1;
    inode.parent = parent.number;
    if (isDirectory(inode)) parent.links++;
    this.#changed(parent, inode, now);
  }

  unlink(parent: Inode, name: string, inode: Inode, now: Time): void {
    entriesOf(parent).delete(name);
    this.changes.add(['unlink', parent.number, name]);
    inode.links -= isDirectory(inode) ? 2 : 1;
    if (isDirectory(inode)) parent.links--;
    inode.changed = now;
    this.#changed(parent, inode, now);
  }

  /** Is `inode` the directory `above` or inside of it? */
  isInside(inode: Inode, above: Inode): boolean {
    for (let at = inode; ; at = this.get(at.parent)) {
      if (at === above) return true;
      if (at.number === ROOT) return false;
    }
  }

  pathOf(inode: Inode): string {
    if (inode.number === ROOT) return '';
    const parent = this.get(inode.parent);
    const name = [...entriesOf(parent)].find(([, entry]) => entry.inode === inode.number)?.[0] ?? '?';
    const above = this.pathOf(parent);
    return above === '' ? name : `${above}/${name}`;
  }

  get all(): Inode[] {
    return [...this.#inodes.values()];
  }

  restore(inodes: Iterable<Inode>): void {
    this.#inodes.clear();
    for (const inode of inodes) {
      this.#inodes.set(inode.number, inode);
      this.#next = Math.max(this.#next, inode.number + 1);
    }
  }

  #changed(parent: Inode, inode: Inode, now: Time): void {
    parent.modified = now;
    parent.changed = now;
    this.changes.touch(parent);
    this.changes.touch(inode);
  }

  #step(directory: Inode, name: string, who: Credentials): Place {
    const entries = entriesOf(directory);
    demand(directory, who, Access.SEARCH);
    if (name.length > NAME_MAX_BYTES) fail(Errno.ENAMETOOLONG);
    const entry = entries.get(name);
    return { parent: directory, name, inode: entry && this.get(entry.inode) };
  }

  #targetOf(link: Inode, parent: Inode): string[] {
    const path = canonical(link.target ?? '', `/scheme/${this.scheme}/${this.pathOf(parent)}`);
    const { scheme, reference } = targetOf(path);
    return scheme === this.scheme ? segmentsOf(reference) : fail(Errno.EXDEV);
  }
}

export const segmentsOf = (path: string): string[] =>
  path.split('/').filter((segment) => segment !== '' && segment !== '.');
