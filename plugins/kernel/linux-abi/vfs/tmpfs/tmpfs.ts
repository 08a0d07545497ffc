import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import type { FileSystem, Node, Openable, StatFs } from '../types.js';
import { TmpfsDirectory } from './directory.js';

const TMPFS_MAGIC = 0x0102_1994;
const PAGE_BYTES = 4096;
const DEFAULT_MAX_BYTES = 2 ** 30;
const DEFAULT_MAX_NAMES = 400_000;

/** Opens the device that a node stands for; undefined: no such device (ENXIO). */
export type DeviceTable = (rdev: number, flags: number, node: Node) => Openable | undefined;

export interface TmpfsOptions {
  /** Permission bits of the root. */
  readonly mode?: number;
  readonly maxBytes?: number;
  /** Every hard link counts. */
  readonly maxNames?: number;
  /** st_dev. */
  readonly dev?: number;
  readonly devices?: DeviceTable;
  readonly name?: string;
  /** The guest's realtime clock. */
  readonly nowNs: () => bigint;
}

/** Files in memory, within a budget of bytes and objects. */
export class Tmpfs implements FileSystem {
  readonly ownsNames = true;
  readonly name: string;
  readonly dev: number;
  readonly root: TmpfsDirectory;
  readonly nowNs: () => bigint;
  readonly pages = { take: (pages: number) => this.#takePages(pages) };
  readonly #maxPages: number;
  readonly #maxNames: number;
  readonly #devices: DeviceTable | undefined;
  #usedPages = 0;
  #usedNames = 0;
  #nextInode = 1;

  constructor(options: TmpfsOptions) {
    this.name = options.name ?? 'tmpfs';
    this.dev = options.dev ?? 0;
    this.nowNs = options.nowNs;
    this.#maxPages = Math.floor((options.maxBytes ?? DEFAULT_MAX_BYTES) / PAGE_BYTES);
    this.#maxNames = options.maxNames ?? DEFAULT_MAX_NAMES;
    this.#devices = options.devices;
    this.root = new TmpfsDirectory(this, undefined, '', { mode: options.mode ?? 0o755, uid: 0, gid: 0 });
  }

  nextInode(): number {
    return this.#nextInode++;
  }

  /** ENOSPC when there are too many. */
  takeName(): void {
    if (this.#usedNames >= this.#maxNames) fail(Errno.ENOSPC);
    this.#usedNames += 1;
  }

  giveName(): void {
    this.#usedNames -= 1;
  }

  openDevice(node: Node & { readonly rdev: number }, flags: number): Openable {
    return this.#devices?.(node.rdev, flags, node) ?? fail(Errno.ENXIO);
  }

  statfs(): StatFs {
    const bfree = this.#maxPages - this.#usedPages;
    return {
      type: TMPFS_MAGIC,
      bsize: PAGE_BYTES,
      blocks: this.#maxPages,
      bfree,
      bavail: bfree,
      files: this.#maxNames,
      ffree: this.#maxNames - this.#usedNames,
    };
  }

  #takePages(pages: number): boolean {
    if (this.#usedPages + pages > this.#maxPages) return false;
    this.#usedPages += pages;
    return true;
  }
}
