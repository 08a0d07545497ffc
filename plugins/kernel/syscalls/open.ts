import { Errno } from '../../../core/abi/errno.js';
import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import { Description } from '../files/description.js';
import type { Opened } from '../files/description.js';
import { isDescriptor } from '../files/file-table.js';
import type { Handler } from '../gate/abi.js';
import { noDescriptor } from '../kernel.js';
import type { Kernel } from '../kernel.js';
import { readPath } from './paths.js';

export const openat_into: Handler = (kernel, context, dirfd, pointer, length, flags, fcntlFlags, newFd) => {
  const directory = kernel.file(context, dirfd);
  if (!directory) return noDescriptor;
  const slot = checkSlot(context, newFd);
  if (slot < 0) return slot;
  const path = readPath(context, pointer, length);
  if (typeof path === 'number') return path;
  const opened =
    directory.provider.openat?.({ kernel, context }, directory, path, flags | fcntlFlags) ??
    -Errno.EOPNOTSUPP;
  return install(kernel, context, newFd, opened);
};

export const unlinkat: Handler = (kernel, context, dirfd, pointer, length, flags) => {
  const directory = kernel.file(context, dirfd);
  if (!directory) return noDescriptor;
  const path = readPath(context, pointer, length);
  if (typeof path === 'number') return path;
  return directory.provider.unlinkat?.({ kernel, context }, directory, path, flags) ?? -Errno.ENOENT;
};

export const close: Handler = (kernel, context, fd) => {
  const file = context.files?.take(fd);
  if (!file) return noDescriptor;
  file.release(kernel);
  return 0;
};

export const dup_into: Handler = (kernel, context, fd, pointer, length, newFd) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  const slot = checkSlot(context, newFd);
  if (slot < 0) return slot;
  return install(kernel, context, newFd, duplicate(kernel, context, file, pointer, length));
};

export const dup2: Handler = (kernel, context, fd, newFd, pointer, length) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  if (fd === newFd && length === 0) return newFd;
  if (!isDescriptor(newFd)) return -Errno.EMFILE;
  const opened = duplicate(kernel, context, file, pointer, length);
  if (!(opened instanceof Description)) return opened;
  context.files?.take(newFd)?.release(kernel);
  return install(kernel, context, newFd, opened);
};

function duplicate(
  kernel: Kernel,
  context: Context,
  file: Description,
  pointer: number,
  length: number,
): Opened {
  if (length === 0) return file.retain();
  if (!(length > 0 && length <= 4096)) return -Errno.EINVAL;
  const name = context.user.read(pointer, length);
  return file.provider.dup?.({ kernel, context }, file, name) ?? -Errno.EOPNOTSUPP;
}

function checkSlot(context: Context, fd: number): number {
  if (!context.files || !isDescriptor(fd) || context.files.has(fd)) return -Errno.EEXIST;
  return 0;
}

/** Puts what a scheme opened into the caller's slot; lets it go where that fails. */
export function install(kernel: Kernel, context: Context, fd: number, opened: Opened): Outcome {
  if (!(opened instanceof Description)) return opened;
  if (context.files?.install(fd, opened)) return fd;
  opened.release(kernel);
  return -Errno.EEXIST;
}
