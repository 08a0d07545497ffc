import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import { Access, FileType } from './flags.js';
import { asDirectory, isDirectory, parentOf, rootOf } from './location.js';
import type { DirectoryLocation, Location, Mount } from './location.js';
import { checkName, splitPath } from './names.js';
import { requireAccess } from './permissions.js';
import type { Credentials } from './permissions.js';
import type { Node, Symlink } from './types.js';

const MAX_LINKS = 40;

/** Where a path leads. Without `found` the last component is free to be created as `name` in `directory`. */
export interface Walked {
  readonly directory: DirectoryLocation;
  readonly name: string;
  readonly found: Location | undefined;
  /** The path ended in a slash. */
  readonly slash: boolean;
  /** What the last component was: a name, or one that cannot be created or removed. */
  readonly last: 'name' | 'dot' | 'dotdot' | 'root';
}

export interface WalkStart {
  readonly root: Mount;
  readonly from: Location;
  readonly credentials: Credentials;
}

/** What is called `name` in a directory, mounts first. */
export function lookupIn({ mount, node }: DirectoryLocation, name: string): Location | undefined {
  const mounted = mount.children.get(node)?.get(name);
  if (mounted) return rootOf(mounted);
  const found = node.lookup(name);
  return found && { mount, node: found, directory: node, name };
}

class Walk {
  #pending: string[];
  #at: Location;
  #links = 0;
  #slash: boolean;
  #walked: Walked;

  constructor(
    private readonly start: WalkStart,
    path: string,
    private readonly follow: boolean,
  ) {
    this.#pending = splitPath(path).reverse();
    this.#at = path.startsWith('/') ? rootOf(start.root) : start.from;
    this.#slash = path.endsWith('/');
    const directory = asDirectory(this.#at);
    this.#walked = { directory, name: '', found: this.#at, slash: true, last: 'root' };
  }

  run(): Walked {
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) this.#step(name);
    return this.#walked;
  }

  get #final(): boolean {
    return this.#pending.length === 0;
  }

  #step(name: string): void {
    const directory = asDirectory(this.#at);
    requireAccess(this.start.credentials, directory.node, Access.EXECUTE);
    if (name === '.') return this.#arrive(directory, name, directory, 'dot');
    if (name === '..') return this.#arrive(directory, name, parentOf(directory), 'dotdot');
    checkName(name);
    const found = lookupIn(directory, name);
    if (!found && !this.#final) fail(Errno.ENOENT);
    if (found && this.#follows(found.node)) return this.#enter(directory, found);
    this.#arrive(directory, name, found, 'name');
  }

  #arrive(
    directory: DirectoryLocation,
    name: string,
    found: Location | undefined,
    last: Walked['last'],
  ): void {
    this.#walked = { directory, name, found, slash: this.#slash, last };
    if (found) this.#at = found;
  }

  #follows(node: Node): node is Symlink {
    return node.type === FileType.SYMLINK && (!this.#final || this.follow || this.#slash);
  }

  #enter(directory: DirectoryLocation, link: Location): void {
    if (++this.#links > MAX_LINKS) fail(Errno.ELOOP);
    const node = link.node as Symlink;
    const object = node.follow?.();
    if (object) return this.#arrive(directory, link.name, object, 'name');
    this.#expand(directory, node.readlink());
  }

  #expand(directory: DirectoryLocation, target: string): void {
    if (target === '') fail(Errno.ENOENT);
    if (this.#final && target.endsWith('/')) this.#slash = true;
    this.#at = target.startsWith('/') ? rootOf(this.start.root) : directory;
    const parts = splitPath(target);
    if (parts.length === 0) this.#arrive(asDirectory(this.#at), '', this.#at, 'root');
    for (const part of parts.reverse()) this.#pending.push(part);
  }
}

/** Follows `path`; the last component, when it is a symlink, only if `follow` or a slash asks for it. */
export function walk(start: WalkStart, path: string, follow: boolean): Walked {
  if (path === '') fail(Errno.ENOENT);
  const walked = new Walk(start, path, follow).run();
  if (walked.slash && walked.found && !isDirectory(walked.found.node)) fail(Errno.ENOTDIR);
  return walked;
}

/** As `walk`, for calls that need the object to exist. */
export function find(start: WalkStart, path: string, follow: boolean): Location {
  return walk(start, path, follow).found ?? fail(Errno.ENOENT);
}
