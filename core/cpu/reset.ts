import { State } from './layout.js';
import { writeFlags } from './rflags.js';
import { KERNEL_CODE, KERNEL_DATA, TSS_BUSY } from './segments.js';
import type { CpuState } from './state.js';
import type { SegmentName } from './types.js';

const CR0 = 0x8001_0033n; // PG WP NE ET MP PE
const CR4 = 0x6a0n; // PAE PGE OSFXSR OSXMMEXCPT
const EFER = 0xd01n; // SCE LME LMA NXE

/** Straight into 64-bit mode, ring 0, flat segments, empty tables: what a loader wants to start from. */
export function powerOn(state: CpuState): void {
  state.clear();
  state.set64(State.cr0, CR0);
  state.set64(State.cr4, CR4);
  state.set64(State.efer, EFER);
  state.setSegment('cs', { selector: 8, base: 0n, limit: 0xffff_ffff, attributes: KERNEL_CODE });
  for (const name of ['ss', 'ds', 'es', 'fs', 'gs'] satisfies SegmentName[]) {
    state.setSegment(name, { selector: 0x10, base: 0n, limit: 0xffff_ffff, attributes: KERNEL_DATA });
  }
  state.setSegment('tr', { selector: 0, base: 0n, limit: 0xffff, attributes: TSS_BUSY });
  state.setSegment('ldtr', { selector: 0, base: 0n, limit: 0, attributes: 0x82 });
  writeFlags(state, 2);
  state.set32(State.mxcsr, 0x1f80);
  state.set32(State.fcw, 0x37f);
  state.set32(State.xcr0, 1);
  // The page attribute table is not built; its reset value is what rdmsr shows.
  state.set64(State.dr + 6 * 8, 0xffff_0ff0n);
  state.set64(State.dr + 7 * 8, 0x400n);
}
