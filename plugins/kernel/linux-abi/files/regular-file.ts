import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, UserBuffer } from '../../files/description.js';
import type { AddressSpace } from '../../memory/address-space.js';
import { pageCeil } from '../../memory/frames.js';
import type { Grant } from '../../memory/grant.js';
import type { MemoryObject } from '../../memory/memory-object.js';
import type { LinuxSystem } from '../system.js';
import { FileType } from '../vfs/flags.js';
import type { Location } from '../vfs/location.js';
import { locationText } from '../vfs/procfs/process-files.js';
import { SharedHandle } from './mapped-files.js';
import { orErrno } from '../vfs/failure.js';
import type { AttributeChange, FileHandle, Stat } from '../vfs/types.js';
import type { Mappable } from './mappable.js';
import type { OpenFile, WriteMode } from './open-file.js';

/** A regular file or simple device of the VFS. */
export class RegularFile implements OpenFile {
  readonly seekable: boolean;

  readonly #shared: SharedHandle;

  constructor(
    private readonly system: LinuxSystem,
    readonly location: Location,
    private readonly handle: FileHandle,
    private readonly access: { readonly reads: boolean; readonly writes: boolean },
  ) {
    this.seekable = handle.seekable;
    this.#shared = new SharedHandle(handle);
  }

  read(_caller: Caller, into: UserBuffer, position: number): Outcome {
    const bytes = new Uint8Array(into.length);
    const start = Math.max(0, position);
    const count = this.handle.read(bytes, start);
    const read = bytes.subarray(0, count);
    this.#mapped?.overlay(start, read);
    return into.write(read);
  }

  write(_caller: Caller, from: UserBuffer, position: number, { append }: WriteMode): Outcome {
    const bytes = from.read();
    const end = append ? this.handle.stat().size : Math.max(0, position);
    const count = append ? this.handle.append(bytes) : this.handle.write(bytes, end);
    this.#mapped?.refresh(end, bytes.subarray(0, count));
    return count;
  }

  stat(): Stat {
    return this.handle.stat();
  }

  change(change: AttributeChange): void {
    this.handle.change(change);
    const object = change.size === undefined ? undefined : this.#mapped;
    if (object && change.size !== undefined) cutMappings(this.system, object, change.size);
  }

  sync(dataOnly: boolean): void {
    this.#mapped?.sync();
    this.handle.sync(dataOnly);
  }

  ioctl(): Outcome {
    return -Errno.ENOTTY;
  }

  mappable(_context: Context): Mappable | undefined {
    if (this.location.node.type !== FileType.REGULAR) return undefined;
    const label = orErrno(() => locationText(this.location));
    return {
      label: typeof label === 'string' ? label : '(deleted)',
      readable: this.access.reads,
      writable: this.access.writes,
      object: (writes) => this.system.mapped.open(this.#shared, writes),
    };
  }

  /** A mapping may outlive the descriptor; what it has written is to be seen outside now. */
  close(): void {
    this.#mapped?.sync();
    this.#shared.release();
  }

  /** The pages of this file, where it is mapped by anybody. */
  get #mapped(): MemoryObject | undefined {
    return this.seekable ? this.system.mapped.of(this.handle) : undefined;
  }
}

/** The file has another size: pages behind its end are taken from everybody who maps it. */
function cutMappings({ table }: LinuxSystem, object: MemoryObject, sizeBytes: number): void {
  object.resize(sizeBytes);
  const spaces = new Set(
    [...table.processes.values()].flatMap(({ threads }) => [...threads.values()]).map(({ space }) => space),
  );
  for (const space of spaces)
    for (const grant of space?.grants ?? []) cutGrant(space, grant, object, sizeBytes);
}

function cutGrant(
  space: AddressSpace | undefined,
  { start, end, backing }: Grant,
  object: MemoryObject,
  sizeBytes: number,
): void {
  if (backing.kind !== 'object' || backing.object !== object) return;
  const from = Math.max(start, start + pageCeil(sizeBytes) - backing.offset);
  if (from < end) space?.dropPages(from, end);
}
