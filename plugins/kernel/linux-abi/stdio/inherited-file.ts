import { fstatSync, readFileSync, readSync, writeSync } from 'node:fs';
import { onHost } from '../vfs/hostfs/host-errors.js';
import { statOfHost } from '../vfs/hostfs/host-stat.js';
import type { Stat } from '../vfs/types.js';

/**
 * A regular file that was open before we were (`< file`, `> log 2>&1`). Its offset is the host's, shared with whoever else has the
 * description, until the guest seeks: node:fs cannot move a host offset, so from then on the offset is ours.
 */
export class InheritedFile {
  readonly kind = 'file';
  #ownPosition: number | undefined;

  constructor(readonly fd: number) {}

  read(into: Uint8Array): number {
    const length = onHost(() => readSync(this.fd, into, 0, into.length, this.#ownPosition ?? null));
    return this.#advance(length);
  }

  write(from: Uint8Array): number {
    const length = onHost(() => writeSync(this.fd, from, 0, from.length, this.#ownPosition ?? null));
    return this.#advance(length);
  }

  readAt(into: Uint8Array, position: number): number {
    return onHost(() => readSync(this.fd, into, 0, into.length, position));
  }

  writeAt(from: Uint8Array, position: number): number {
    return onHost(() => writeSync(this.fd, from, 0, from.length, position));
  }

  get position(): number {
    return this.#ownPosition ?? hostOffset(this.fd);
  }

  seek(position: number): void {
    if (position !== this.position) this.#ownPosition = position;
  }

  stat(): Stat {
    return statOfHost(onHost(() => fstatSync(this.fd, { bigint: true })));
  }

  #advance(length: number): number {
    if (this.#ownPosition !== undefined) this.#ownPosition += length;
    return length;
  }
}

/** Linux tells it in /proc; elsewhere it is taken for 0. */
function hostOffset(fd: number): number {
  try {
    return Number(/^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
