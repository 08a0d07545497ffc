import { accessSync, chmodSync, chownSync, closeSync, constants, fstatSync, ftruncateSync } from 'node:fs';
import { lchownSync, lutimesSync, openSync, readlinkSync, utimesSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { FileType, Open } from '../flags.js';
import type { AttributeChange, Node, Openable, Stat, Symlink } from '../types.js';
import { childPath, identityOf, isObject, openExpected } from './anchor.js';
import type { Anchor, HostPath, Identity } from './anchor.js';
import type { HostDirectory } from './directory.js';
import { HostHandle, secondsOf } from './handle.js';
import { onHost } from './host-errors.js';
import { statOfHost } from './host-stat.js';
import type { HostFileSystem } from './hostfs.js';

// Whatever a guest or the folder's other users do, a regular file must open as one, at once, and become nobody's terminal.
const SAFE_OPEN = constants.O_NONBLOCK | constants.O_NOCTTY;
const PASSED_FLAGS = Open.ACCMODE | Open.TRUNC | Open.SYNC | Open.NOATIME;
const HOST_FLAGS: readonly (readonly [guest: number, host: number | undefined])[] = [
  [Open.TRUNC, constants.O_TRUNC],
  [Open.DSYNC, constants.O_DSYNC],
  [Open.SYNC & ~Open.DSYNC, constants.O_SYNC],
];

/** Flags for the host's open(2): the access mode, truncation and synchronous writing; nothing else passes. */
export function hostFlags(flags: number): number {
  const passed = HOST_FLAGS.filter(([guest]) => (flags & PASSED_FLAGS & guest) !== 0);
  return passed.reduce((sum, [, host = 0]) => sum | host, SAFE_OPEN | (flags & Open.ACCMODE));
}

/** An object in a host folder: where it was found, and which object it was. */
export abstract class HostNode implements Node {
  readonly identity: Identity;
  readonly type: number;

  constructor(
    readonly owner: HostFileSystem,
    public parent: HostDirectory | undefined,
    public name: string,
    found: BigIntStats,
  ) {
    this.identity = identityOf(found);
    this.type = this.identity.type;
  }

  abstract open(flags: number): Openable;
  /** Runs `use` with the object held; ENOENT when its name leads to another object now. */
  abstract withAnchor<T>(use: (anchor: Anchor) => T): T;

  stat(): Stat {
    return this.withAnchor((anchor) => statOfHost(this.owner.anchoring.stat(anchor)));
  }

  change(change: AttributeChange): void {
    this.owner.requireWritable();
    this.withAnchor(({ path }) => onHost(() => this.applyTo(path, change)));
  }

  access(mask: number): void {
    this.withAnchor(({ path }) => onHost(() => accessSync(path, mask)));
  }

  // An anchor's path leads to the object itself, so these follow no link that the guest or another process made.
  protected applyTo(path: HostPath, change: AttributeChange): void {
    if (change.size !== undefined) truncate(path, change.size);
    if (change.uid !== undefined || change.gid !== undefined)
      this.setOwner(path, change.uid ?? -1, change.gid ?? -1);
    if (change.mode !== undefined) chmodSync(path, change.mode);
    if (change.atimeNs === undefined && change.mtimeNs === undefined) return;
    const now = this.stat();
    this.setTimes(path, secondsOf(change.atimeNs ?? now.atimeNs), secondsOf(change.mtimeNs ?? now.mtimeNs));
  }

  protected setOwner(path: HostPath, uid: number, gid: number): void {
    chownSync(path, uid, gid);
  }

  protected setTimes(path: HostPath, atime: number, mtime: number): void {
    utimesSync(path, atime, mtime);
  }
}

function truncate(path: HostPath, size: number): void {
  const fd = openSync(path, constants.O_WRONLY | SAFE_OPEN);
  try {
    ftruncateSync(fd, size);
  } finally {
    closeSync(fd);
  }
}

/** Anything but a directory. It is found again by name for each use, unless it is held. */
export abstract class HostLeaf extends HostNode {
  #held: { anchor: Anchor; holders: number } | undefined;

  withAnchor<T>(use: (anchor: Anchor) => T): T {
    if (this.#held) return use(this.#held.anchor);
    const anchor = this.#acquire();
    try {
      return use(anchor);
    } finally {
      this.owner.anchoring.close(anchor);
    }
  }

  override stat(): Stat {
    if (this.#held || !this.parent) return super.stat();
    const found = this.parent.lstatEntry(this.name);
    if (!found || !isObject(found, this.identity)) fail(Errno.ENOENT);
    return statOfHost(found);
  }

  hold(): () => void {
    this.#held ??= { anchor: this.#acquire(), holders: 0 };
    const held = this.#held;
    held.holders += 1;
    let let_go = () => this.#release(held);
    return () => {
      let_go();
      let_go = () => undefined;
    };
  }

  /** For the root of a mount, which has no parent to be found in. */
  holdForever(anchor: Anchor): this {
    this.#held = { anchor, holders: 1 };
    return this;
  }

  #release(held: { anchor: Anchor; holders: number }): void {
    held.holders -= 1;
    if (held.holders > 0) return;
    this.#held = undefined;
    this.owner.anchoring.close(held.anchor);
  }

  #acquire(): Anchor {
    const { parent, name, owner, identity } = this;
    if (!parent) return fail(Errno.ENOENT);
    return parent.withAnchor((anchor) => openExpected(owner.anchoring, childPath(anchor, name), identity));
  }
}

export class HostFile extends HostLeaf {
  open(flags: number): HostHandle {
    const { owner } = this;
    if ((flags & (Open.ACCMODE | Open.TRUNC)) !== 0) owner.requireWritable();
    return this.withAnchor(({ path, fd }) => {
      // A magic link is followed by design; a plain path must not be.
      const noFollow = fd === undefined ? constants.O_NOFOLLOW : 0;
      return this.#checked(onHost(() => openSync(path, hostFlags(flags) | noFollow)));
    });
  }

  #checked(fd: number): HostHandle {
    const opened = fstatSync(fd, { bigint: true });
    if (isObject(opened, this.identity)) return new HostHandle(fd, this.owner.readOnly);
    closeSync(fd);
    return fail(Errno.ENOENT);
  }
}

export class HostSymlink extends HostLeaf implements Symlink {
  /** The target as it stands; the VFS resolves it in the guest's tree. */
  readlink(): string {
    const { parent, name } = this;
    if (!parent) return fail(Errno.ENOENT);
    const target = parent.withAnchor((anchor) =>
      onHost(() => readlinkSync(childPath(anchor, name), { encoding: 'buffer' })),
    );
    return target.toString('latin1');
  }

  open(): never {
    return fail(Errno.ELOOP);
  }

  protected override setOwner(_path: HostPath, uid: number, gid: number): void {
    this.parent?.withAnchor((anchor) => lchownSync(childPath(anchor, this.name), uid, gid));
  }

  protected override setTimes(_path: HostPath, atime: number, mtime: number): void {
    this.parent?.withAnchor((anchor) => lutimesSync(childPath(anchor, this.name), atime, mtime));
  }
}

/** FIFOs, sockets and devices of the host are seen, never opened: they reach beyond the folder. */
export class HostSpecial extends HostLeaf {
  open(): never {
    const isDevice = this.type === FileType.CHARACTER || this.type === FileType.BLOCK;
    return fail(isDevice ? Errno.EACCES : Errno.ENXIO);
  }
}
