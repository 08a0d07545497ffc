import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';

/** Names libuv and Node use for something else. */
const renamed: Readonly<Record<string, number>> = {
  ENOTSUP: Errno.EOPNOTSUPP,
  UNKNOWN: Errno.EIO,
  ERR_OUT_OF_RANGE: Errno.EINVAL,
  ERR_INVALID_ARG_VALUE: Errno.EINVAL,
};

const numbers: Readonly<Record<string, number>> = Errno;

/** The errno for what a function of node:fs threw; undefined when that was no answer of the host. */
export function errnoOfHost(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? (renamed[code] ?? numbers[code]) : undefined;
}

/** Runs a call to the host; its refusal becomes the guest's. */
export function onHost<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const errno = errnoOfHost(error);
    if (errno === undefined) throw error;
    return fail(errno);
  }
}

/** As `onHost`, but a missing object is undefined. */
export function ifPresent<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const errno = errnoOfHost(error);
    if (errno === Errno.ENOENT) return undefined;
    if (errno === undefined) throw error;
    return fail(errno);
  }
}
