import { errnoName } from '../../../../core/abi/errno.js';

/** A call that answers -errno. Not an Error: a guest provokes thousands a second, and a stack trace tells it nothing. */
export class SysFailure {
  constructor(readonly errno: number) {}

  toString(): string {
    return errnoName(this.errno);
  }
}

export function fail(errno: number): never {
  throw new SysFailure(errno);
}

/** What `attempt` answers, or the errno it fails with, negative. Other exceptions pass. */
export function orErrno<T>(attempt: () => T): T | number {
  try {
    return attempt();
  } catch (failure) {
    if (failure instanceof SysFailure) return -failure.errno;
    throw failure;
  }
}
