import { realpathSync, statfsSync } from 'node:fs';
import { FileType } from '../flags.js';
import { Errno } from '../../../../../core/abi/errno.js';
import { fail } from '../failure.js';
import type { FileSystem, NewNode, Node, StatFs } from '../types.js';
import { AnchorCache } from './anchor-cache.js';
import { chooseAnchoring } from './anchor.js';
import type { Anchoring } from './anchor.js';
import { HostDirectory, leafFor } from './directory.js';
import { onHost } from './host-errors.js';
import type { HostNode } from './node.js';

const DEFAULT_OPEN_DIRECTORIES = 128;

export interface HostFileSystemOptions {
  /** A folder, or one file. Symlinks in it are followed now, once. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly maxOpenDirectories?: number;
  readonly anchoring?: Anchoring;
}

/**
 * A host folder and nothing outside it. No path of the guest's reaches the host: each component is opened from the descriptor of
 * the one before, symlinks are read and resolved in the guest's tree, `..` is answered from what we know, and only regular files
 * are opened. On other systems than Linux see `anchor.ts`. Times are set to about a microsecond; FIFOs, sockets and devices
 * cannot be made; there is no RENAME_EXCHANGE.
 */
export class HostFileSystem implements FileSystem {
  readonly name = 'hostfs';
  readonly root: HostNode;
  readonly readOnly: boolean;
  readonly anchoring: Anchoring;
  readonly anchors: AnchorCache<HostDirectory>;
  readonly #umask = process.umask();
  readonly #release: () => void;

  /** Fails as node:fs does when there is no such folder. */
  constructor(options: HostFileSystemOptions) {
    this.readOnly = options.readOnly;
    this.anchoring = options.anchoring ?? chooseAnchoring();
    const limit = options.maxOpenDirectories ?? DEFAULT_OPEN_DIRECTORIES;
    this.anchors = new AnchorCache(limit, (anchor) => this.anchoring.close(anchor));
    const anchor = this.anchoring.open(realpathSync(options.hostPath));
    const found = this.anchoring.stat(anchor);
    if (found.isDirectory()) {
      const root = new HostDirectory(this, undefined, '', found);
      this.anchors.add(root, anchor);
      this.#release = root.hold();
      this.root = root;
    } else {
      this.root = leafFor(this, undefined, '', found).holdForever(anchor);
      this.#release = () => this.anchoring.close(anchor);
    }
  }

  statfs(node: Node): StatFs {
    return (node as HostNode).withAnchor(({ path }) => onHost(() => statfsSync(path)));
  }

  requireWritable(): void {
    if (this.readOnly) fail(Errno.EROFS);
  }

  /** Lets go of every descriptor. */
  close(): void {
    this.#release();
    this.anchors.clear();
  }

  /** The host's own umask has taken bits that the guest asked for. */
  masks(mode: number): boolean {
    return (mode & this.#umask) !== 0;
  }

  /** We may give files away, and the guest's owner is not the one the host would choose. */
  handsOver({ uid, gid }: NewNode): boolean {
    return process.geteuid?.() === 0 && (uid !== 0 || gid !== process.getegid?.());
  }

  /** Gives a new directory the owner and mode it was asked to have. */
  adopt(node: Node, init: NewNode): void {
    if (this.handsOver(init)) node.change({ uid: init.uid, gid: init.gid });
    if (this.masks(init.mode)) node.change({ mode: init.mode & ~FileType.MASK });
  }
}
