import { Errno } from '../../../core/abi/errno.js';
import { Fcntl, Open } from '../../../core/abi/flags.js';
import { Stat } from '../../../core/abi/structs.js';
import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import { UserBuffer } from '../files/description.js';
import type { Description } from '../files/description.js';
import type { Handler } from '../gate/abi.js';
import { noDescriptor } from '../kernel.js';
import type { Kernel } from '../kernel.js';
import { readPath } from './paths.js';

export const fcntl: Handler = (kernel, context, fd, command, argument) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  const local = localFcntl(context, file, command, argument);
  if (local !== undefined) return local;
  const told = file.provider.fcntl?.({ kernel, context }, file, command, argument) ?? 0;
  if (typeof told !== 'number' || told < 0) return told;
  return flagsFcntl(file, command, argument);
};

/** Commands the scheme never hears of. */
function localFcntl(
  context: Context,
  file: Description,
  command: number,
  argument: number,
): number | undefined {
  if (command === Fcntl.GETFD || command === Fcntl.SETFD) return 0;
  if (command !== Fcntl.DUPFD) return undefined;
  if (!context.files?.install(argument, file)) return -Errno.EMFILE;
  file.retain();
  return argument;
}

function flagsFcntl(file: Description, command: number, argument: number): number {
  if (command === Fcntl.GETFL) return file.flags >>> 0;
  if (command !== Fcntl.SETFL) return -Errno.EINVAL;
  file.flags = (file.flags & Open.ACCMODE) | (argument & ~Open.ACCMODE);
  return 0;
}

export const fevent: Handler = (kernel, context, fd, mask) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  return file.provider.fevent?.({ kernel, context }, file, mask) ?? 0;
};

export const fchown: Handler = (kernel, context, fd, uid, gid) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  const { euid, egid } = context.attributes;
  if (euid !== 0 && (uid !== euid || gid !== egid)) return -Errno.EPERM;
  return file.provider.fchown?.({ kernel, context }, file, uid, gid) ?? -Errno.EBADF;
};

export const fstat: Handler = (kernel, context, fd, pointer, length) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  if (!(length >= Stat.sizeBytes)) return -Errno.EINVAL;
  const into = new UserBuffer(context.user, pointer, Stat.sizeBytes);
  into.prepare();
  const outcome = file.provider.fstat?.({ kernel, context }, file, into) ?? -Errno.EBADF;
  if (outcome === 0) stampDevice(context, pointer, file);
  return outcome;
};

/** The first field, st_dev, is the kernel's: the scheme id. */
function stampDevice(context: Context, pointer: number, file: Description): void {
  const device = new Uint8Array(8);
  new DataView(device.buffer).setUint32(0, file.provider.id, true);
  context.user.write(pointer, device);
}

export const fpath: Handler = (kernel, context, fd, pointer, length) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  const into = new UserBuffer(context.user, pointer, Math.min(length, 65_536));
  return file.provider.fpath?.({ kernel, context }, file, into) ?? -Errno.EOPNOTSUPP;
};

export const fsync: Handler = (kernel, context, fd) => {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  return file.provider.fsync?.({ kernel, context }, file) ?? 0;
};

export const flink: Handler = (kernel, context, fd, pointer, length) =>
  withReference(kernel, context, fd, [pointer, length], (file, path) =>
    file.provider.flink?.({ kernel, context }, file, path),
  );

export const frename: Handler = (kernel, context, fd, pointer, length) =>
  withReference(kernel, context, fd, [pointer, length], (file, path) =>
    file.provider.frename?.({ kernel, context }, file, path),
  );

/** Both take an absolute path whose scheme part the kernel strips. */
function withReference(
  kernel: Kernel,
  context: Context,
  fd: number,
  [pointer, length]: [number, number],
  act: (file: Description, path: string) => Outcome | undefined,
): Outcome {
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  const path = readPath(context, pointer, length);
  if (typeof path === 'number') return path;
  return act(file, referenceOf(path)) ?? -Errno.EBADF;
}

/** `/scheme/NAME/REF` → REF, `/X` → X, `NAME:REF` → REF. */
function referenceOf(path: string): string {
  const modern = /^\/scheme\/[^/]*\/?(.*)$/s.exec(path);
  if (modern) return modern[1] ?? '';
  const legacy = /^[^/:]*:(.*)$/s.exec(path);
  return legacy ? (legacy[1] ?? '') : path.replace(/^\/+/, '');
}
