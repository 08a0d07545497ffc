import { Errno } from '../../../../core/abi/errno.js';
import { MapFlag, Mode, Open, StdFsCall } from '../../../../core/abi/flags.js';
import { SchemeId } from '../../../../core/abi/kernel-schemes.js';
import { MEMORY_OBJECT_PATH } from '../../../../core/abi/scheme-protocol.js';
import { Stat, StatVfs } from '../../../../core/abi/structs.js';
import type { Outcome } from '../../contexts/outcome.js';
import { Description } from '../../files/description.js';
import type { Caller, MapRequest, Opened, Provider, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { PAGE_BYTES, pageCeil } from '../../memory/frames.js';
import type { MemoryObject } from '../../memory/memory-object.js';
import { mapAnonymous, place } from '../../syscalls/memory.js';
import type { ObjectHolder } from './objects.js';

const MAX_PATH = 64;
const PHYSICAL_END = 2 ** 52;
/** Handle numbers below this are fixed kinds; objects count up from here. */
const FIRST_OBJECT = 0x1_0000_0000;

const Kind = { ZEROED: 0, PHYSICAL: 1, TRANSLATION: 2, ROOT: -1 } as const;

/** `/scheme/memory`: anonymous memory, physical windows, translation, and memory objects. */
export class MemoryScheme implements Provider, ObjectHolder {
  readonly id = SchemeId.MEMORY;
  readonly name = 'memory';
  readonly #objects = new Map<number, MemoryObject>();
  #nextObject = FIRST_OBJECT;

  constructor(private readonly kernel: Kernel) {}

  root(): Description {
    return new Description(this, Kind.ROOT, Open.RDWR, false);
  }

  /** Makes an open file of an object; takes over the reference. */
  wrap(object: MemoryObject): Description {
    const number = this.#nextObject++;
    this.#objects.set(number, object);
    return new Description(this, number, Open.RDWR, true);
  }

  objectAt(number: number): MemoryObject | undefined {
    return this.#objects.get(number);
  }

  openat({ context }: Caller, directory: Description, path: string, flags: number): Opened {
    if (directory.number !== Kind.ROOT) return -Errno.EACCES;
    if (path.length > MAX_PATH) return -Errno.ENOENT;
    if (path === 'scheme-root') return this.root();
    if (path === MEMORY_OBJECT_PATH) return this.wrap(this.kernel.createObject());
    const kind = kindOf(path);
    if (kind === undefined) return -Errno.ENOENT;
    if (kind !== Kind.ZEROED && context.attributes.euid !== 0) return -Errno.EACCES;
    return new Description(this, kind, flags, false);
  }

  read(_caller: Caller, file: Description, into: UserBuffer, offset: number): Outcome {
    const object = this.objectAt(file.number);
    if (!object) return -Errno.EBADF;
    return offset < 0 ? -Errno.EINVAL : into.write(object.read(offset, into.length));
  }

  write(_caller: Caller, file: Description, from: UserBuffer, offset: number): Outcome {
    const object = this.objectAt(file.number);
    if (!object) return -Errno.EBADF;
    if (!(offset >= 0)) return -Errno.EINVAL;
    const bytes = from.read();
    object.write(offset, bytes);
    return bytes.length;
  }

  fsize(_caller: Caller, file: Description): Outcome {
    return this.objectAt(file.number)?.sizeBytes ?? -Errno.ESPIPE;
  }

  fstat(_caller: Caller, file: Description, into: UserBuffer): Outcome {
    const size = this.objectAt(file.number)?.sizeBytes;
    if (size === undefined) return -Errno.EBADF;
    const blocks = Math.ceil(size / 512);
    into.write(Stat.encode({ mode: Mode.FILE | 0o600, nlink: 1, size, blksize: PAGE_BYTES, blocks }));
    return 0;
  }

  fpath(_caller: Caller, _file: Description, into: UserBuffer): Outcome {
    return into.write(Buffer.from('/scheme/memory/'));
  }

  stdFs(
    caller: Caller,
    file: Description,
    payload: UserBuffer,
    [kind = 0, argument = 0]: readonly number[],
  ): Outcome {
    if ((kind & 0xff) === StdFsCall.FSTATVFS) return this.#statvfs(payload);
    if ((kind & 0xff) === StdFsCall.FSTAT) return this.fstat(caller, file, payload);
    const object = this.objectAt(file.number);
    if ((kind & 0xff) !== StdFsCall.FTRUNCATE || !object) return -Errno.EBADF;
    if (!(argument >= 0)) return -Errno.EINVAL;
    object.resize(argument);
    return 0;
  }

  fmap(_caller: Caller, file: Description, request: MapRequest): Outcome {
    const object = this.objectAt(file.number);
    const shared = (request.flags & MapFlag.SHARED) !== 0;
    if (object) {
      return place(request, () => ({
        kind: 'object',
        object: object.retain(),
        offset: request.offset,
        shared,
      }));
    }
    if (file.number === Kind.PHYSICAL) return this.#mapPhysical(request);
    return file.number === Kind.ZEROED ? mapAnonymous(this.kernel, request) : -Errno.EOPNOTSUPP;
  }

  call({ context }: Caller, file: Description, payload: UserBuffer): Outcome {
    if (file.number !== Kind.TRANSLATION) return -Errno.EOPNOTSUPP;
    const virtual = new DataView(payload.read(8).slice().buffer).getBigUint64(0, true);
    const root = BigInt(context.space?.table.root ?? this.kernel.kernelMap.root);
    const found = virtual < 2n ** 47n ? this.kernel.memory.translate(virtual, root) : undefined;
    if (!found) return -Errno.ENOENT;
    const answer = new Uint8Array(8);
    new DataView(answer.buffer).setBigUint64(0, BigInt(found.physical), true);
    payload.write(answer);
    return 0;
  }

  close(_kernel: Kernel, file: Description): void {
    this.objectAt(file.number)?.release();
    this.#objects.delete(file.number);
  }

  #mapPhysical(request: MapRequest): Outcome {
    const { offset, size } = request;
    if (offset % PAGE_BYTES !== 0 || size % PAGE_BYTES !== 0 || !(offset + size <= PHYSICAL_END))
      return -Errno.EINVAL;
    if (offset < this.kernel.memory.ramBytes) return -Errno.EPERM;
    // Page tables of this kernel hold 32-bit frames; no device of the machine lies higher.
    if (offset + pageCeil(size) > 2 ** 32) return -Errno.EINVAL;
    return place({ ...request, hint: 0 }, () => ({ kind: 'physical', physical: offset }));
  }

  #statvfs(payload: UserBuffer): Outcome {
    const { freeFrames, usedFrames } = this.kernel.frames;
    const blocks = freeFrames + usedFrames;
    payload.write(StatVfs.encode({ bsize: PAGE_BYTES, blocks, bfree: freeFrames, bavail: freeFrames }));
    return 0;
  }
}

/** `[TYPE][@CACHE][?FLAGS]`; caching has no effect on this machine, contiguous memory is not built. */
function kindOf(path: string): number | undefined {
  const match = /^([^@?]*)(?:@(wb|wc|uc|dev)?)?$/.exec(path);
  const kinds: Record<string, number> = {
    '': Kind.ZEROED,
    zeroed: Kind.ZEROED,
    physical: Kind.PHYSICAL,
    translation: Kind.TRANSLATION,
  };
  return match ? kinds[match[1] ?? ''] : undefined;
}
