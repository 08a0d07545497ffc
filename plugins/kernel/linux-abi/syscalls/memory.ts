import { Errno } from '../../../../core/abi/errno.js';
import type { Context } from '../../contexts/context.js';
import type { Handler } from '../../gate/abi.js';
import type { Kernel } from '../../kernel.js';
import { USER_END } from '../../memory/address-space.js';
import type { AddressSpace } from '../../memory/address-space.js';
import type { Backing, Grant } from '../../memory/grant.js';
import { PAGE_BYTES, pageCeil } from '../../memory/frames.js';
import { mappableOf } from '../files/mappable.js';
import { processOf } from '../system.js';

/** asm-generic/mman.h. */
const Prot = { READ: 1, WRITE: 2, EXEC: 4 } as const;
const Map = {
  SHARED: 1,
  PRIVATE: 2,
  SHARED_VALIDATE: 3,
  TYPE: 0xf,
  FIXED: 0x10,
  ANONYMOUS: 0x20,
  BIT32: 0x40,
  FIXED_NOREPLACE: 0x10_0000,
} as const;
const Mremap = { MAYMOVE: 1, FIXED: 2, DONTUNMAP: 4 } as const;
const Madvise = { DONTNEED: 4, FREE: 8 } as const;
/** Advice that there is nothing to do about: access patterns, huge pages, core dumps, forks, merging. */
const KNOWN_ADVICE: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
]);
const MMAP_CEILING = 0x7fff_f7ff_f000;
const BIT32_END = 2 ** 31;
const MAX_HEAP_GAP = 2 ** 40;

const aligned = (address: number) => address % PAGE_BYTES === 0;
const rightsOf = (protection: number) => ({
  read: (protection & (Prot.READ | Prot.WRITE | Prot.EXEC)) !== 0,
  write: (protection & Prot.WRITE) !== 0,
  execute: (protection & Prot.EXEC) !== 0,
});

export const brk: Handler = (_kernel, context, wanted) => {
  const { image } = processOf(context);
  const { space } = context;
  if (!image || !space) return 0;
  const before = pageCeil(image.brk);
  if (!(wanted >= image.brkStart && wanted < image.brkStart + MAX_HEAP_GAP)) return image.brk;
  const after = pageCeil(wanted);
  if (after > before && space.overlaps(before, after)) return image.brk;
  if (after > before) space.insert(anonymous(before, after, Prot.READ | Prot.WRITE, '[heap]'));
  if (after < before) space.unmap(after, before);
  image.brk = wanted;
  return wanted;
};

const anonymous = (start: number, end: number, protection: number, label?: string): Grant => ({
  start,
  end,
  ...rightsOf(protection),
  backing: { kind: 'anonymous' },
  label,
});

export const mmap: Handler = (kernel, context, hint, length, protection, flags, fd, offset) => {
  const { space } = context;
  const type = flags & Map.TYPE;
  if (!space || !(length > 0) || type < Map.SHARED || type > Map.SHARED_VALIDATE) return -Errno.EINVAL;
  if (!(length <= USER_END)) return -Errno.ENOMEM;
  const shared = type !== Map.PRIVATE;
  const backing = backingOf(kernel, context, { length, flags, shared, protection, fd, offset });
  if (typeof backing === 'number') return backing;
  const start = chooseStart(space, hint, pageCeil(length), flags);
  if (start < 0) {
    if (backing.kind === 'object') backing.object.release();
    return start;
  }
  const label = flags & Map.ANONYMOUS ? undefined : mappableOf(context, fd)?.label;
  space.insert({ start, end: start + pageCeil(length), ...rightsOf(protection), backing, label });
  return start;
};

interface Wanted {
  readonly length: number;
  readonly flags: number;
  readonly shared: boolean;
  readonly protection: number;
  readonly fd: number;
  readonly offset: number;
}

function backingOf(kernel: Kernel, context: Context, wanted: Wanted): Backing | number {
  const { flags, shared, offset } = wanted;
  if (flags & Map.ANONYMOUS) {
    if (!shared) return { kind: 'anonymous' };
    return { kind: 'object', object: kernel.createObject(pageCeil(wanted.length)), offset: 0, shared: true };
  }
  if (!aligned(offset) || !(offset >= 0)) return -Errno.EINVAL;
  if (!context.files?.has(wanted.fd)) return -Errno.EBADF;
  const file = mappableOf(context, wanted.fd);
  if (!file) return -Errno.ENODEV;
  const writesThrough = shared && (wanted.protection & Prot.WRITE) !== 0;
  if (!file.readable || (writesThrough && !file.writable)) return -Errno.EACCES;
  return { kind: 'object', object: file.object(shared && file.writable), offset, shared };
}

function chooseStart(space: AddressSpace, wanted: number, bytes: number, flags: number): number {
  if (flags & (Map.FIXED | Map.FIXED_NOREPLACE)) return fixedStart(space, wanted, bytes, flags);
  const hint = wanted - (wanted % PAGE_BYTES);
  const end = hint + bytes;
  if (hint >= space.mmapMin && end <= USER_END && !space.overlaps(hint, end)) return hint;
  const ceiling = flags & Map.BIT32 ? BIT32_END : MMAP_CEILING;
  return space.findHoleDown(bytes, ceiling) ?? -Errno.ENOMEM;
}

function fixedStart(space: AddressSpace, start: number, bytes: number, flags: number): number {
  const end = start + bytes;
  if (!aligned(start)) return -Errno.EINVAL;
  if (!(start >= 0) || end > USER_END) return -Errno.ENOMEM;
  if (start < space.mmapMin) return -Errno.EPERM;
  if (flags & Map.FIXED_NOREPLACE && space.overlaps(start, end)) return -Errno.EEXIST;
  writeBack(space, start, end);
  space.unmap(start, end);
  return start;
}

export const munmap: Handler = (_kernel, context, address, length) => {
  const end = address + pageCeil(length);
  if (!context.space || !aligned(address) || !(address >= 0) || !(length > 0) || end > USER_END)
    return -Errno.EINVAL;
  writeBack(context.space, address, end);
  context.space.unmap(address, end);
  return 0;
};

export const mprotect: Handler = (_kernel, context, address, length, protection) => {
  const { space } = context;
  const end = address + pageCeil(length);
  if (!space || !aligned(address) || !(address >= 0) || !(length >= 0)) return -Errno.EINVAL;
  if (length === 0) return 0;
  if (end > USER_END || !isCovered(space, address, end)) return -Errno.ENOMEM;
  space.protect(address, end, rightsOf(protection));
  return 0;
};

function isCovered(space: AddressSpace, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const grant = space.find(at);
    if (!grant) return false;
    at = grant.end;
  }
  return true;
}

export const mremap: Handler = (_kernel, context, from, oldLength, newLength, flags, to) => {
  const { space } = context;
  const [oldBytes, newBytes] = [pageCeil(oldLength), pageCeil(newLength)];
  if (!space || !aligned(from) || !(newBytes > 0) || !(oldBytes > 0) || flags & Mremap.DONTUNMAP)
    return -Errno.EINVAL;
  const grant = space.find(from);
  if (!grant || grant.end < from + oldBytes) return -Errno.EFAULT;
  if (flags & Mremap.FIXED) return moveTo(space, from, oldBytes, newBytes, to);
  if (newBytes <= oldBytes) {
    if (newBytes < oldBytes) space.unmap(from + newBytes, from + oldBytes);
    return from;
  }
  if (growInPlace(space, grant, from, oldBytes, newBytes)) return from;
  if (!(flags & Mremap.MAYMOVE)) return -Errno.ENOMEM;
  const target = space.findHoleDown(newBytes, MMAP_CEILING);
  return target === undefined ? -Errno.ENOMEM : move(space, from, oldBytes, newBytes, target);
};

function moveTo(space: AddressSpace, from: number, oldBytes: number, newBytes: number, to: number): number {
  const overlap = to < from + oldBytes && from < to + newBytes;
  if (!aligned(to) || overlap || !(to >= space.mmapMin) || to + newBytes > USER_END) return -Errno.EINVAL;
  space.unmap(to, to + newBytes);
  return move(space, from, oldBytes, newBytes, to);
}

function move(space: AddressSpace, from: number, oldBytes: number, newBytes: number, to: number): number {
  space.move(from, Math.min(oldBytes, newBytes), to, newBytes);
  space.unmap(from, from + oldBytes);
  return to;
}

function growInPlace(
  space: AddressSpace,
  grant: Grant,
  from: number,
  oldBytes: number,
  newBytes: number,
): boolean {
  const [end, newEnd] = [from + oldBytes, from + newBytes];
  if (grant.end !== end || newEnd > MMAP_CEILING || space.overlaps(end, newEnd)) return false;
  const { backing } = grant;
  if (backing.kind === 'physical') return false;
  const grown =
    backing.kind === 'object'
      ? { ...backing, object: backing.object.retain(), offset: backing.offset + end - grant.start }
      : backing;
  space.insert({ ...grant, start: end, end: newEnd, backing: grown });
  return true;
}

export const madvise: Handler = (_kernel, context, address, length, advice) => {
  const end = address + pageCeil(length);
  if (!context.space || !aligned(address) || !(length >= 0) || end > USER_END) return -Errno.EINVAL;
  if (!isCovered(context.space, address, end)) return -Errno.ENOMEM;
  if (!KNOWN_ADVICE.has(advice)) return -Errno.EINVAL;
  if (advice === Madvise.DONTNEED || advice === Madvise.FREE) context.space.dropPages(address, end);
  return 0;
};

/** Changes of shared file mappings go back to their files. */
export const msync: Handler = (_kernel, context, address, length) => {
  const end = address + pageCeil(length);
  if (!context.space || !aligned(address) || !(length >= 0) || end > USER_END) return -Errno.EINVAL;
  if (!isCovered(context.space, address, end)) return -Errno.ENOMEM;
  writeBack(context.space, address, end);
  return 0;
};

export function writeBack(space: AddressSpace, start: number, end: number): void {
  for (const { start: from, end: to, write, backing } of space.grants) {
    if (from < end && start < to && write && backing.kind === 'object' && backing.shared)
      backing.object.sync();
  }
}

// Nothing is ever swapped out: everything is locked.
export const mlock: Handler = () => 0;
export const mlock2: Handler = () => 0;
export const munlock: Handler = () => 0;
export const mlockall: Handler = () => 0;
export const munlockall: Handler = () => 0;

export const mincore: Handler = (_kernel, context, address, length, pointer) => {
  const end = address + pageCeil(length);
  const { space } = context;
  if (!space || !aligned(address) || !(length > 0) || end > USER_END) return -Errno.EINVAL;
  if (!isCovered(space, address, end)) return -Errno.ENOMEM;
  const resident = new Uint8Array((end - address) / PAGE_BYTES);
  for (const page of space.table.present(address, end)) resident[(page - address) / PAGE_BYTES] = 1;
  context.user.write(pointer, resident);
  return 0;
};
