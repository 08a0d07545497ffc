import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Waits } from '../../contexts/waits.js';
import type { Description } from '../../files/description.js';
import type { LinuxSystem } from '../system.js';
import { fail } from '../vfs/failure.js';
import type { Stat } from '../vfs/types.js';
import { anonymousStat } from './anonymous-stat.js';
import { Poll } from './open-file.js';
import type { OpenFile, Readiness } from './open-file.js';

/** sys/epoll.h; the low bits are those of poll. */
const Epoll = { EXCLUSIVE: 1 << 28, WAKEUP: 1 << 29, ONESHOT: 1 << 30, ET: 1 << 31 } as const;
const BEHAVIOUR = Epoll.EXCLUSIVE | Epoll.WAKEUP | Epoll.ONESHOT | Epoll.ET;
const MAX_DEPTH = 5;

export interface EpollEvent {
  readonly events: number;
  readonly data: bigint;
}

interface Interest {
  readonly file: OpenFile;
  mask: number;
  data: bigint;
  readonly forget: () => void;
}

/** An interest list and, of it, what may be ready: whoever was woken, or was ready when last looked at. */
export class EpollFile implements OpenFile {
  readonly seekable = false;
  readonly text = 'anon_inode:[eventpoll]';
  readonly key: string;
  readonly #interests = new Map<string, Interest>();
  readonly #candidates = new Set<Interest>();
  readonly #waits: Waits;

  constructor(
    private readonly system: LinuxSystem,
    id: number,
  ) {
    this.key = `epoll:${id}`;
    this.#waits = system.kernel.waits;
  }

  /** EEXIST when the pair of descriptor and file is there, EPERM for what can only be ready, ELOOP for a circle. */
  add(context: Context, fd: number, description: Description, { events, data }: EpollEvent): void {
    const file = this.system.files.fileOf(description);
    const name = interestName(fd, description);
    if (!file?.poll) return fail(Errno.EPERM);
    if (this.#interests.has(name)) fail(Errno.EEXIST);
    if (file instanceof EpollFile && file.#reaches(this, MAX_DEPTH)) fail(Errno.ELOOP);
    const forgets = file
      .poll(context)
      .keys.map((key) => this.#waits.listen(key, () => this.#stirred(interest)));
    forgets.push(this.system.files.onClose(description, () => this.#remove(name)));
    const forget = () => forgets.forEach((each) => each());
    const interest: Interest = { file, mask: events, data, forget };
    this.#interests.set(name, interest);
    this.#stirred(interest);
  }

  /** ENOENT for what was not added. */
  modify(fd: number, description: Description, { events, data }: EpollEvent): void {
    const interest = this.#interests.get(interestName(fd, description)) ?? fail(Errno.ENOENT);
    if ((interest.mask | events) & Epoll.EXCLUSIVE) fail(Errno.EINVAL);
    interest.mask = events;
    interest.data = data;
    this.#stirred(interest);
  }

  delete(fd: number, description: Description): void {
    if (!this.#remove(interestName(fd, description))) fail(Errno.ENOENT);
  }

  /** What is ready, at most `limit`; level-triggered interests stay candidates, behind the others. */
  collect(context: Context, limit: number): EpollEvent[] {
    const found: EpollEvent[] = [];
    for (const interest of [...this.#candidates]) {
      if (found.length >= limit) break;
      this.#candidates.delete(interest);
      const events = happening(context, interest);
      if (events === 0) continue;
      found.push({ events, data: interest.data });
      if (interest.mask & Epoll.ONESHOT) interest.mask &= BEHAVIOUR;
      else if (!(interest.mask & Epoll.ET)) this.#candidates.add(interest);
    }
    return found;
  }

  poll(context: Context): Readiness {
    const ready = [...this.#candidates].some((interest) => happening(context, interest) !== 0);
    return { events: ready ? Poll.IN | Poll.RDNORM : 0, keys: [this.key] };
  }

  stat(): Stat {
    return anonymousStat(0o600, 1);
  }

  close(): void {
    for (const name of [...this.#interests.keys()]) this.#remove(name);
  }

  #stirred(interest: Interest): void {
    this.#candidates.add(interest);
    this.#waits.wake(this.key);
  }

  #remove(name: string): boolean {
    const interest = this.#interests.get(name);
    if (!interest) return false;
    interest.forget();
    this.#candidates.delete(interest);
    return this.#interests.delete(name);
  }

  #reaches(target: EpollFile, depth: number): boolean {
    if (target === this || depth === 0) return true;
    return [...this.#interests.values()].some(
      ({ file }) => file instanceof EpollFile && file.#reaches(target, depth - 1),
    );
  }
}

const interestName = (fd: number, { number }: Description): string => `${fd}:${number}`;

/** Errors and hangups are always told; an interest that has fired once tells nothing. */
function happening(context: Context, { file, mask }: Interest): number {
  const wanted = mask & ~BEHAVIOUR;
  if (wanted === 0) return 0;
  return (file.poll?.(context).events ?? 0) & (wanted | Poll.ERR | Poll.HUP);
}
