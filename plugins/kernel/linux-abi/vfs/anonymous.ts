import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import { FileType } from './flags.js';
import type { Location, Mount } from './location.js';
import { foreign } from './types.js';
import type { Foreign, Node, Stat, StatFs } from './types.js';

const PIPEFS_MAGIC = 0x5049_5045;

/** Something the kernel has that no path leads to (a pipe, a socket, an event descriptor), as a node, for fstat and /proc/PID/fd. */
export class AnonymousNode implements Node {
  constructor(
    readonly type: number,
    private readonly source: { readonly what: unknown; stat(): Stat },
  ) {}

  stat(): Stat {
    return this.source.stat();
  }

  change(): void {
    fail(Errno.EPERM);
  }

  open(): Foreign {
    return foreign(this.source.what);
  }
}

/** A mount that hangs nowhere, for anonymous nodes of one kind (`pipefs`, `sockfs`, `anon_inodefs`). */
export function anonymousMount(name: string): Mount {
  const stat = (): Stat => fail(Errno.ENOENT);
  const root = new AnonymousNode(FileType.DIRECTORY, { what: undefined, stat });
  const statfs = (): StatFs => ({
    type: PIPEFS_MAGIC,
    bsize: 4096,
    blocks: 0,
    bfree: 0,
    bavail: 0,
    files: 0,
    ffree: 0,
  });
  return {
    fileSystem: { name, root, statfs },
    readOnly: false,
    source: name,
    point: undefined,
    children: new Map(),
  };
}

/** `name` is what readlink on /proc/PID/fd/N shows, `pipe:[7]`. */
export const anonymousLocation = (mount: Mount, node: AnonymousNode, name: string): Location => ({
  mount,
  node,
  directory: undefined,
  name,
});
