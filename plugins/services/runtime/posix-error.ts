import { errnoMessage } from '../../../core/abi/errno-message.js';
import { errnoName, isError } from '../../../core/abi/errno.js';

/** What a failed call throws. `message` is the text of strerror, which programs print behind their own words. */
export class PosixError extends Error {
  constructor(
    readonly errno: number,
    readonly operation = '',
  ) {
    super(errnoMessage(errno));
    this.name = errnoName(errno);
  }
}

/** A result as the kernel gives it: throws PosixError when it is an errno. */
export function checked(result: number, operation: string): number {
  if (isError(result)) throw new PosixError(-result, operation);
  return result;
}

export const isErrno = (error: unknown, ...errnos: readonly number[]): error is PosixError =>
  error instanceof PosixError && errnos.includes(error.errno);

/** Answers `fallback` when `act` fails with one of these numbers; every other failure is thrown on. */
export function unlessErrno<T, F>(act: () => T, fallback: F, ...errnos: readonly number[]): T | F {
  try {
    return act();
  } catch (error) {
    if (isErrno(error, ...errnos)) return fallback;
    throw error;
  }
}

/** The text for a person, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
