import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import { UserBuffer } from '../../files/description.js';
import type { Caller, Description } from '../../files/description.js';
import type { Handler } from '../../gate/abi.js';
import type { UserMemory } from '../../memory/user-memory.js';
import { openFileOf } from '../files/linux-files.js';
import { FileType, Open, reads, writes } from '../vfs/flags.js';
import { brokenPipe } from './transfer.js';

/** What one try moves; the program asks again for the rest. */
const CHUNK_BYTES = 65_536;

/** Bytes that the kernel holds itself, where a call otherwise names user memory. */
export class KernelBuffer implements UserMemory {
  constructor(private readonly bytes: Uint8Array) {}

  read(pointer: number, length: number): Uint8Array {
    return this.bytes.subarray(pointer, pointer + length);
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, pointer);
  }

  prepareWrite(): void {
    // It is always there.
  }
}

export const sendfile: Handler = (kernel, context, outFd, inFd, offsetPointer, count) => {
  const input = openFileOf(context, inFd);
  const output = openFileOf(context, outFd);
  if (!(count >= 0)) return -Errno.EINVAL;
  if (!reads(input.description.flags) || !writes(output.description.flags)) return -Errno.EBADF;
  if (!isRegular(input.file.stat().mode) || output.description.flags & Open.APPEND) return -Errno.EINVAL;
  const from = positionOf(context, input.description, offsetPointer);
  if (from < 0) return -Errno.EINVAL;
  const moved = moveBytes({ kernel, context }, input.description, output.description, { from, count });
  if (typeof moved !== 'number' || moved < 0) return brokenPipe(context, moved);
  setPosition(context, input.description, offsetPointer, from + moved);
  return moved;
};

/** copy_file_range(2): both ends are regular files. */
export const copy_file_range: Handler = (
  kernel,
  context,
  inFd,
  inPointer,
  outFd,
  outPointer,
  count,
  flags = 0,
) => {
  const input = openFileOf(context, inFd);
  const output = openFileOf(context, outFd);
  if (flags !== 0 || !(count >= 0)) return -Errno.EINVAL;
  if (!reads(input.description.flags) || !writes(output.description.flags)) return -Errno.EBADF;
  if (output.description.flags & Open.APPEND) return -Errno.EBADF;
  if (!isRegular(input.file.stat().mode) || !isRegular(output.file.stat().mode)) return -Errno.EINVAL;
  const from = positionOf(context, input.description, inPointer);
  const to = positionOf(context, output.description, outPointer);
  if (from < 0 || to < 0) return -Errno.EINVAL;
  const moved = moveBytes({ kernel, context }, input.description, output.description, { from, to, count });
  if (typeof moved !== 'number' || moved < 0) return moved;
  setPosition(context, input.description, inPointer, from + moved);
  setPosition(context, output.description, outPointer, to + moved);
  return moved;
};

interface Move {
  readonly from: number;
  /** Position in the output; undefined: its own, which advances. */
  readonly to?: number;
  readonly count: number;
}

/** Nothing is consumed when the output would block: the position of the input is the caller's to advance. */
function moveBytes(
  caller: Caller,
  input: Description,
  output: Description,
  { from, to, count }: Move,
): Outcome {
  const bytes = new Uint8Array(Math.min(count, CHUNK_BYTES));
  const into = new UserBuffer(new KernelBuffer(bytes), 0, bytes.length);
  const got = input.provider.read?.(caller, input, into, from, input.flags) ?? -Errno.EINVAL;
  if (typeof got !== 'number' || got <= 0) return got;
  const source = new UserBuffer(new KernelBuffer(bytes.subarray(0, got)), 0, got);
  const position = to ?? (output.positioned ? output.offset : -1);
  const put = output.provider.write?.(caller, output, source, position, output.flags) ?? -Errno.EINVAL;
  if (typeof put === 'number' && put > 0 && to === undefined && output.positioned) output.offset += put;
  return put;
}

const isRegular = (mode: number) => (mode & FileType.MASK) === FileType.REGULAR;

/** Where the program keeps a position, or the file's own for a null pointer. */
function positionOf(context: Context, { offset }: Description, pointer: number): number {
  if (pointer === 0) return offset;
  context.user.prepareWrite(pointer, 8);
  const bytes = context.user.read(pointer, 8);
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
}

function setPosition(context: Context, description: Description, pointer: number, value: number): void {
  if (pointer === 0) {
    description.offset = value;
    return;
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  context.user.write(pointer, bytes);
}

// Pages are not moved between pipes here; programs fall back to read and write.
export const splice: Handler = () => -Errno.EINVAL;
export const tee: Handler = () => -Errno.EINVAL;
export const vmsplice: Handler = () => -Errno.EINVAL;
