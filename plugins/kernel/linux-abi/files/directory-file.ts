import { Errno } from '../../../../core/abi/errno.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { DirectoryHandle } from '../vfs/directory-handle.js';
import { isDirectory } from '../vfs/location.js';
import type { Location } from '../vfs/location.js';
import type { AttributeChange, Stat } from '../vfs/types.js';
import type { OpenFile } from './open-file.js';

export class DirectoryFile implements OpenFile {
  readonly seekable = true;

  constructor(
    readonly location: Location,
    readonly handle: DirectoryHandle,
  ) {}

  get isRemoved(): boolean {
    return isDirectory(this.location.node) && this.location.node.removed;
  }

  read(): Outcome {
    return -Errno.EISDIR;
  }

  stat(): Stat {
    return this.location.node.stat();
  }

  change(change: AttributeChange): void {
    this.location.node.change(change);
  }

  sync(): void {}

  close(): void {
    this.handle.close();
  }
}

/** O_PATH: a place and nothing else. */
export class PathFile implements OpenFile {
  readonly seekable = false;

  constructor(
    readonly location: Location,
    private readonly release: () => void,
  ) {}

  stat(): Stat {
    return this.location.node.stat();
  }

  close(): void {
    this.release();
  }
}
