/** As the Intel 8254 datasheet names them. */
export const PIT_HZ = 1_193_182;
export const TICK_NS = 1e9 / PIT_HZ;

/** Where a PC has the chip. Port 61h belongs to the system board: the speaker's share of it is here. */
export const PcPorts = { COUNTERS: 0x40, CONTROL_WORD: 0x43, SYSTEM_CONTROL: 0x61 } as const;
export const CONTROL_WORD = 3;

/** Control word: SC1..0, RW1..0, M2..0, BCD. */
export const Control = { SC_SHIFT: 6, RW_SHIFT: 4, M_SHIFT: 1, BCD: 1 << 0 } as const;
export const READ_BACK = 3;
/** RW: 0 latches the count instead. */
export const Rw = { LATCH: 0, LSB: 1, MSB: 2, LSB_MSB: 3 } as const;
/** Read-back command: the latch bits are active low, and bit n + 1 selects counter n. */
export const ReadBack = { NO_COUNT: 1 << 5, NO_STATUS: 1 << 4 } as const;
export const Status = { OUTPUT: 1 << 7, NULL_COUNT: 1 << 6 } as const;

/** Port 61h, 82371SB datasheet. */
export const Nmisc = {
  TIMER2_GATE: 1 << 0,
  SPEAKER_DATA: 1 << 1,
  WRITABLE: 0x0f,
  REFRESH: 1 << 4,
  TIMER2_OUT: 1 << 5,
} as const;
/** The refresh request toggles at this period. */
export const REFRESH_NS = 15_085;
