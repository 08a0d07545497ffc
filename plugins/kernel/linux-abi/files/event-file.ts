import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, Readiness, WriteMode } from './open-file.js';

const WORD_BYTES = 8;
const MOST = 0xffff_ffff_ffff_fffen;

/** eventfd(2): a counter that reads take and writes add to. */
export class EventFile implements OpenFile {
  readonly seekable = false;
  readonly text = 'anon_inode:[eventfd]';
  readonly #key: string;

  constructor(
    id: number,
    private count: bigint,
    private readonly semaphore: boolean,
  ) {
    this.#key = `eventfd:${id}`;
  }

  read({ kernel }: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (into.length < WORD_BYTES) return -Errno.EINVAL;
    if (this.count === 0n) return nonBlocking ? -Errno.EAGAIN : { keys: [this.#key] };
    into.prepare(WORD_BYTES);
    const taken = this.semaphore ? 1n : this.count;
    this.count -= taken;
    into.write(word(taken));
    kernel.waits.wake(this.#key);
    return WORD_BYTES;
  }

  write({ kernel }: Caller, from: UserBuffer, _position: number, { nonBlocking }: WriteMode): Outcome {
    if (from.length < WORD_BYTES) return -Errno.EINVAL;
    const bytes = from.read(WORD_BYTES);
    const added = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    if (added > MOST) return -Errno.EINVAL;
    if (this.count + added > MOST) return nonBlocking ? -Errno.EAGAIN : { keys: [this.#key] };
    this.count += added;
    kernel.waits.wake(this.#key);
    return WORD_BYTES;
  }

  stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  poll(): Readiness {
    const events =
      (this.count > 0n ? Poll.IN | Poll.RDNORM : 0) | (this.count < MOST ? Poll.OUT | Poll.WRNORM : 0);
    return { events, keys: [this.#key] };
  }
}

export function word(value: bigint): Uint8Array {
  const bytes = new Uint8Array(WORD_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
