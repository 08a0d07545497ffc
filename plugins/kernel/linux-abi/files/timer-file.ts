import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { TickingTimer } from '../process/ticking-timer.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { word } from './event-file.js';
import { Poll } from './open-file.js';
import type { OpenFile, Readiness } from './open-file.js';

const WORD_BYTES = 8;

/** timerfd_create(2): reads answer how often the timer has expired since the last read. */
export class TimerFile implements OpenFile {
  readonly seekable = false;
  readonly text = 'anon_inode:[timerfd]';
  readonly timer: TickingTimer;
  readonly #key: string;

  constructor(
    kernel: Kernel,
    id: number,
    readonly clock: number,
  ) {
    this.#key = `timerfd:${id}`;
    this.timer = new TickingTimer(kernel, () => kernel.waits.wake(this.#key));
  }

  read(_caller: Caller, into: UserBuffer, _position: number, nonBlocking: boolean): Outcome {
    if (into.length < WORD_BYTES) return -Errno.EINVAL;
    if (this.timer.expirations === 0) return nonBlocking ? -Errno.EAGAIN : { keys: [this.#key] };
    into.prepare(WORD_BYTES);
    return into.write(word(BigInt(this.timer.take())));
  }

  stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  poll(): Readiness {
    return { events: this.timer.expirations > 0 ? Poll.IN | Poll.RDNORM : 0, keys: [this.#key] };
  }

  close(): void {
    this.timer.disarm();
  }
}
