import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import { UserBuffer } from '../../files/description.js';
import type { Description } from '../../files/description.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { descriptionOf, openFileOf } from '../files/linux-files.js';
import { processOf, systemOf } from '../system.js';
import { Sig } from '../signals/signal-numbers.js';
import { orErrno } from '../vfs/failure.js';
import { Open } from '../vfs/flags.js';

/** The most one call moves (Linux: MAX_RW_COUNT). */
const MAX_BYTES = 0x7fff_f000;
/** What is copied with one look at the page tables. */
const CHUNK_BYTES = 65_536;
const MAX_VECTORS = 1024;
const IOVEC_BYTES = 16;
const SI_KERNEL = 128;

type Direction = 'read' | 'write';

export interface Part {
  readonly pointer: number;
  readonly length: number;
}

interface Transfer {
  readonly kernel: Kernel;
  readonly context: Context;
  readonly description: Description;
  readonly direction: Direction;
  readonly parts: readonly Part[];
  /** Explicit position, or undefined for the description's own. */
  readonly position?: number;
}

export const read: Handler = (kernel, context, fd, pointer, length) =>
  simple(kernel, context, 'read', fd, [{ pointer, length }]);

export const write: Handler = (kernel, context, fd, pointer, length) =>
  simple(kernel, context, 'write', fd, [{ pointer, length }]);

export const pread64: Handler = (kernel, context, fd, pointer, length, position) =>
  positioned(kernel, context, 'read', fd, [{ pointer, length }], position);

export const pwrite64: Handler = (kernel, context, fd, pointer, length, position) =>
  positioned(kernel, context, 'write', fd, [{ pointer, length }], position);

export const readv: Handler = (kernel, context, fd, vector, count) =>
  simple(kernel, context, 'read', fd, readVector(context, vector, count));

export const writev: Handler = (kernel, context, fd, vector, count) =>
  simple(kernel, context, 'write', fd, readVector(context, vector, count));

export const preadv: Handler = (kernel, context, fd, vector, count, position) =>
  positioned(kernel, context, 'read', fd, readVector(context, vector, count), position);

export const pwritev: Handler = (kernel, context, fd, vector, count, position) =>
  positioned(kernel, context, 'write', fd, readVector(context, vector, count), position);

/** Nothing is ever late: RWF_HIPRI, DSYNC, SYNC and NOWAIT ask for what is so. */
const RWF_KNOWN = 0xf;
const CURRENT_POSITION = -1;

export const preadv2: Handler = (kernel, context, fd, vector, count, position, _high, flags = 0) =>
  vectorAt(kernel, context, { direction: 'read', fd, vector, count, position, flags });

export const pwritev2: Handler = (kernel, context, fd, vector, count, position, _high, flags = 0) =>
  vectorAt(kernel, context, { direction: 'write', fd, vector, count, position, flags });

interface VectorAt {
  readonly direction: Direction;
  readonly fd: number;
  readonly vector: number;
  readonly count: number;
  readonly position: number;
  readonly flags: number;
}

function vectorAt(kernel: Kernel, context: Context, asked: VectorAt): Outcome {
  const { direction, fd, vector, count, position, flags } = asked;
  if (flags & ~RWF_KNOWN) return -Errno.EOPNOTSUPP;
  const parts = readVector(context, vector, count);
  if (position === CURRENT_POSITION) return simple(kernel, context, direction, fd, parts);
  return positioned(kernel, context, direction, fd, parts, position);
}

export function readVector(context: Context, vector: number, count: number): Part[] | number {
  if (!(count >= 0 && count <= MAX_VECTORS)) return -Errno.EINVAL;
  const bytes = context.user.read(vector, count * IOVEC_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const parts = Array.from({ length: count }, (_, index) => ({
    pointer: Number(view.getBigUint64(index * IOVEC_BYTES, true)),
    length: Number(view.getBigInt64(index * IOVEC_BYTES + 8, true)),
  }));
  return parts.every(({ length }) => length >= 0) ? parts : -Errno.EINVAL;
}

function simple(
  kernel: Kernel,
  context: Context,
  direction: Direction,
  fd: number,
  parts: readonly Part[] | number,
): Outcome {
  const description = descriptionOf(context, fd);
  if (typeof parts === 'number') return parts;
  return run({ kernel, context, description, direction, parts });
}

function positioned(
  kernel: Kernel,
  context: Context,
  direction: Direction,
  fd: number,
  parts: readonly Part[] | number,
  position: number,
): Outcome {
  const { file, description } = openFileOf(context, fd);
  if (!(position >= 0)) return -Errno.EINVAL;
  if (!file.seekable) return -Errno.ESPIPE;
  if (typeof parts === 'number') return parts;
  return run({ kernel, context, description, direction, parts, position });
}

/**
 * Moves chunk by chunk. What is done is remembered between tries of the same call, so that a page fault or a wait in
 * the middle repeats nothing.
 */
function run(transfer: Transfer): Outcome {
  const { context, parts } = transfer;
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (!parts.every(({ length }) => length >= 0)) return -Errno.EINVAL;
  const { call } = context;
  const progress = (call?.scratch ?? { done: 0 }) as { done: number };
  if (call) call.scratch = progress;
  const limit = Math.min(total, MAX_BYTES);
  for (;;) {
    const chunk = chunkAt(parts, progress.done, limit);
    const outcome = moveChunk(transfer, chunk, progress.done);
    if (typeof outcome !== 'number') {
      // A read takes what there is; a write that a signal ends has written what it has written.
      const partial = progress.done > 0 && (transfer.direction === 'read' || context.interrupted);
      return partial ? progress.done : outcome;
    }
    if (outcome < 0) return progress.done > 0 ? progress.done : failed(transfer, outcome);
    progress.done += outcome;
    // A write goes on until all is gone: what it cannot move next it waits for, or it answers what it has done.
    const short = transfer.direction === 'read' ? outcome < chunk.length : outcome === 0;
    if (progress.done >= limit || short) return progress.done;
  }
}

function chunkAt(parts: readonly Part[], done: number, limit: number): Part {
  let skip = done;
  for (const { pointer, length } of parts) {
    if (skip >= length && length > 0) {
      skip -= length;
      continue;
    }
    if (length === 0) continue;
    const count = Math.min(length - skip, CHUNK_BYTES, limit - done);
    return { pointer: pointer + skip, length: count };
  }
  return { pointer: 0, length: 0 };
}

function moveChunk(
  { kernel, context, description, direction, position }: Transfer,
  part: Part,
  done: number,
): Outcome {
  const buffer = new UserBuffer(context.user, part.pointer, part.length);
  const at = position !== undefined ? position + done : description.positioned ? description.offset : -1;
  const caller = { kernel, context };
  const { provider } = description;
  const outcome = orErrno(() =>
    direction === 'read'
      ? provider.read?.(caller, description, buffer, at, description.flags)
      : provider.write?.(caller, description, buffer, at, description.flags),
  );
  if (typeof outcome === 'number' && outcome > 0 && position === undefined && description.positioned) {
    advance(context, description, direction, outcome);
  }
  return outcome ?? -Errno.EBADF;
}

/** After an append the position is the new end. */
function advance(context: Context, description: Description, direction: Direction, count: number): void {
  const file = systemOf(context).files.fileOf(description);
  const appended = direction === 'write' && (description.flags & Open.APPEND) !== 0;
  description.offset = appended && file ? file.stat().size : description.offset + count;
}

function failed({ context, direction }: Transfer, errno: number): number {
  return direction === 'write' ? Number(brokenPipe(context, errno)) : errno;
}

/** Writing to what nobody reads is a signal as well as EPIPE. */
export function brokenPipe(context: Context, outcome: Outcome): Outcome {
  if (outcome === -Errno.EPIPE) {
    const { pid } = processOf(context);
    systemOf(context).table.sendToThread(context, { signal: Sig.PIPE, code: SI_KERNEL, pid });
  }
  return outcome;
}

/** lseek(2); SEEK_DATA and SEEK_HOLE see files without holes. */
const Seek = { SET: 0, CUR: 1, END: 2, DATA: 3, HOLE: 4 } as const;

export const lseek: Handler = (_kernel, context, fd, offset, whence) => {
  const { file, description } = openFileOf(context, fd);
  if (description.flags & Open.PATH) return -Errno.EBADF;
  if (!file.seekable) return -Errno.ESPIPE;
  const size = () => file.stat().size;
  const targets: Record<number, () => number> = {
    [Seek.SET]: () => offset,
    [Seek.CUR]: () => description.offset + offset,
    [Seek.END]: () => size() + offset,
    [Seek.DATA]: () => (offset >= 0 && offset < size() ? offset : -Errno.ENXIO),
    [Seek.HOLE]: () => (offset >= 0 && offset < size() ? size() : -Errno.ENXIO),
  };
  const target = targets[whence]?.();
  if (target === undefined) return -Errno.EINVAL;
  if (!(target >= 0)) return target === -Errno.ENXIO && whence >= Seek.DATA ? target : -Errno.EINVAL;
  description.offset = target;
  return target;
};
