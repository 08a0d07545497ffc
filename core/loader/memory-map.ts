export interface MemoryRange {
  readonly base: number;
  readonly length: number;
  /** As ACPI and E820 count: 1 usable, 2 reserved. */
  readonly type: 1 | 2;
}

const CONVENTIONAL_END = 0x9_fc00;
const MIB = 0x10_0000;

/** What a PC's firmware would say about this much memory. */
export const memoryMap = (ramBytes: number): MemoryRange[] => [
  { base: 0, length: CONVENTIONAL_END, type: 1 },
  { base: CONVENTIONAL_END, length: MIB - CONVENTIONAL_END, type: 2 },
  { base: MIB, length: ramBytes - MIB, type: 1 },
];

export const CONVENTIONAL_KIB = CONVENTIONAL_END / 1024;
