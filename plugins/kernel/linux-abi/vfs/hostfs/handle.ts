import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import type { AttributeChange, FileHandle, Stat } from '../types.js';
import { onHost } from './host-errors.js';
import { statOfHost } from './host-stat.js';

const NS_PER_S = 1e9;

/** node:fs takes seconds as a double: about a quarter of a microsecond is lost. */
export const secondsOf = (ns: bigint): number =>
  Number(ns / 1_000_000_000n) + Number(ns % 1_000_000_000n) / NS_PER_S;

/** A regular host file, opened. It is this inode whatever happens to its name. */
export class HostHandle implements FileHandle {
  readonly kind = 'file';
  readonly seekable = true;
  #fd: number | undefined;
  #appendFd: number | undefined;

  constructor(
    fd: number,
    private readonly readOnly: boolean,
  ) {
    this.#fd = fd;
  }

  read(into: Uint8Array, position: number): number {
    return onHost(() => readSync(this.#open, into, 0, into.length, position));
  }

  write(from: Uint8Array, position: number): number {
    this.#requireWritable();
    return onHost(() => writeSync(this.#open, from, 0, from.length, position));
  }

  append(from: Uint8Array): number {
    this.#requireWritable();
    if (process.platform !== 'linux') return this.write(from, this.stat().size);
    return onHost(() => writeSync(this.#forAppending(), from, 0, from.length, null));
  }

  stat(): Stat {
    return statOfHost(onHost(() => fstatSync(this.#open, { bigint: true })));
  }

  change(change: AttributeChange): void {
    this.#requireWritable();
    onHost(() => applyChange(this.#open, change));
  }

  sync(dataOnly: boolean): void {
    onHost(() => (dataOnly ? fdatasyncSync : fsyncSync)(this.#open));
  }

  close(): void {
    for (const fd of [this.#fd, this.#appendFd]) if (fd !== undefined) closeSync(fd);
    this.#fd = this.#appendFd = undefined;
  }

  get #open(): number {
    return this.#fd ?? fail(Errno.EBADF);
  }

  // O_APPEND belongs to a host description, and the guest turns it on and off: so it gets a description of its own.
  #forAppending(): number {
    this.#appendFd ??= openSync(`/proc/self/fd/${this.#open}`, constants.O_WRONLY | constants.O_APPEND);
    return this.#appendFd;
  }

  #requireWritable(): void {
    if (this.readOnly) fail(Errno.EROFS);
  }
}

/** `fd` is a real descriptor, not one of O_PATH; open for writing when `size` is to change. */
function applyChange(fd: number, change: AttributeChange): void {
  if (change.size !== undefined) ftruncateSync(fd, change.size);
  if (change.uid !== undefined || change.gid !== undefined)
    fchownSync(fd, change.uid ?? -1, change.gid ?? -1);
  if (change.mode !== undefined) fchmodSync(fd, change.mode);
  if (change.atimeNs === undefined && change.mtimeNs === undefined) return;
  const now = fstatSync(fd, { bigint: true });
  futimesSync(fd, secondsOf(change.atimeNs ?? now.atimeNs), secondsOf(change.mtimeNs ?? now.mtimeNs));
}
