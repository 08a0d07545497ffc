import type { Registers, SegmentName } from '../cpu/types.js';

const CODE = { selector: 0x08, base: 0n, limit: 0xffff_ffff, attributes: 0xc09b };
const DATA = { selector: 0x10, base: 0n, limit: 0xffff_ffff, attributes: 0xc093 };
const TASK = { selector: 0, base: 0n, limit: 0x67, attributes: 0x8b };
const PROTECTION = 0x11n; // ET PE

/** 32-bit protected mode as boot loaders leave it: ring 0, paging off, flat segments, interrupts off, tables to be set up. */
export function enterProtectedMode(registers: Registers, entry: number): void {
  for (let i = 0; i < 16; i++) registers.set(i, 0n);
  registers.efer = 0n;
  registers.cr4 = 0n;
  registers.cr3 = 0n;
  registers.cr0 = PROTECTION;
  registers.setSegment('cs', CODE);
  for (const name of ['ds', 'es', 'ss', 'fs', 'gs'] satisfies SegmentName[]) registers.setSegment(name, DATA);
  registers.setSegment('tr', TASK);
  registers.setSegment('ldtr', { selector: 0, base: 0n, limit: 0, attributes: 0x82 });
  registers.gdtr = { base: 0n, limit: 0 };
  registers.idtr = { base: 0n, limit: 0 };
  registers.cpl = 0;
  registers.rflags = 2n;
  registers.rip = BigInt(entry);
}
