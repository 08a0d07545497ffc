import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { FileType } from '../flags.js';
import type { Location } from '../location.js';
import { bytesOfName } from '../names.js';
import type {
  AttributeChange,
  Directory,
  DirectoryEntry,
  FileHandle,
  Node,
  Stat,
  Symlink,
} from '../types.js';

/** What made objects share: who owns them, and what numbers they bear. */
export interface Origin {
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
  nowNs(): bigint;
}

const BLOCK_BYTES = 1024;

abstract class SyntheticNode implements Node {
  abstract readonly type: number;

  constructor(
    protected readonly origin: Origin,
    private readonly permissions: number,
  ) {}

  stat(): Stat {
    const { dev, ino, uid, gid } = this.origin;
    const now = this.origin.nowNs();
    const times = { atimeNs: now, mtimeNs: now, ctimeNs: now, btimeNs: now };
    const nlink = this.type === FileType.DIRECTORY ? 2 : 1;
    const mode = this.type | this.permissions;
    const size = this.type === FileType.SYMLINK ? 64 : 0;
    return { dev, ino, mode, nlink, uid, gid, rdev: 0, size, blksize: BLOCK_BYTES, blocks: 0, ...times };
  }

  change(_change: AttributeChange): void {
    fail(Errno.EPERM);
  }

  abstract open(flags: number): FileHandle;
}

export type Content = () => string | Uint8Array;

/** A file whose bytes are made when reading begins, and again whenever it begins anew. Its size is 0, as in /proc. */
export class SyntheticFile extends SyntheticNode {
  readonly type = FileType.REGULAR;

  constructor(
    origin: Origin,
    permissions: number,
    private readonly content: Content,
    private readonly store?: (bytes: Uint8Array) => void,
  ) {
    super(origin, permissions);
  }

  open(): FileHandle {
    return new SyntheticHandle(this, this.content, this.store);
  }

  // O_TRUNC by a shell's redirection is no change of anything.
  override change(change: AttributeChange): void {
    if (change.size === undefined) super.change(change);
  }
}

class SyntheticHandle implements FileHandle {
  readonly kind = 'file';
  readonly seekable = true;
  #bytes: Uint8Array | undefined;

  constructor(
    private readonly node: Node,
    private readonly content: Content,
    private readonly store: ((bytes: Uint8Array) => void) | undefined,
  ) {}

  read(into: Uint8Array, position: number): number {
    if (position === 0 || !this.#bytes) this.#bytes = this.#make();
    const piece = this.#bytes.subarray(position, position + into.length);
    into.set(piece);
    return piece.length;
  }

  write(from: Uint8Array): number {
    if (!this.store) fail(Errno.EACCES);
    this.store(from);
    return from.length;
  }

  append(from: Uint8Array): number {
    return this.write(from);
  }

  stat(): Stat {
    return this.node.stat();
  }

  change(change: AttributeChange): void {
    this.node.change(change);
  }

  sync(): void {
    fail(Errno.EINVAL);
  }

  close(): void {
    this.#bytes = undefined;
  }

  #make(): Uint8Array {
    const content = this.content();
    return typeof content === 'string' ? bytesOfName(content) : content;
  }
}

/** A link shown as text; with `target`, one that leads straight to an object. */
export class SyntheticLink extends SyntheticNode implements Symlink {
  readonly type = FileType.SYMLINK;

  constructor(
    origin: Origin,
    private readonly link: { text(): string; target?(): Location | undefined; readonly mode?: number },
  ) {
    super(origin, link.mode ?? 0o777);
  }

  readlink(): string {
    return this.link.text();
  }

  follow(): Location | undefined {
    return this.link.target?.();
  }

  open(): never {
    return fail(Errno.ELOOP);
  }
}

export interface Contents {
  names(): readonly string[];
  lookup(name: string, directory: SyntheticDirectory): Node | undefined;
}

/** A directory whose entries are made when they are asked for. Nothing can be added or taken away. */
export class SyntheticDirectory extends SyntheticNode implements Directory {
  readonly type = FileType.DIRECTORY;
  readonly removed = false;

  constructor(
    origin: Origin,
    readonly parent: SyntheticDirectory | undefined,
    readonly name: string,
    private readonly contents: Contents,
    permissions = 0o555,
  ) {
    super(origin, permissions);
  }

  lookup(name: string): Node | undefined {
    return this.contents.lookup(name, this);
  }

  list(): DirectoryEntry[] {
    return this.contents.names().flatMap((name) => {
      const node = this.lookup(name);
      return node ? [{ name, type: node.type, ino: () => node.stat().ino }] : [];
    });
  }

  open(): never {
    return fail(Errno.EISDIR);
  }

  create(): never {
    return fail(Errno.EACCES);
  }

  mknod(): never {
    return fail(Errno.EPERM);
  }

  mkdir(): never {
    return fail(Errno.EPERM);
  }

  symlink(): never {
    return fail(Errno.EPERM);
  }

  link(): never {
    return fail(Errno.EPERM);
  }

  unlink(): never {
    return fail(Errno.EPERM);
  }

  rmdir(): never {
    return fail(Errno.EPERM);
  }

  rename(): never {
    return fail(Errno.EPERM);
  }
}

/** What makes one entry of a table of names. */
export type EntryMaker = (directory: SyntheticDirectory, name: string) => Node;

/** Contents that are a fixed table. */
export function tableOf(entries: ReadonlyMap<string, EntryMaker>): Contents {
  return {
    names: () => [...entries.keys()],
    lookup: (name, directory) => entries.get(name)?.(directory, name),
  };
}
