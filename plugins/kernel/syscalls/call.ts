import { Errno } from '../../../core/abi/errno.js';
import { ALL_CALL_FLAGS, CALL_METADATA_MASK, CallFlag, StdFsCall } from '../../../core/abi/flags.js';
import { decodeWords } from '../../../core/abi/wire.js';
import type { Context } from '../contexts/context.js';
import type { Outcome } from '../contexts/outcome.js';
import { UserBuffer } from '../files/description.js';
import type { Caller, Description } from '../files/description.js';
import type { Handler } from '../gate/abi.js';
import { noDescriptor } from '../kernel.js';

const MAX_METADATA_WORDS = 3;
const MAX_PASSED_DESCRIPTORS = 64;
const MAX_PAYLOAD = 65_536;

interface CallArguments {
  readonly caller: Caller;
  readonly fd: number;
  readonly file: Description;
  readonly payload: UserBuffer;
  readonly flags: number;
  readonly metadata: readonly number[];
}

export const call: Handler = (kernel, context, fd, pointer, length, flags, metadataPointer) => {
  const words = flags & CALL_METADATA_MASK;
  if (flags & ~(ALL_CALL_FLAGS | CALL_METADATA_MASK) || !(length >= 0)) return -Errno.EINVAL;
  // Two descriptors at once are for Relpathat, which no scheme here offers.
  if (flags & CallFlag.MULTIPLE_FDS) return -Errno.EOPNOTSUPP;
  const file = kernel.file(context, fd) ?? consumed(context);
  if (!file) return noDescriptor;
  const count = Math.min(words, MAX_METADATA_WORDS);
  const metadata = count > 0 ? decodeWords(context.user.read(metadataPointer, count * 8)) : [];
  const payload = new UserBuffer(context.user, pointer, Math.min(length, MAX_PAYLOAD));
  return dispatch({ caller: { kernel, context }, fd, file, payload, flags, metadata });
};

function dispatch(args: CallArguments): Outcome {
  const { caller, file, payload, flags, metadata } = args;
  const passes = (flags & CallFlag.FD) !== 0;
  if (passes && flags & CallFlag.WRITE) return send(args);
  if (passes && flags & CallFlag.READ) return receive(args);
  if (flags & CallFlag.STD_FS) return standard(args);
  consume(args);
  return file.provider.call?.(caller, file, payload, metadata) ?? -Errno.EOPNOTSUPP;
}

// A consumed descriptor leaves the table at once; the call keeps the file until it has its answer.
function consume({ caller: { context }, fd, flags }: CallArguments): void {
  if (!(flags & CallFlag.CONSUME) || !context.call || context.consumed) return;
  context.consumed = context.files?.take(fd);
}

const consumed = (context: Context) => context.consumed;

/** Payload: descriptors of the caller, which move to the scheme, or are cloned. */
function send(args: CallArguments): Outcome {
  const { caller, file, payload, flags, metadata } = args;
  const { context, kernel } = caller;
  const passed = context.passed ?? take(context, decodeWords(payload.read()), flags);
  if (typeof passed === 'number') return passed;
  context.passed = passed;
  const outcome = file.provider.sendDescriptors?.(caller, file, passed, metadata) ?? -Errno.EOPNOTSUPP;
  if (typeof outcome !== 'number') return outcome;
  context.passed = undefined;
  if (outcome < 0) for (const left of passed) left.release(kernel);
  return outcome;
}

function take(context: Context, numbers: readonly number[], flags: number): Description[] | number {
  if (numbers.length === 0 || numbers.length > MAX_PASSED_DESCRIPTORS) return -Errno.EINVAL;
  const files = numbers.map((fd) => context.files?.get(fd));
  if (!files.every((file) => file !== undefined)) return noDescriptor;
  if (flags & CallFlag.FD_EXCLUSIVE && files.some((file) => file.references > 1)) return -Errno.EBUSY;
  if (flags & CallFlag.FD_CLONE) return files.map((file) => file.retain());
  for (const fd of numbers) context.files?.take(fd);
  return files;
}

/** Payload: the slots that the caller has chosen for what the scheme hands out. */
function receive({ caller, file, payload, metadata }: CallArguments): Outcome {
  const { context, kernel } = caller;
  const slots = decodeWords(payload.read());
  if (slots.length === 0 || slots.length > MAX_PASSED_DESCRIPTORS) return -Errno.EINVAL;
  if (slots.some((slot) => context.files?.has(slot))) return -Errno.EEXIST;
  const received =
    file.provider.receiveDescriptors?.(caller, file, slots.length, metadata) ?? -Errno.EOPNOTSUPP;
  if (!Array.isArray(received)) return received;
  received.forEach((description, index) => {
    if (!context.files?.install(slots[index] ?? -1, description)) description.release(kernel);
  });
  return received.length;
}

function standard({ caller, file, payload, metadata }: CallArguments): Outcome {
  if (metadata.length !== MAX_METADATA_WORDS) return -Errno.EINVAL;
  const { provider } = file;
  if (provider.stdFs) return provider.stdFs(caller, file, payload, metadata);
  const kind = (metadata[0] ?? 0) & 0xff;
  if (kind === StdFsCall.FSTAT) return provider.fstat?.(caller, file, payload) ?? -Errno.EBADF;
  if (kind === StdFsCall.FSYNC) return provider.fsync?.(caller, file) ?? 0;
  return DEFAULTS[kind] ?? -Errno.EOPNOTSUPP;
}

/** What kernel schemes answer for the rest. */
const DEFAULTS: Readonly<Record<number, number>> = {
  [StdFsCall.FTRUNCATE]: -Errno.EBADF,
  [StdFsCall.FUTIMENS]: -Errno.EBADF,
  [StdFsCall.FCHMOD]: -Errno.EBADF,
  [StdFsCall.FSTATVFS]: -Errno.EBADF,
};
