import { Errno } from '../../../core/abi/errno.js';
import { MapFlag, MremapFlag, NO_FD, Protection } from '../../../core/abi/flags.js';
import { MapRequest } from '../../../core/abi/structs.js';
import type { Context } from '../contexts/context.js';
import type { Handler } from '../gate/abi.js';
import { noDescriptor } from '../kernel.js';
import type { Kernel } from '../kernel.js';
import { USER_END } from '../memory/address-space.js';
import type { AddressSpace } from '../memory/address-space.js';
import type { Backing } from '../memory/grant.js';
import { PAGE_BYTES, pageCeil } from '../memory/frames.js';

const aligned = (address: number) => address % PAGE_BYTES === 0;

export const fmap: Handler = (kernel, context, fd, pointer, length) => {
  if (!(length >= MapRequest.sizeBytes)) return -Errno.EINVAL;
  const { offset, size, flags, address } = MapRequest.decode(
    context.user.read(pointer, MapRequest.sizeBytes),
  );
  const { space } = context;
  if (!space) return -Errno.EINVAL;
  const request = { offset, size, flags, hint: address, space };
  if (fd === NO_FD) return mapAnonymous(kernel, request);
  const file = kernel.file(context, fd);
  if (!file) return noDescriptor;
  if (!(size > 0) || !aligned(offset)) return -Errno.EINVAL;
  return file.provider.fmap?.({ kernel, context }, file, request) ?? -Errno.EOPNOTSUPP;
};

export interface Placement {
  readonly size: number;
  readonly flags: number;
  readonly hint: number;
  readonly space: AddressSpace;
}

export function mapAnonymous(kernel: Kernel, request: Placement): number {
  const shared = (request.flags & MapFlag.SHARED) !== 0;
  return place(request, () =>
    shared
      ? { kind: 'object', object: kernel.createObject(pageCeil(request.size)), offset: 0, shared: true }
      : { kind: 'anonymous' },
  );
}

/** Finds room as the flags say and inserts the grant: the address, or a negated errno. */
export function place({ size, flags, hint, space }: Placement, backing: () => Backing): number {
  const bytes = pageCeil(size);
  if (!(size > 0) || !Number.isSafeInteger(bytes)) return -Errno.EINVAL;
  const start = chooseStart(space, bytes, flags, hint);
  if (start < 0) return start;
  space.insert({
    start,
    end: start + bytes,
    read: true,
    write: (flags & Protection.WRITE) !== 0,
    execute: (flags & Protection.EXEC) !== 0,
    backing: backing(),
  });
  return start;
}

function chooseStart(space: AddressSpace, bytes: number, flags: number, hint: number): number {
  if (!(flags & MapFlag.FIXED)) return space.findHole(bytes) ?? -Errno.ENOMEM;
  if (!aligned(hint) || !(hint >= space.mmapMin) || hint + bytes > USER_END) return -Errno.EINVAL;
  const keep = (flags & MapFlag.FIXED_NOREPLACE) === MapFlag.FIXED_NOREPLACE;
  if (keep && space.overlaps(hint, hint + bytes)) return -Errno.EEXIST;
  space.unmap(hint, hint + bytes);
  return hint;
}

export const funmap: Handler = (_kernel, context, address, length) => {
  const range = rangeOf(context, address, length);
  if (!range) return -Errno.EINVAL;
  range.space.unmap(address, range.end);
  return 0;
};

export const mprotect: Handler = (_kernel, context, address, length, protection) => {
  const range = rangeOf(context, address, length);
  if (!range) return -Errno.EINVAL;
  const write = (protection & Protection.WRITE) !== 0;
  const execute = (protection & Protection.EXEC) !== 0;
  range.space.protect(address, range.end, { read: true, write, execute });
  return 0;
};

export const mremap: Handler = (_kernel, context, from, fromSize, to, toSize, flags) => {
  const { space } = context;
  const whole = [from, fromSize, to, toSize].every((value) => value >= 0 && aligned(value));
  if (!space || !whole || fromSize === 0 || toSize === 0) return -Errno.EINVAL;
  if (flags & MremapFlag.KEEP_OLD) return -Errno.EOPNOTSUPP;
  const start = moveTarget(space, from, fromSize, to, toSize, flags);
  if (start < 0) return start;
  return moveGrant(space, from, fromSize, start, toSize);
};

function moveTarget(
  space: AddressSpace,
  from: number,
  fromSize: number,
  to: number,
  toSize: number,
  flags: number,
): number {
  if (!(flags & MremapFlag.FIXED)) return space.findHole(toSize) ?? -Errno.ENOMEM;
  if (to < from + fromSize && from < to + toSize) return -Errno.EBUSY;
  if (to + toSize > USER_END) return -Errno.EINVAL;
  const replace = (flags & MremapFlag.FIXED_REPLACE) === MremapFlag.FIXED_REPLACE;
  if (!replace && space.overlaps(to, to + toSize)) return -Errno.EEXIST;
  space.unmap(to, to + toSize);
  return to;
}

/** Moves the one grant at `from`; growth is zeroes, what is cut off goes away. */
function moveGrant(space: AddressSpace, from: number, fromSize: number, to: number, toSize: number): number {
  const grant = space.find(from);
  if (!grant || grant.end < from + fromSize) return -Errno.EFAULT;
  if (grant.backing.kind === 'physical') return -Errno.EBUSY;
  space.move(from, Math.min(fromSize, toSize), to, toSize);
  space.unmap(from, from + fromSize);
  return to;
}

function rangeOf(
  context: Context,
  address: number,
  length: number,
): { space: AddressSpace; end: number } | undefined {
  const { space } = context;
  if (!space || !aligned(address) || !(address >= 0) || !(length > 0)) return undefined;
  const end = address + pageCeil(length);
  return end <= USER_END ? { space, end } : undefined;
}
