import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { INTERNAL_FD_BASE } from './fd-table.js';
import { isErrno, PosixError } from './posix-error.js';
import type { Calls } from './calls.js';
import type { FdTable } from './fd-table.js';

export interface NamespaceStart {
  readonly roots: Readonly<Record<string, number>>;
  readonly namespaceFd?: number;
  /** What a predecessor in the same context had asked for. */
  readonly asked?: Readonly<Record<string, number>>;
}

/**
 * Root capabilities of schemes by name: those the process was started with, then those it asks the namespace manager for.
 * Unknown names are ENODEV.
 */
export class Namespace {
  readonly #roots: Map<string, number>;
  readonly #asked: Map<string, number>;
  readonly managerFd: number | undefined;

  constructor(
    private readonly calls: Calls,
    private readonly fds: FdTable,
    start: NamespaceStart,
  ) {
    this.#roots = new Map(Object.entries(start.roots));
    this.#asked = new Map(Object.entries(start.asked ?? {}));
    this.managerFd = start.namespaceFd;
  }

  root(scheme: string): number {
    const known = this.#roots.get(scheme) ?? this.#asked.get(scheme);
    return known ?? this.#ask(scheme);
  }

  /** The capabilities the process was started with. */
  given(): Iterable<[string, number]> {
    return this.#roots.entries();
  }

  /** Those it has asked for since, for a successor in the same context. */
  asked(): Record<string, number> {
    return Object.fromEntries(this.#asked);
  }

  /** Descriptors of all roots that are known. */
  held(): number[] {
    return [...this.#roots.values(), ...this.#asked.values()];
  }

  /** Runs `use` with a scheme's root; once more with a fresh one when the scheme has been replaced meanwhile. */
  withRoot<T>(scheme: string, use: (root: number) => T): T {
    const asked = this.#asked.get(scheme);
    try {
      return use(this.root(scheme));
    } catch (error) {
      if (asked === undefined || !isErrno(error, Errno.ENODEV)) throw error;
      this.forget(scheme);
      return use(this.root(scheme));
    }
  }

  /** Keeps a root capability that the process got by other means. */
  add(scheme: string, fd: number): void {
    this.#roots.set(scheme, fd);
  }

  forget(scheme: string): void {
    const fd = this.#asked.get(scheme);
    if (fd === undefined) return;
    this.#asked.delete(scheme);
    this.fds.release(fd);
    this.calls.close(fd);
  }

  #ask(scheme: string): number {
    const manager = this.managerFd;
    if (manager === undefined) throw new PosixError(Errno.ENODEV, 'open');
    const path = scheme === '' ? '/scheme' : `/scheme/${scheme}`;
    const fd = this.fds.using(
      (slot) => this.calls.openat(manager, path, Open.DIRECTORY + Open.RDONLY, slot),
      INTERNAL_FD_BASE,
    );
    // The list of schemes changes; everything else is a capability worth keeping.
    if (scheme !== '') this.#asked.set(scheme, fd);
    return fd;
  }
}
