import { HostError, reasonOf } from './host-error.js';

/** Runs a handler of `owner`; what it throws comes out as a HostError that names the owner. */
export function handled<T>(owner: string, where: () => string, call: () => T): T {
  try {
    return call();
  } catch (failure) {
    if (failure instanceof HostError) throw failure;
    throw new HostError('HANDLER_FAILED', owner, where(), reasonOf(failure)).because(failure);
  }
}
