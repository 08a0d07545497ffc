import { Errno } from '../../../../core/abi/errno.js';
import { Mode, Open, StdFsCall } from '../../../../core/abi/flags.js';
import { DirentKind, encodeDirents } from '../../../../core/abi/dirent.js';
import { SchemeId } from '../../../../core/abi/kernel-schemes.js';
import { Stat } from '../../../../core/abi/structs.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, Opened, Provider, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { readableFiles, writableFiles } from './files.js';

const ROOT = 0;
const MAX_WRITE = 256;

interface Handle {
  readonly path: string;
  text: Uint8Array | undefined;
}

/** `/scheme/sys`: what the kernel tells about itself, as text frozen at the first look of each handle. */
export class SysScheme implements Provider {
  readonly id = SchemeId.SYS;
  readonly name = 'sys';
  readonly #open = new Map<number, Handle>();
  #next = 1;

  constructor(private readonly kernel: Kernel) {}

  root(): Description {
    return new Description(this, ROOT, Open.RDWR, false);
  }

  openat({ context }: Caller, _directory: Description, path: string, flags: number): Opened {
    const known = path === '' || readableFiles.has(path) || writableFiles.has(path);
    if (!known) return -Errno.ENOENT;
    if (writableFiles.has(path) && context.attributes.euid !== 0) return -Errno.EPERM;
    const number = this.#next++;
    this.#open.set(number, { path, text: undefined });
    return new Description(this, number, flags, true);
  }

  read(caller: Caller, file: Description, into: UserBuffer, offset: number): Outcome {
    const text = this.#text(caller, file);
    if (!text) return -Errno.EISDIR;
    const start = Math.max(0, offset);
    return into.write(text.subarray(start, start + into.length));
  }

  write({ context }: Caller, file: Description, from: UserBuffer): Outcome {
    const write = writableFiles.get(this.#open.get(file.number)?.path ?? '');
    if (!write) return -Errno.EISDIR;
    if (from.length > MAX_WRITE) return -Errno.EINVAL;
    return write(this.kernel, context, from.read());
  }

  fsize(caller: Caller, file: Description): Outcome {
    return this.#text(caller, file)?.length ?? 0;
  }

  fstat(caller: Caller, file: Description, into: UserBuffer): Outcome {
    const { path = '' } = this.#open.get(file.number) ?? {};
    const size = this.#text(caller, file)?.length ?? 0;
    into.write(
      Stat.encode({
        mode: path === '' ? Mode.DIR | 0o444 : Mode.FILE | 0o666,
        nlink: 1,
        size,
        blksize: 4096,
      }),
    );
    return 0;
  }

  stdFs(caller: Caller, file: Description, payload: UserBuffer, metadata: readonly number[]): Outcome {
    const [kind = 0, cursor = 0, header = 0] = metadata;
    if ((kind & 0xff) === StdFsCall.FSTAT) return this.fstat(caller, file, payload);
    if ((kind & 0xff) !== StdFsCall.GETDENTS) return -Errno.EOPNOTSUPP;
    if (this.#open.get(file.number)?.path !== '') return -Errno.ENOTDIR;
    const names = [...readableFiles.keys(), ...writableFiles.keys()].sort();
    const entries = names.map((name, index) => ({
      inode: index + 1,
      next: index + 1,
      kind: DirentKind.REGULAR,
      name: Buffer.from(name),
    }));
    const bytes = encodeDirents(entries.slice(cursor), payload.length, header);
    return bytes ? payload.write(bytes) : -Errno.EINVAL;
  }

  fpath(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from(`/scheme/sys/${this.#open.get(file.number)?.path ?? ''}`));
  }

  close(_kernel: Kernel, file: Description): void {
    this.#open.delete(file.number);
  }

  #text({ context }: Caller, file: Description): Uint8Array | undefined {
    const handle = this.#open.get(file.number);
    const generate = readableFiles.get(handle?.path ?? '');
    if (!handle || !generate) return undefined;
    handle.text ??= generate(this.kernel, context);
    return handle.text;
  }
}
