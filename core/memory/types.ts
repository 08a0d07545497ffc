export interface Translation {
  readonly physical: number;
  readonly writable: boolean;
  readonly user: boolean;
  readonly executable: boolean;
  readonly pageBytes: number;
}

export type AccessKind = 'read' | 'write';

/**
 * The one way for TypeScript to touch guest memory. Every writer invalidates decoded code and consults watches.
 * Physical addresses outside RAM read as all ones and swallow writes; devices are reached through the bus.
 */
export interface GuestMemory {
  readonly ramBytes: number;
  read8(physical: number): number;
  read16(physical: number): number;
  read32(physical: number): number;
  read64(physical: number): bigint;
  /** A copy. */
  read(physical: number, length: number): Uint8Array;
  /** The bytes themselves: read only by convention, a writer must use `write`. */
  view(physical: number, length: number): Uint8Array;
  write8(physical: number, value: number): void;
  write16(physical: number, value: number): void;
  write32(physical: number, value: number): void;
  write64(physical: number, value: bigint): void;
  write(physical: number, bytes: Uint8Array): void;
  fill(physical: number, byte: number, length: number): void;
  /** Walks the four-level tables under `cr3`; sets no accessed or dirty bit. Undefined where nothing is mapped. */
  translate(linear: bigint, cr3: bigint): Translation | undefined;
  /** A user address below 2^47: its physical address, or -1. Checks user and write bits, sets accessed and dirty. */
  translateUser(linear: number, cr3: number, write: boolean): number;
  /** Copies through the page tables (`cr3` register when left out), ignoring protection. Undefined when unmapped. */
  readLinear(linear: bigint, length: number, cr3?: bigint): Uint8Array | undefined;
  /** Writes through the page tables, ignoring protection: all bytes, or none and false when part is unmapped. */
  writeLinear(linear: bigint, bytes: Uint8Array, cr3?: bigint): boolean;
  /** Tells watchpoints of an access that TypeScript makes on behalf of a linear address. */
  notifyLinearAccess(linear: bigint, length: number, kind: AccessKind): void;
}
