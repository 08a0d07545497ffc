import type { Claim } from '../lifecycle/claims.js';

/** Registers of one byte each; a wider access is split, lowest address first. */
export interface ByteRegisters {
  read8(offset: number): number;
  write8(offset: number, value: number): void;
}

/** Registers that know the width of an access. Offsets count from the claim's base. */
export interface WideRegisters {
  read(offset: number, sizeBytes: number): number;
  write(offset: number, sizeBytes: number, value: number): void;
}

/** An address space of bytes in which part of an access may fall to one owner and part to another. */
export interface Range {
  readonly base: number;
  readonly length: number;
}

export interface OwnedRange extends Range {
  readonly owner: string;
}

/** Who holds what, by address. */
export function ownedRanges(inForce: readonly Claim<Range, unknown>[]): OwnedRange[] {
  const owned = inForce.map(({ where, scope }) => ({ ...where, owner: scope.name }));
  return owned.sort((a, b) => a.base - b.base);
}

export const overlaps = (a: Range, b: Range): boolean =>
  a.base < b.base + b.length && b.base < a.base + a.length;

/** The first address that both hold. */
export const firstShared = (a: Range, b: Range): number => Math.max(a.base, b.base);

/** All ones, in at most 4 bytes: what a bus reads where nobody answers. */
export const floating = (sizeBytes: number): number => 0xffff_ffff >>> (32 - 8 * sizeBytes);
