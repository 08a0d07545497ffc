import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { EpollFile } from '../files/epoll-file.js';
import type { EpollEvent } from '../files/epoll-file.js';
import { descriptionOf, openFileOf } from '../files/linux-files.js';
import { systemOf } from '../system.js';
import { fail } from '../vfs/failure.js';
import { Open } from '../vfs/flags.js';
import { deadlineOf } from './deadline.js';
import { withMask } from './poll.js';
import { installFile } from './open.js';
import { decodeTimespec } from './timespec.js';

const Control = { ADD: 1, DEL: 2, MOD: 3 } as const;
/** struct epoll_event is packed on x86-64. */
const EVENT_BYTES = 12;
const MAX_EVENTS = 4096;
const NS_PER_MS = 1e6;

export const epoll_create: Handler = (_kernel, context, size) =>
  size > 0 ? create(context, 0) : -Errno.EINVAL;

export const epoll_create1: Handler = (_kernel, context, flags) =>
  flags & ~Open.CLOEXEC ? -Errno.EINVAL : create(context, flags);

function create(context: Context, flags: number): number {
  const system = systemOf(context);
  const file = new EpollFile(system, system.nextId());
  return installFile(context, system.files.open(file, Open.RDWR), (flags & Open.CLOEXEC) !== 0);
}

export const epoll_ctl: Handler = (_kernel, context, epollFd, operation, fd, pointer) => {
  const epoll = epollOf(context, epollFd);
  const description = descriptionOf(context, fd);
  if (systemOf(context).files.fileOf(description) === epoll) return -Errno.EINVAL;
  if (operation === Control.DEL) epoll.delete(fd, description);
  else if (operation === Control.ADD) epoll.add(context, fd, description, readEvent(context, pointer));
  else if (operation === Control.MOD) epoll.modify(fd, description, readEvent(context, pointer));
  else return -Errno.EINVAL;
  return 0;
};

function epollOf(context: Context, fd: number): EpollFile {
  const { file } = openFileOf(context, fd);
  return file instanceof EpollFile ? file : fail(Errno.EINVAL);
}

function readEvent(context: Context, pointer: number): EpollEvent {
  const bytes = context.user.read(pointer, EVENT_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { events: view.getInt32(0, true), data: view.getBigUint64(4, true) };
}

export const epoll_wait: Handler = (kernel, context, epollFd, pointer, count, timeoutMs) => {
  const ms = toI32(timeoutMs);
  return wait(kernel, context, { epollFd, pointer, count, delayNs: ms < 0 ? undefined : ms * NS_PER_MS });
};

export const epoll_pwait: Handler = (kernel, context, epollFd, pointer, count, timeoutMs, mask = 0) =>
  withMask(kernel, context, mask, () => epoll_wait(kernel, context, epollFd, pointer, count, timeoutMs));

export const epoll_pwait2: Handler = (kernel, context, epollFd, pointer, count, timePointer, mask = 0) => {
  const delayNs = timePointer === 0 ? undefined : decodeTimespec(context, timePointer);
  if (timePointer !== 0 && delayNs === undefined) return -Errno.EINVAL;
  return withMask(kernel, context, mask, () => wait(kernel, context, { epollFd, pointer, count, delayNs }));
};

interface EpollWait {
  readonly epollFd: number;
  readonly pointer: number;
  readonly count: number;
  readonly delayNs: number | undefined;
}

function wait(kernel: Kernel, context: Context, { epollFd, pointer, count, delayNs }: EpollWait): Outcome {
  if (!(count > 0)) return -Errno.EINVAL;
  const limit = Math.min(count, MAX_EVENTS);
  const epoll = epollOf(context, epollFd);
  context.user.prepareWrite(pointer, limit * EVENT_BYTES);
  const found = epoll.collect(context, limit);
  if (found.length > 0) {
    context.user.write(pointer, encodeEvents(found));
    return found.length;
  }
  const untilNs = deadlineOf(kernel, context, delayNs);
  if (untilNs !== undefined && kernel.nowNs() >= untilNs) return 0;
  return { keys: [epoll.key], deadlineNs: untilNs };
}

function encodeEvents(found: readonly EpollEvent[]): Uint8Array {
  const bytes = new Uint8Array(found.length * EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  found.forEach(({ events, data }, index) => {
    view.setUint32(index * EVENT_BYTES, events, true);
    view.setBigUint64(index * EVENT_BYTES + 4, data, true);
  });
  return bytes;
}
