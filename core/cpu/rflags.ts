import { State } from './layout.js';
import type { CpuState } from './state.js';

/** Bits of rflags (manual volume 1, 3.4.3). */
export const Flag = {
  CF: 1,
  PF: 4,
  AF: 0x10,
  ZF: 0x40,
  SF: 0x80,
  TF: 0x100,
  IF: 0x200,
  DF: 0x400,
  OF: 0x800,
  IOPL: 0x3000,
  NT: 0x4000,
  RF: 0x1_0000,
  VM: 0x2_0000,
  AC: 0x4_0000,
  VIF: 0x8_0000,
  VIP: 0x10_0000,
  ID: 0x20_0000,
} as const;

export const STATUS_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;
/** Everything that is not a status flag, reserved bits excluded. */
export const SYSTEM_FLAGS = Flag.TF | Flag.IF | Flag.DF | Flag.IOPL | Flag.NT | Flag.RF | Flag.AC | Flag.ID;

/** The whole of rflags, put together from the lazy parts. */
export function readFlags(state: CpuState): number {
  const [zeroAt, signAt, carryAt] = [State.zeroResult >> 2, State.signResult >> 2, State.carries >> 2];
  const { i32 } = state;
  const carryHigh = i32[carryAt + 1]!;
  let flags = 2 | state.get32(State.systemFlags);
  if (carryHigh < 0) flags |= Flag.CF;
  if ((carryHigh ^ (carryHigh << 1)) < 0) flags |= Flag.OF;
  if (i32[carryAt]! & 8) flags |= Flag.AF;
  if ((i32[zeroAt]! | i32[zeroAt + 1]!) === 0) flags |= Flag.ZF;
  if (i32[signAt + 1]! < 0) flags |= Flag.SF;
  if (evenParity(i32[signAt]! & 0xff)) flags |= Flag.PF;
  return flags;
}

export function writeFlags(state: CpuState, flags: number): void {
  const { i32 } = state;
  i32[State.zeroResult >> 2] = flags & Flag.ZF ? 0 : 1;
  i32[(State.zeroResult >> 2) + 1] = 0;
  i32[State.signResult >> 2] = flags & Flag.PF ? 0 : 1;
  i32[(State.signResult >> 2) + 1] = flags & Flag.SF ? 1 << 31 : 0;
  const carry = flags & Flag.CF ? 1 : 0;
  const overflow = flags & Flag.OF ? 1 : 0;
  i32[State.carries >> 2] = flags & Flag.AF ? 8 : 0;
  i32[(State.carries >> 2) + 1] = (carry << 31) | ((carry ^ overflow) << 30);
  state.set32(State.systemFlags, flags & SYSTEM_FLAGS);
}

function evenParity(byte: number): boolean {
  const folded = byte ^ (byte >> 4);
  return ((0x6996 >> (folded & 15)) & 1) === 0;
}
