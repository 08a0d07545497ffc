import { Errno } from '../../../core/abi/errno.js';
import { Open } from '../../../core/abi/flags.js';
import { NsDup, SCHEME_CREATION_CAP } from '../../../core/abi/process-manager.js';
import { encodeWords } from '../../../core/abi/wire.js';
import { INTERNAL_FD_BASE } from './fd-table.js';
import { PosixError } from './posix-error.js';
import { concat, encodeUtf8 } from './utf8.js';
import type { Os } from './os.js';

/** What a holder of a namespace may ask its manager. Handles are the caller's to close. */
export class NamespaceCalls {
  constructor(private readonly os: Pick<Os, 'calls' | 'fds' | 'files' | 'namespace'>) {}

  get handle(): number {
    const fd = this.os.namespace.managerFd;
    if (fd === undefined) throw new PosixError(Errno.ENODEV, 'namespace');
    return fd;
  }

  /** A namespace with these names only; `x*` stands for all with that beginning. */
  fork(names: readonly string[]): number {
    const parts = names.map((name) => {
      const bytes = encodeUtf8(name);
      return concat([encodeWords([bytes.length]), bytes]);
    });
    return this.#dup(NsDup.FORK_NS, concat(parts));
  }

  /** The right to register one name, once. */
  register(name: string): number {
    return this.#dup(NsDup.ISSUE_REGISTER, encodeUtf8(name));
  }

  unregister(name: string): void {
    this.os.calls.unlinkat(this.handle, `/scheme/${name}`, false);
    this.os.namespace.forget(name);
  }

  /** The right to create schemes; EACCES in namespaces that lack it. */
  schemeCreation(): number {
    const path = `/scheme/namespace/${SCHEME_CREATION_CAP}`;
    return this.os.fds.using(
      (slot) => this.os.calls.openat(this.handle, path, Open.RDWR, slot),
      INTERNAL_FD_BASE,
    );
  }

  #dup(verb: number, data: Uint8Array): number {
    return this.os.files.subObject(this.handle, concat([encodeWords([verb]), data]), INTERNAL_FD_BASE);
  }
}
