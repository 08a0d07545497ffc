import { Errno } from '../../../core/abi/errno.js';
import { EVENT_TIMEOUT_ID, Open } from '../../../core/abi/flags.js';
import { SchemeId } from '../../../core/abi/kernel-schemes.js';
import { Event } from '../../../core/abi/structs.js';
import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import { Description } from '../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../files/description.js';
import { EventFlag } from '../files/events.js';
import type { EventQueue } from '../files/events.js';
import type { Kernel } from '../kernel.js';

const ROOT = -1;
const NS_PER_MS = 1e6;

/** `/scheme/event`: queues of readiness events. */
export class EventScheme implements Provider {
  readonly id = SchemeId.EVENT;
  readonly name = 'event';
  readonly #queues = new Map<number, EventQueue>();

  constructor(private readonly kernel: Kernel) {}

  root(): Description {
    return new Description(this, ROOT, Open.RDWR, false);
  }

  openat(_caller: Caller, directory: Description, _path: string, flags: number): Opened {
    if (directory.number !== ROOT) return -Errno.EACCES;
    const queue = this.kernel.events.createQueue();
    this.#queues.set(queue.id, queue);
    queue.file = new Description(this, queue.id, flags, false);
    return queue.file;
  }

  write({ context }: Caller, file: Description, from: UserBuffer): Outcome {
    const queue = this.#queues.get(file.number);
    if (!queue) return -Errno.EBADF;
    const bytes = from.read();
    let at = 0;
    for (; at + Event.sizeBytes <= bytes.length; at += Event.sizeBytes) {
      const errno = this.#subscribe(context, queue, file, bytes.subarray(at, at + Event.sizeBytes));
      if (errno !== 0) return -errno;
    }
    return at;
  }

  read({ context }: Caller, file: Description, into: UserBuffer, _offset: number, flags: number): Outcome {
    const queue = this.#queues.get(file.number);
    if (!queue) return -Errno.EBADF;
    const room = Math.floor(into.length / Event.sizeBytes);
    if (room === 0) return -Errno.EINVAL;
    if (queue.records.length === 0) return this.#empty(context, queue, into, flags);
    into.prepare(Math.min(room, queue.records.length) * Event.sizeBytes);
    const records = queue.records
      .splice(0, room)
      .map(({ id, flags: happened, data }) => encode(id, happened, data));
    queue.timeoutMs = undefined;
    return into.write(Buffer.concat(records));
  }

  fevent(_caller: Caller, file: Description, mask: number): Outcome {
    const filled = (this.#queues.get(file.number)?.records.length ?? 0) > 0;
    return mask & (EventFlag.WRITE | (filled ? EventFlag.READ : 0));
  }

  fpath(_caller: Caller, _file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from('/scheme/event/'));
  }

  close(_kernel: Kernel, file: Description): void {
    const queue = this.#queues.get(file.number);
    if (queue) this.kernel.events.closeQueue(queue);
    this.#queues.delete(file.number);
  }

  #subscribe(context: Context, queue: EventQueue, self: Description, bytes: Uint8Array): number {
    const { id, flags } = Event.decode(bytes);
    const data = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(16, true);
    if (id === EVENT_TIMEOUT_ID) {
      queue.timeoutMs = flags === 0 ? undefined : Number(data);
      return 0;
    }
    const file = context.files?.get(id);
    if (!file || file === self) return Errno.EBADF;
    this.kernel.events.register(file, { queue, id, flags, data });
    return this.#checkNow(context, file);
  }

  /** What is ready already must not be waited for. Schemes of user space are asked without blocking: by their events. */
  #checkNow(context: Context, file: Description): number {
    const wanted = this.kernel.events.wanted(file);
    if (wanted === 0 || file.provider.id >= SchemeId.FIRST_USER) return 0;
    const ready = file.provider.fevent?.({ kernel: this.kernel, context }, file, wanted) ?? 0;
    if (typeof ready === 'number' && ready > 0) this.kernel.events.trigger(file.provider, file.number, ready);
    return 0;
  }

  #empty(context: Context, queue: EventQueue, into: UserBuffer, flags: number): Outcome {
    if (flags & Open.NONBLOCK) return -Errno.EAGAIN;
    const { call } = context;
    if (queue.timeoutMs === undefined && !call?.scratch) return { keys: [queue.key] };
    if (call && !call.scratch)
      call.scratch = {
        timeoutMs: queue.timeoutMs,
        untilNs: this.kernel.nowNs() + Number(queue.timeoutMs) * NS_PER_MS,
      };
    queue.timeoutMs = undefined;
    const untilNs = Number(call?.scratch?.['untilNs']);
    if (this.kernel.nowNs() < untilNs) return { keys: [queue.key], deadlineNs: untilNs };
    return into.write(encode(EVENT_TIMEOUT_ID, EventFlag.READ, BigInt(Number(call?.scratch?.['timeoutMs']))));
  }
}

function encode(id: number, flags: number, data: bigint): Uint8Array {
  const bytes = Event.encode({ id, flags });
  new DataView(bytes.buffer).setBigUint64(16, data, true);
  return bytes;
}
