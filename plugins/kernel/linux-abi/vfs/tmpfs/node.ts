import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import { FileType, Open } from '../flags.js';
import { foreign } from '../types.js';
import type { AttributeChange, FileHandle, NewNode, Node, Openable, Stat, Symlink } from '../types.js';
import { PagedBytes } from './pages.js';
import type { Tmpfs } from './tmpfs.js';

const BLOCK_BYTES = 4096;
const SECTOR_BYTES = 512;
const SHORT_TARGET_BYTES = 128;
/** What s_maxbytes is on Linux for 64-bit files, kept to exact numbers. */
const FILE_MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** What all objects of a tmpfs have in common. */
export abstract class TmpfsNode implements Node {
  readonly ino: number;
  nlink = 1;
  uid: number;
  gid: number;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  readonly #birthNs: bigint;
  #permissions: number;

  constructor(
    readonly owner: Tmpfs,
    readonly type: number,
    init: NewNode,
  ) {
    owner.takeName();
    this.ino = owner.nextInode();
    this.uid = init.uid;
    this.gid = init.gid;
    this.#permissions = init.mode & ~FileType.MASK;
    this.#birthNs = this.atimeNs = this.mtimeNs = this.ctimeNs = owner.nowNs();
  }

  abstract get size(): number;
  abstract open(flags: number): Openable;

  get residentBytes(): number {
    return 0;
  }

  get rdev(): number {
    return 0;
  }

  stat(): Stat {
    return {
      dev: this.owner.dev,
      ino: this.ino,
      mode: this.type | this.#permissions,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      size: this.size,
      blksize: BLOCK_BYTES,
      blocks: this.residentBytes / SECTOR_BYTES,
      atimeNs: this.atimeNs,
      mtimeNs: this.mtimeNs,
      ctimeNs: this.ctimeNs,
      btimeNs: this.#birthNs,
    };
  }

  change(change: AttributeChange): void {
    if (change.size !== undefined) this.resize(change.size);
    if (change.mode !== undefined) this.#permissions = change.mode;
    this.uid = change.uid ?? this.uid;
    this.gid = change.gid ?? this.gid;
    this.atimeNs = change.atimeNs ?? this.atimeNs;
    this.mtimeNs = change.mtimeNs ?? this.mtimeNs;
    this.ctimeNs = this.owner.nowNs();
  }

  protected resize(_size: number): void {
    fail(Errno.EINVAL);
  }

  modified(): void {
    this.mtimeNs = this.ctimeNs = this.owner.nowNs();
  }

  linked(): void {
    this.owner.takeName();
    this.nlink += 1;
    this.ctimeNs = this.owner.nowNs();
  }

  /** One name less. The bytes of a file live on while something has them open. */
  unlinked(): void {
    this.nlink -= 1;
    this.ctimeNs = this.owner.nowNs();
    this.owner.giveName();
  }
}

export class TmpfsFile extends TmpfsNode {
  readonly bytes: PagedBytes;
  #openHandles = 0;

  constructor(owner: Tmpfs, init: NewNode) {
    super(owner, FileType.REGULAR, init);
    this.bytes = new PagedBytes(owner.pages);
  }

  get size(): number {
    return this.bytes.size;
  }

  override get residentBytes(): number {
    return this.bytes.residentBytes;
  }

  open(flags: number): FileHandle {
    if ((flags & Open.TRUNC) !== 0) this.resize(0);
    this.#openHandles += 1;
    return new TmpfsHandle(this);
  }

  protected override resize(size: number): void {
    if (size > FILE_MAX_BYTES) fail(Errno.EFBIG);
    this.bytes.resize(size);
    this.modified();
  }

  override unlinked(): void {
    super.unlinked();
    this.#freeWhenUnused();
  }

  closed(): void {
    this.#openHandles -= 1;
    this.#freeWhenUnused();
  }

  #freeWhenUnused(): void {
    if (this.nlink === 0 && this.#openHandles === 0) this.bytes.resize(0);
  }
}

class TmpfsHandle implements FileHandle {
  readonly kind = 'file';
  readonly seekable = true;
  #open = true;

  constructor(private readonly file: TmpfsFile) {}

  read(into: Uint8Array, position: number): number {
    this.file.atimeNs = this.file.owner.nowNs();
    return this.file.bytes.read(into, position);
  }

  write(from: Uint8Array, position: number): number {
    if (from.length === 0) return 0;
    if (position + from.length > FILE_MAX_BYTES) fail(Errno.EFBIG);
    const written = this.file.bytes.write(from, position);
    if (written === 0) fail(Errno.ENOSPC);
    this.file.modified();
    return written;
  }

  append(from: Uint8Array): number {
    return this.write(from, this.file.size);
  }

  stat(): Stat {
    return this.file.stat();
  }

  change(change: AttributeChange): void {
    this.file.change(change);
  }

  sync(): void {
    // Memory is as durable as this file system gets.
  }

  close(): void {
    if (this.#open) this.file.closed();
    this.#open = false;
  }
}

export class TmpfsSymlink extends TmpfsNode implements Symlink {
  constructor(
    owner: Tmpfs,
    private readonly target: string,
    init: NewNode,
  ) {
    super(owner, FileType.SYMLINK, init);
    if (!owner.pages.take(this.#pages)) fail(Errno.ENOSPC);
  }

  // Short targets cost no more than their inode, as on Linux.
  get #pages(): number {
    return this.target.length < SHORT_TARGET_BYTES ? 0 : 1;
  }

  override unlinked(): void {
    super.unlinked();
    if (this.nlink === 0) this.owner.pages.take(-this.#pages);
  }

  get size(): number {
    return this.target.length;
  }

  readlink(): string {
    return this.target;
  }

  open(): never {
    return fail(Errno.ELOOP);
  }
}

/** A FIFO, socket or device. What a FIFO or socket does is the kernel's; devices are asked of the file system's table. */
export class TmpfsSpecial extends TmpfsNode {
  readonly size = 0;

  constructor(
    owner: Tmpfs,
    type: number,
    init: NewNode,
    private readonly device: number,
  ) {
    super(owner, type, init);
  }

  override get rdev(): number {
    return this.device;
  }

  open(flags: number): Openable {
    if (this.type === FileType.FIFO) return foreign({ fifo: this });
    if (this.type === FileType.CHARACTER) return this.owner.openDevice(this, flags);
    return fail(Errno.ENXIO);
  }
}
