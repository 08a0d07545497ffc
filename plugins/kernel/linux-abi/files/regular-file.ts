import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import { mappedObject } from '../process/open-program.js';
import type { LinuxSystem } from '../system.js';
import { FileType } from '../vfs/flags.js';
import { pathOf } from '../vfs/location.js';
import type { Location } from '../vfs/location.js';
import { orErrno } from '../vfs/failure.js';
import type { AttributeChange, FileHandle, Stat } from '../vfs/types.js';
import type { Mappable } from './mappable.js';
import type { OpenFile, WriteMode } from './open-file.js';

/** A regular file or simple device of the VFS. */
export class RegularFile implements OpenFile {
  readonly seekable: boolean;

  constructor(
    private readonly system: LinuxSystem,
    readonly location: Location,
    private readonly handle: FileHandle,
    private readonly access: { readonly reads: boolean; readonly writes: boolean },
  ) {
    this.seekable = handle.seekable;
  }

  read(_caller: Caller, into: UserBuffer, position: number): Outcome {
    into.prepare();
    const bytes = new Uint8Array(into.length);
    const count = this.handle.read(bytes, Math.max(0, position));
    return into.write(bytes.subarray(0, count));
  }

  write(_caller: Caller, from: UserBuffer, position: number, { append }: WriteMode): Outcome {
    const bytes = from.read();
    const end = append ? this.handle.stat().size : Math.max(0, position);
    const count = append ? this.handle.append(bytes) : this.handle.write(bytes, end);
    // Mappings of the file show what was written.
    this.system.mapped.get(this.location.node)?.write(end, bytes.subarray(0, count));
    return count;
  }

  stat(): Stat {
    return this.handle.stat();
  }

  change(change: AttributeChange): void {
    this.handle.change(change);
    if (change.size !== undefined) this.system.mapped.get(this.location.node)?.resize(change.size);
  }

  sync(dataOnly: boolean): void {
    this.system.mapped.get(this.location.node)?.sync();
    this.handle.sync(dataOnly);
  }

  ioctl(): Outcome {
    return -Errno.ENOTTY;
  }

  mappable(_context: Context): Mappable | undefined {
    if (this.location.node.type !== FileType.REGULAR) return undefined;
    const label = orErrno(() => pathOf(this.location));
    return {
      label: typeof label === 'string' ? label : '(deleted)',
      readable: this.access.reads,
      writable: this.access.writes,
      object: () => mappedObject(this.system, this.location.node, this.handle),
    };
  }

  close(): void {
    // A mapping may outlive the descriptor: it keeps the host's handle until the object goes.
    if (!this.system.mapped.has(this.location.node)) this.handle.close();
  }
}
