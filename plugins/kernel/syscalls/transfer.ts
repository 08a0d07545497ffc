import { Errno } from '../../../core/abi/errno.js';
import {
  DESCRIPTION_FLAGS,
  MAX_TRANSFER_BYTES,
  NO_OFFSET,
  Open,
  RwFlag,
  Seek,
} from '../../../core/abi/flags.js';
import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import { UserBuffer } from '../files/description.js';
import type { Description } from '../files/description.js';
import type { Handler } from '../gate/abi.js';
import { noDescriptor } from '../kernel.js';
import type { Kernel } from '../kernel.js';

export const read: Handler = (kernel, context, fd, pointer, length) => {
  const file = kernel.file(context, fd);
  const buffer = transferBuffer(context, pointer, length);
  if (!file || typeof buffer === 'number') return file ? Number(buffer) : noDescriptor;
  return advance(file, readFile(kernel, context, file, buffer, ownOffset(file), file.flags));
};

export const write: Handler = (kernel, context, fd, pointer, length) => {
  const file = kernel.file(context, fd);
  const buffer = transferBuffer(context, pointer, length);
  if (!file || typeof buffer === 'number') return file ? Number(buffer) : noDescriptor;
  return advance(file, writeFile(kernel, context, file, buffer, ownOffset(file), file.flags));
};

export const read2: Handler = (kernel, context, fd, pointer, length, offset, rwFlags) => {
  const file = kernel.file(context, fd);
  const buffer = transferBuffer(context, pointer, length);
  if (!file || typeof buffer === 'number') return file ? Number(buffer) : noDescriptor;
  const flags = effectiveFlags(file, rwFlags);
  return flags < 0 ? flags : readFile(kernel, context, file, buffer, offset, flags);
};

export const write2: Handler = (kernel, context, fd, pointer, length, offset, rwFlags) => {
  const file = kernel.file(context, fd);
  const buffer = transferBuffer(context, pointer, length);
  if (!file || typeof buffer === 'number') return file ? Number(buffer) : noDescriptor;
  const flags = effectiveFlags(file, rwFlags);
  return flags < 0 ? flags : writeFile(kernel, context, file, buffer, offset, flags);
};

export const lseek: Handler = (kernel, context, fd, offset, whence) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  const base = seekBase(kernel, context, file, whence);
  if (typeof base !== 'number' || base < 0) return base;
  const position = base + offset;
  if (!(position >= 0)) return -Errno.EINVAL;
  if (!Number.isSafeInteger(position)) return -Errno.EOVERFLOW;
  file.offset = position;
  return position;
};

function seekBase(kernel: Kernel, context: Context, file: Description, whence: number): Outcome {
  if (whence === Seek.SET) return 0;
  if (whence === Seek.CUR) return file.offset;
  if (whence !== Seek.END) return -Errno.EINVAL;
  return file.provider.fsize?.({ kernel, context }, file) ?? -Errno.ESPIPE;
}

function transferBuffer(context: Context, pointer: number, length: number): UserBuffer | number {
  if (!(length >= 0)) return -Errno.EFAULT;
  return new UserBuffer(context.user, pointer, Math.min(length, MAX_TRANSFER_BYTES));
}

const ownOffset = (file: Description) => (file.positioned ? file.offset : NO_OFFSET);

function readFile(
  kernel: Kernel,
  context: Context,
  file: Description,
  buffer: UserBuffer,
  offset: number,
  flags: number,
): Outcome {
  return file.provider.read?.({ kernel, context }, file, buffer, offset, flags) ?? -Errno.EBADF;
}

function writeFile(
  kernel: Kernel,
  context: Context,
  file: Description,
  buffer: UserBuffer,
  offset: number,
  flags: number,
): Outcome {
  return file.provider.write?.({ kernel, context }, file, buffer, offset, flags) ?? -Errno.EBADF;
}

function advance(file: Description, outcome: Outcome): Outcome {
  if (file.positioned && typeof outcome === 'number' && outcome > 0) file.offset += outcome;
  return outcome;
}

/** Description flags with the RwFlags of READ2 and WRITE2 in place of its own. */
function effectiveFlags(file: Description, rwFlags: number): number {
  if (rwFlags === DESCRIPTION_FLAGS) return file.flags;
  const known = RwFlag.NONBLOCK | RwFlag.APPEND;
  if (!(rwFlags >= 0 && rwFlags <= known)) return -Errno.EINVAL;
  const wanted =
    (rwFlags & RwFlag.NONBLOCK ? Open.NONBLOCK : 0) | (rwFlags & RwFlag.APPEND ? Open.APPEND : 0);
  return (file.flags & ~(Open.NONBLOCK | Open.APPEND)) | wanted;
}
