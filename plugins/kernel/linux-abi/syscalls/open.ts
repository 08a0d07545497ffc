import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Description } from '../../files/description.js';
import { toI32 } from '../../gate/arguments.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { descriptionOf } from '../files/linux-files.js';
import { openedFile } from '../files/opened-file.js';
import { PipeFile } from '../files/pipe-file.js';
import { threadOf } from '../process/thread.js';
import { systemOf } from '../system.js';
import { At, Open } from '../vfs/flags.js';
import { fail } from '../vfs/failure.js';
import { openPath } from '../vfs/open.js';
import { pathAt } from './path-at.js';
import { isFifo, openFifo } from './open-fifo.js';
import { descriptorLimit } from './system.js';

const FD_CLOEXEC = 1;

export const open: Handler = (_kernel, context, path, flags, mode) =>
  openFile(context, At.FDCWD, path, flags, mode);
export const creat: Handler = (_kernel, context, path, mode) =>
  openFile(context, At.FDCWD, path, Open.CREAT | Open.WRONLY | Open.TRUNC, mode);
export const openat: Handler = (_kernel, context, dirfd, path, flags, mode) =>
  openFile(context, dirfd, path, flags, mode);

function openFile(context: Context, dirfd: number, path: number, flags: number, mode: number): Outcome {
  const system = systemOf(context);
  requireFreeDescriptor(context);
  const closeOnExec = (flags & Open.CLOEXEC) !== 0;
  // The second try of a named pipe that the first one has created must not find it in its way.
  const asked = context.consumed ? flags & ~(Open.CREAT | Open.EXCL) : flags;
  const opened = openPath(system.vfs, system.callerOf(context), pathAt(context, dirfd, path), asked, mode);
  if (opened.kind === 'foreign' && isFifo(opened.what))
    return openFifo(context, opened.location, flags, (file) => installFile(context, file, closeOnExec));
  return installFile(context, openedFile(context, opened, flags), closeOnExec);
}

/** EMFILE where the process may open nothing more. */
export function requireFreeDescriptor(context: Context): void {
  if ((context.files?.lowestFree() ?? 0) >= descriptorLimit(context)) fail(Errno.EMFILE);
}

/** The lowest free descriptor at or above `from`; takes over the reference. */
export function installFile(context: Context, file: Description, closeOnExec: boolean, from = 0): number {
  const fd = context.files?.lowestFree(from) ?? -1;
  if (fd >= descriptorLimit(context) || !context.files?.install(fd, file)) {
    file.release(systemOf(context).kernel);
    return -Errno.EMFILE;
  }
  markCloseOnExec(context, fd, closeOnExec);
  return fd;
}

function markCloseOnExec(context: Context, fd: number, on: boolean): void {
  const marks = threadOf(context).closeOnExec;
  if (on) marks.add(fd);
  else marks.delete(fd);
}

export const close: Handler = (kernel, context, fd) => {
  if (!context.files?.has(fd)) return -Errno.EBADF;
  closeDescriptor(kernel, context, fd);
  return 0;
};

function closeDescriptor(kernel: Kernel, context: Context, fd: number): void {
  threadOf(context).closeOnExec.delete(fd);
  context.files?.take(fd)?.release(kernel);
}

const CLOSE_RANGE_CLOEXEC = 4;

export const close_range: Handler = (kernel, context, first, last, flags) => {
  if (first > last || flags & ~(CLOSE_RANGE_CLOEXEC | 2)) return -Errno.EINVAL;
  const inside = (context.files?.entries() ?? []).map(([fd]) => fd).filter((fd) => fd >= first && fd <= last);
  for (const fd of inside) {
    if (flags & CLOSE_RANGE_CLOEXEC) markCloseOnExec(context, fd, true);
    else closeDescriptor(kernel, context, fd);
  }
  return 0;
};

export const dup: Handler = (_kernel, context, fd) =>
  installFile(context, descriptionOf(context, fd).retain(), false);

export const dup2: Handler = (kernel, context, from, to) => {
  const file = descriptionOf(context, from);
  return from === to ? to : replace(kernel, context, file, to, false);
};

export const dup3: Handler = (kernel, context, from, to, flags) => {
  if (from === to || flags & ~Open.CLOEXEC) return -Errno.EINVAL;
  return replace(kernel, context, descriptionOf(context, from), to, (flags & Open.CLOEXEC) !== 0);
};

function replace(
  kernel: Kernel,
  context: Context,
  file: Description,
  to: number,
  closeOnExec: boolean,
): number {
  if (!(to >= 0 && to < descriptorLimit(context))) return -Errno.EBADF;
  file.retain();
  context.files?.take(to)?.release(kernel);
  context.files?.install(to, file);
  markCloseOnExec(context, to, closeOnExec);
  return to;
}

export const pipe: Handler = (_kernel, context, pointer) => makePipe(context, pointer, 0);

export const pipe2: Handler = (_kernel, context, pointer, flags) => {
  if (flags & ~(Open.CLOEXEC | Open.NONBLOCK | Open.DIRECT)) return -Errno.EINVAL;
  return makePipe(context, pointer, flags);
};

function makePipe(context: Context, pointer: number, flags: number): number {
  context.user.prepareWrite(pointer, 8);
  const { schemes, files, kernel } = systemOf(context);
  const ends = schemes.pipe.create();
  const closeOnExec = (flags & Open.CLOEXEC) !== 0;
  const rest = flags & Open.NONBLOCK;
  const reader = files.open(new PipeFile(schemes.pipe, ends.read, 'read'), Open.RDONLY | rest);
  const writer = files.open(new PipeFile(schemes.pipe, ends.write, 'write'), Open.WRONLY | rest);
  const readFd = installFile(context, reader, closeOnExec);
  if (readFd < 0) {
    writer.release(kernel);
    return readFd;
  }
  const writeFd = installFile(context, writer, closeOnExec);
  if (writeFd < 0) {
    context.files?.take(readFd)?.release(kernel);
    return writeFd;
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setInt32(0, readFd, true);
  new DataView(bytes.buffer).setInt32(4, writeFd, true);
  context.user.write(pointer, bytes);
  return 0;
}

/** fcntl(2), linux/fcntl.h. */
const F = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 5,
  SETLK: 6,
  SETLKW: 7,
  SETOWN: 8,
  GETOWN: 9,
  DUPFD_CLOEXEC: 1030,
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
} as const;
const SETTABLE = Open.APPEND | Open.NONBLOCK | Open.ASYNC | Open.DIRECT | Open.NOATIME;
const F_UNLCK = 2;
const PIPE_BYTES = 65_536;

type Fcntl = (context: Context, fd: number, argument: number) => number;

const fcntls: Readonly<Record<number, Fcntl>> = {
  [F.DUPFD]: (context, fd, from) => duplicateFrom(context, fd, from, false),
  [F.DUPFD_CLOEXEC]: (context, fd, from) => duplicateFrom(context, fd, from, true),
  [F.GETFD]: (context, fd) => (threadOf(context).closeOnExec.has(fd) ? FD_CLOEXEC : 0),
  [F.SETFD]: (context, fd, argument) => {
    markCloseOnExec(context, fd, (argument & FD_CLOEXEC) !== 0);
    return 0;
  },
  [F.GETFL]: (context, fd) => descriptionOf(context, fd).flags,
  [F.SETFL]: (context, fd, argument) => {
    const file = descriptionOf(context, fd);
    file.flags = (file.flags & ~SETTABLE) | (argument & SETTABLE);
    return 0;
  },
  // Nobody else shares these files: a lock is always free.
  [F.GETLK]: (context, _fd, pointer) => {
    context.user.write(pointer, Uint8Array.of(F_UNLCK, 0));
    return 0;
  },
  [F.SETLK]: () => 0,
  [F.SETLKW]: () => 0,
  [F.SETOWN]: () => 0,
  [F.GETOWN]: () => 0,
  [F.GETPIPE_SZ]: () => PIPE_BYTES,
  [F.SETPIPE_SZ]: (_context, _fd, bytes) => (bytes <= PIPE_BYTES ? PIPE_BYTES : -Errno.EPERM),
};

function duplicateFrom(context: Context, fd: number, from: number, closeOnExec: boolean): number {
  if (!(from >= 0 && from < descriptorLimit(context))) return -Errno.EINVAL;
  return installFile(context, descriptionOf(context, fd).retain(), closeOnExec, from);
}

export const fcntl: Handler = (_kernel, context, fd, command, argument) => {
  descriptionOf(context, fd);
  return (
    fcntls[command]?.(context, fd, toI32(argument) === argument ? argument : Number(argument)) ??
    -Errno.EINVAL
  );
};

export const flock: Handler = (_kernel, context, fd) => {
  descriptionOf(context, fd);
  return 0;
};

export const ioctl: Handler = (kernel, context, fd, request, argument) => {
  const description = descriptionOf(context, fd);
  const common = commonIoctl(context, fd, request, argument);
  if (common !== undefined) return common;
  const file = systemOf(context).files.fileOf(description);
  return file?.ioctl?.({ kernel, context }, request, argument) ?? -Errno.ENOTTY;
};

/** asm-generic/ioctls.h. */
const Ioctl = { FIONBIO: 0x5421, FIONCLEX: 0x5450, FIOCLEX: 0x5451 } as const;

function commonIoctl(context: Context, fd: number, request: number, argument: number): number | undefined {
  if (request === Ioctl.FIOCLEX || request === Ioctl.FIONCLEX) {
    markCloseOnExec(context, fd, request === Ioctl.FIOCLEX);
    return 0;
  }
  if (request !== Ioctl.FIONBIO) return undefined;
  const on = (context.user.read(argument, 4)[0] ?? 0) !== 0;
  const file = descriptionOf(context, fd);
  file.flags = on ? file.flags | Open.NONBLOCK : file.flags & ~Open.NONBLOCK;
  return 0;
}
