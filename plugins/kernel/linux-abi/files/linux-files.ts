import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, Provider, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { Open } from '../vfs/flags.js';
import { fail } from '../vfs/failure.js';
import type { OpenFile } from './open-file.js';

/** Outside the range of scheme ids: these files belong to no scheme. */
const PROVIDER_ID = 100_000;

/** Every file that Linux programs have open, as one provider of descriptions. Their flags are Linux's. */
export class LinuxFiles implements Provider {
  readonly id = PROVIDER_ID;
  readonly name = 'linux';
  readonly #files = new Map<number, OpenFile>();
  readonly #watchers = new Map<Description, Set<() => void>>();
  #next = 1;

  /** `flags` as in open(2). */
  open(file: OpenFile, flags: number): Description {
    const number = this.#next++;
    this.#files.set(number, file);
    return new Description(
      this,
      number,
      flags & ~(Open.CREAT | Open.EXCL | Open.NOCTTY | Open.TRUNC | Open.CLOEXEC),
      file.seekable,
    );
  }

  fileOf(description: Description): OpenFile | undefined {
    return description.provider === this ? this.#files.get(description.number) : undefined;
  }

  read(caller: Caller, description: Description, into: UserBuffer, position: number): Outcome {
    const file = this.fileOf(description);
    if ((description.flags & Open.ACCMODE) === Open.WRONLY || description.flags & Open.PATH)
      return -Errno.EBADF;
    return file?.read?.(caller, into, position, (description.flags & Open.NONBLOCK) !== 0) ?? -Errno.EINVAL;
  }

  write(caller: Caller, description: Description, from: UserBuffer, position: number): Outcome {
    const file = this.fileOf(description);
    const { flags } = description;
    if ((flags & Open.ACCMODE) === Open.RDONLY || flags & Open.PATH) return -Errno.EBADF;
    const mode = { append: (flags & Open.APPEND) !== 0, nonBlocking: (flags & Open.NONBLOCK) !== 0 };
    return file?.write?.(caller, from, position, mode) ?? -Errno.EINVAL;
  }

  /** Calls `told` when the last descriptor of the file is gone; answers the undo. */
  onClose(description: Description, told: () => void): () => void {
    const watchers = this.#watchers.get(description) ?? new Set();
    this.#watchers.set(description, watchers.add(told));
    return () => {
      watchers.delete(told);
      if (watchers.size === 0) this.#watchers.delete(description);
    };
  }

  close(kernel: Kernel, description: Description): void {
    for (const told of [...(this.#watchers.get(description) ?? [])]) told();
    this.#files.get(description.number)?.close?.(kernel);
    this.#files.delete(description.number);
  }
}

/** The description behind a descriptor; fails with EBADF. */
export function descriptionOf(context: Context, fd: number): Description {
  return context.files?.get(fd) ?? fail(Errno.EBADF);
}

/** The file behind a descriptor; fails with EBADF. */
export function openFileOf(context: Context, fd: number): { file: OpenFile; description: Description } {
  const description = descriptionOf(context, fd);
  const file = (description.provider as Partial<LinuxFiles>).fileOf?.(description);
  return { file: file ?? fail(Errno.EBADF), description };
}
