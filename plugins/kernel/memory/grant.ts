import type { MemoryObject } from './memory-object.js';

/** What a range of an address space shows (Redox: grant; elsewhere: VMA). Addresses in bytes, page aligned. */
export interface Grant {
  readonly start: number;
  readonly end: number;
  readonly write: boolean;
  readonly execute: boolean;
  /** Linux honours PROT_NONE; Redox on x86-64 lets every grant be read. */
  readonly read: boolean;
  readonly backing: Backing;
  /** What maps and smaps call it: a path, `[stack]`, `[heap]`. */
  readonly label?: string | undefined;
}

export type Backing =
  /** Zeroes until touched; copied on write after a fork. */
  | { readonly kind: 'anonymous' }
  /** Pages of an object: shared, or copied on the first write. `offset` belongs to the grant's start. */
  | {
      readonly kind: 'object';
      readonly object: MemoryObject;
      readonly offset: number;
      readonly shared: boolean;
    }
  /** Physical memory outside the allocator: never counted, never copied. */
  | { readonly kind: 'physical'; readonly physical: number };

/** The part of a grant inside [start, end), its backing moved accordingly. */
export function slice(grant: Grant, start: number, end: number): Grant {
  const moved = start - grant.start;
  return { ...grant, start, end, backing: moveBacking(grant.backing, moved) };
}

function moveBacking(backing: Backing, bytes: number): Backing {
  if (backing.kind === 'object') return { ...backing, offset: backing.offset + bytes };
  if (backing.kind === 'physical') return { ...backing, physical: backing.physical + bytes };
  return backing;
}

export function retainBacking(backing: Backing): void {
  if (backing.kind === 'object') backing.object.retain();
}

export function releaseBacking(backing: Backing): void {
  if (backing.kind === 'object') backing.object.release();
}
