import { Errno } from '../../../../core/abi/errno.js';
import { GrantFlag, NO_FD, Protection } from '../../../../core/abi/flags.js';
import { AddrspaceDup, AddrspaceOp } from '../../../../core/abi/kernel-schemes.js';
import { GrantDesc } from '../../../../core/abi/structs.js';
import { decodeWords } from '../../../../core/abi/wire.js';
import type { Outcome } from '../../contexts/outcome.js';
import type { Caller, MapRequest, Opened, UserBuffer } from '../../files/description.js';
import type { Kernel } from '../../kernel.js';
import { USER_END } from '../../memory/address-space.js';
import type { AddressSpace } from '../../memory/address-space.js';
import type { Grant } from '../../memory/grant.js';
import { PAGE_BYTES, pageCeil } from '../../memory/frames.js';
import { mapAnonymous, place } from '../../syscalls/memory.js';
import { MmapMinimum } from './mmap-minimum.js';
import type { ProcFiles, ProcHandle } from './proc-handle.js';

const MAX_DESCS = 16;

/** An address space: its grants to read, commands to write. */
export class AddressSpaceHandle implements ProcHandle {
  readonly positioned = true;

  constructor(
    readonly space: AddressSpace,
    private readonly files: ProcFiles,
  ) {}

  dup({ kernel }: Caller, name: string): Opened {
    if (name === AddrspaceDup.EMPTY)
      return this.files.open(new AddressSpaceHandle(kernel.createSpace(), this.files));
    if (name === AddrspaceDup.EXCLUSIVE)
      return this.files.open(new AddressSpaceHandle(this.space.fork(), this.files));
    if (name === 'mmap-min-addr') return this.files.open(new MmapMinimum(this.space));
    return name.startsWith('grant-fd-') ? -Errno.EBADF : -Errno.EINVAL;
  }

  read(_caller: Caller, into: UserBuffer, offset: number): Outcome {
    const first = Math.floor(Math.max(0, offset) / GrantDesc.sizeBytes);
    const room = Math.min(MAX_DESCS, Math.floor(into.length / GrantDesc.sizeBytes));
    const grants = this.space.grants.slice(first, first + room);
    return into.write(Buffer.concat(grants.map(describe)));
  }

  write(caller: Caller, from: UserBuffer): Outcome {
    const [op = -1, ...words] = decodeWords(from.read(48));
    const commands: Record<number, () => Outcome> = {
      [AddrspaceOp.MMAP]: () => this.#map(caller, words),
      [AddrspaceOp.TRANSFER]: () => (words[0] === NO_FD ? -Errno.EOPNOTSUPP : this.#map(caller, words)),
      [AddrspaceOp.MUNMAP]: () => this.#unmap(words),
      [AddrspaceOp.MPROTECT]: () => this.#protect(words),
    };
    return commands[op]?.() ?? -Errno.EINVAL;
  }

  /** Shows a part of this space in the caller's: `offset` is the source address. The pages become shared. */
  fmap({ kernel }: Caller, request: MapRequest): Outcome {
    if (request.space === this.space) return -Errno.EBUSY;
    return shareInto(kernel, this.space, request);
  }

  close(): void {
    this.space.release();
  }

  #map({ kernel, context }: Caller, words: readonly number[]): Outcome {
    const [fd = NO_FD, offset = 0, hint = 0, size = 0, flags = 0] = words;
    const request = { offset, hint, size, flags, space: this.space };
    if (fd === NO_FD) return mapAnonymous(kernel, request);
    const file = context.files?.get(fd);
    if (!file) return -Errno.EBADF;
    return file.provider.fmap?.({ kernel, context }, file, request) ?? -Errno.EOPNOTSUPP;
  }

  #unmap([address = -1, size = 0]: readonly number[]): Outcome {
    if (!validRange(address, size)) return -Errno.EINVAL;
    this.space.unmap(address, address + pageCeil(size));
    return 24;
  }

  #protect([address = -1, size = 0, flags = 0]: readonly number[]): Outcome {
    if (!validRange(address, size)) return -Errno.EINVAL;
    const write = (flags & Protection.WRITE) !== 0;
    const execute = (flags & Protection.EXEC) !== 0;
    this.space.protect(address, address + pageCeil(size), { read: true, write, execute });
    return 32;
  }
}

const validRange = (address: number, size: number) =>
  address >= 0 && address % PAGE_BYTES === 0 && size > 0 && address + pageCeil(size) <= USER_END;

function describe({ start, end, write, execute, backing }: Grant): Uint8Array {
  const shared = backing.kind === 'physical' || (backing.kind === 'object' && backing.shared);
  const flags =
    GrantFlag.READ |
    (write ? GrantFlag.WRITE : 0) |
    (execute ? GrantFlag.EXEC : 0) |
    (shared ? GrantFlag.SHARED : 0) |
    (backing.kind === 'physical' ? GrantFlag.PHYS : 0);
  return GrantDesc.encode({ base: start, size: end - start, flags, offset: -1 });
}

/** Turns the source range into a memory object that both sides map shared. */
function shareInto(kernel: Kernel, source: AddressSpace, request: MapRequest): number {
  const { offset, size } = request;
  if (!validRange(offset, size)) return -Errno.EINVAL;
  const object = kernel.createObject(pageCeil(size));
  if (!source.share(offset, offset + pageCeil(size), object)) return -Errno.EFAULT;
  return place(request, () => ({ kind: 'object', object, offset: 0, shared: true }));
}
