import type { Segment } from './types.js';

/** Attribute bits of a descriptor, shifted down so that the type begins at bit 0. */
export const Attribute = {
  accessed: 1,
  writable: 2,
  readable: 2,
  conforming: 4,
  expandDown: 4,
  code: 8,
  notSystem: 0x10,
  dpl: 0x60,
  present: 0x80,
  long: 0x2000,
  default32: 0x4000,
  granularity: 0x8000,
} as const;

export const KERNEL_CODE = 0xa09b;
export const KERNEL_DATA = 0xc093;
export const USER_CODE = 0xa0fb;
export const USER_DATA = 0xc0f3;
export const TSS_BUSY = 0x008b;
/** VMX's mark for a segment register that holds the null selector. */
export const UNUSABLE = 0x1_0000;

export const dplOf = (attributes: number) => (attributes >> 5) & 3;

const DATA_KIND =
  Attribute.notSystem | Attribute.code | Attribute.expandDown | Attribute.writable | Attribute.present;
const FLAT_DATA = Attribute.notSystem | Attribute.writable | Attribute.present;

/** All of 4 GiB from address 0 on. */
const isWhole = ({ base, limit }: Segment) => base === 0n && limit === 0xffff_ffff;

export const isFlatCode = (segment: Segment) => isWhole(segment);

/** No access through it can fail. */
export const isFlatData = (segment: Segment) =>
  isWhole(segment) && (segment.attributes & DATA_KIND) === FLAT_DATA;

/** Whether a segment allows an access to bytes at an offset (manual volume 3, 5.3 and 5.5). */
export function allowsAccess(segment: Segment, offset: number, bytes: number, writes: boolean): boolean {
  const { attributes, limit } = segment;
  if (attributes & UNUSABLE || (attributes & Attribute.present) === 0) return false;
  const isCode = (attributes & Attribute.code) !== 0;
  const allowed = isCode
    ? !writes && attributes & Attribute.readable
    : !writes || attributes & Attribute.writable;
  if (!allowed) return false;
  const last = offset + bytes - 1;
  if (isCode || (attributes & Attribute.expandDown) === 0) return last <= limit || limit === 0xffff_ffff;
  return offset > limit && last <= (attributes & Attribute.default32 ? 0xffff_ffff : 0xffff);
}
