import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Errno } from '../../../../core/abi/errno.js';
import { fail } from '../vfs/failure.js';
import { errnoOfHost } from '../vfs/hostfs/host-errors.js';

const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 16;

/** Standard output or error on a pipe, socket or device. Never waits: a reader that is slow costs the guest time, not the machine. */
export class HostOutput {
  readonly kind = 'output';
  readonly #fd: number;
  readonly #ownsFd: boolean;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #busy = false;

  /** `drained` is called when a write that took nothing may be tried again. */
  constructor(
    readonly inheritedFd: number,
    private readonly drained: () => void,
  ) {
    const own = reopenWithoutWaiting(inheritedFd);
    this.#fd = own ?? inheritedFd;
    this.#ownsFd = own !== undefined;
  }

  get writable(): boolean {
    return !this.#busy;
  }

  /** Bytes taken, 0 when the reader is behind. EPIPE, on which the writer gets SIGPIPE, when it is gone. */
  write(from: Uint8Array): number {
    if (from.length === 0) return 0;
    try {
      const taken = writeSync(this.#fd, from);
      this.#retryMs = FIRST_RETRY_MS;
      return taken;
    } catch (error) {
      const errno = errnoOfHost(error);
      if (errno === undefined) throw error;
      if (errno !== Errno.EAGAIN) return fail(errno);
      this.#retryLater();
      return 0;
    }
  }

  close(): void {
    clearTimeout(this.#retry);
    if (this.#ownsFd) closeSync(this.#fd);
  }

  // node:fs offers no way to wait until a descriptor is writable, short of handing it to a stream that buffers without bound.
  #retryLater(): void {
    if (this.#busy) return;
    this.#busy = true;
    // eslint-disable-next-line no-restricted-syntax -- the time of the host's reader, not the guest's
    this.#retry = setTimeout(() => {
      this.#busy = false;
      this.drained();
    }, this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}

// O_NONBLOCK belongs to the description, which others share; through /proc a pipe gets a second description of our own.
function reopenWithoutWaiting(fd: number): number | undefined {
  try {
    if (process.platform !== 'linux' || !fstatSync(fd).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
