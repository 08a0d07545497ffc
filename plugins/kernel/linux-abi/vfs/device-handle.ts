import { Errno } from '../../../../core/abi/errno.js';
import { fail } from './failure.js';
import type { AttributeChange, FileHandle, Node, Stat } from './types.js';

export interface DeviceBehaviour {
  /** Bytes read; without it, end of file. */
  read?(into: Uint8Array): number;
  /** Bytes taken; without it, all of them vanish. */
  write?(from: Uint8Array): number;
}

/** A device that never waits. */
export class DeviceHandle implements FileHandle {
  readonly kind = 'file';
  readonly seekable = false;

  constructor(
    private readonly node: Node,
    private readonly behaviour: DeviceBehaviour,
  ) {}

  read(into: Uint8Array): number {
    return this.behaviour.read?.(into) ?? 0;
  }

  write(from: Uint8Array): number {
    return this.behaviour.write?.(from) ?? from.length;
  }

  append(from: Uint8Array): number {
    return this.write(from);
  }

  stat(): Stat {
    return this.node.stat();
  }

  change(change: AttributeChange): void {
    if (change.size !== undefined) fail(Errno.EINVAL);
    this.node.change(change);
  }

  sync(): void {
    fail(Errno.EINVAL);
  }

  close(): void {
    // Nothing is held.
  }
}
